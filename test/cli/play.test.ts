import { chmod, readFile, watch, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';
import { aulos, jsonLines, start } from './aulos.ts';
import { type Scene, scene } from './scene.ts';

/** A scene in which `aplay` is this script. */
async function sceneWith(script: string): Promise<Scene & { env: NodeJS.ProcessEnv; url(name: string): string }> {
  const there = await scene();
  const file = path.join(there.folder, 'aplay');
  await writeFile(file, `#!/bin/sh\ncd ${there.folder}\n${script}`);
  await chmod(file, 0o755);
  return { ...there, env: { PATH: `${there.folder}:${process.env.PATH}` }, url: (name) => `${there.origin.url}/fixtures/${name}` };
}

/** Writes down what it is told and given. */
const recorder = 'echo "$*" >> starts; exec cat >> heard\n';

/** Gives the text of a file in `folder` once there is one. */
async function textOnceThere(folder: string, name: string): Promise<string> {
  const stop = new AbortController();
  const changes = watch(folder, { signal: stop.signal });
  const read = () => readFile(path.join(folder, name), 'utf8').catch(() => '');
  const first = await read();
  if (first !== '') return first;
  for await (const _ of changes) {
    const text = await read();
    if (text !== '') return text;
  }
  throw new Error('unreachable');
}

const samplesOf = (pcm: Buffer) => Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.runIf(fixtures().length > 0)('aulos play', () => {
  it('plays tracks of one format through one process without a gap, and of another through another', async () => {
    const { folder, cacheDir, env, url } = await sceneWith(recorder);
    const urls = ['halves/1.flac', 'halves/2.flac', 'mono-48k.flac'].map(url);
    const { code, stdout, stderr } = await aulos(['play', ...urls, '--player', 'aplay', '--cache-dir', cacheDir], env);
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({ code: 0, stderr: '', stdout: 'played through aplay\n' });
    const starts = await readFile(path.join(folder, 'starts'), 'utf8');
    expect(starts).toBe('-q -t raw -f S16_LE -r 48000 -c 2 -\n-q -t raw -f S16_LE -r 48000 -c 1 -\n');
    const expected = ['halves/whole.wav', 'mono-48k.wav'].map((name) => fixtureBytes(name).subarray(44));
    expect(Buffer.compare(await readFile(path.join(folder, 'heard')), Buffer.concat(expected))).toBe(0);
  });

  it('plays from a second of the first to one of the last, at a volume', async () => {
    const { folder, cacheDir, env, url } = await sceneWith(recorder);
    const args = ['--start', '0.25', '--end', '0.5', '--volume', '0.5', '--player', 'aplay', '--cache-dir', cacheDir, '--json'];
    const urls = ['halves/1.flac', 'halves/2.flac'].map(url);
    const { code, stdout } = await aulos(['play', ...urls, ...args], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual({ urls, player: 'aplay' });
    const [first, second] = ['halves/1.wav', 'halves/2.wav'].map((name) => Buffer.from(fixtureBytes(name).subarray(44)));
    const expected = samplesOf(Buffer.concat([first.subarray(12_000 * 4), second.subarray(0, 24_000 * 4)]));
    const heard = samplesOf(await readFile(path.join(folder, 'heard')));
    expect(heard.length).toBe(expected.length);
    expect(heard.filter((sample, i) => Math.abs(sample - expected[i] / 2) > 0.5).length).toBe(0);
  });

  it('ends the player at once when it is interrupted, and keeps what arrived', async () => {
    const { folder, cacheDir, env, url } = await sceneWith('echo $$ > pid.new; mv pid.new pid; exec sleep 100');
    const run = start(['play', url('stereo.flac'), '--player', 'aplay', '--cache-dir', cacheDir, '--json'], env);
    const pid = Number(await textOnceThere(folder, 'pid'));
    await run.until((stderr) => stderr.includes('"event":"place"'));
    expect(isAlive(pid)).toBe(true);
    run.process.kill('SIGINT');
    const { code, stderr } = await run.exited;
    expect({ code, isAlive: isAlive(pid) }).toEqual({ code: 130, isAlive: false });
    expect(stderr).toContain('interrupted; what arrived is kept');
  });

  it('says what the player complains of, and that there is none before it fetches anything', async () => {
    const { origin, cacheDir, env, url } = await sceneWith('echo "no such card" >&2; exit 1');
    const args = ['play', url('stereo.flac'), '--cache-dir', cacheDir];
    const failing = await aulos([...args, '--player', 'aplay', '--json'], env);
    expect(failing.code).toBe(6);
    expect(jsonLines(failing.stderr).at(-1)).toMatchObject({ error: { code: 'output.device', details: { reason: 'no such card' } } });
    const requests = origin.log.length;
    const without = await aulos(args, { PATH: cacheDir });
    expect(without).toMatchObject({ code: 6, stderr: expect.stringContaining('tried pw-play, aplay, ffplay, sox (output.device)') });
    expect(origin.log.length).toBe(requests);
  });
});
