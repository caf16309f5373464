import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PcmBlock } from '../../src/media.ts';
import { HeardTime } from '../../src/playback/heard-time.ts';
import { type SystemPlayerSink, systemPlayerSink } from '../../src/playback/system-player.node.ts';
import { sinkContract } from '../contracts/sink.ts';

const signal = new AbortController().signal;

/** Makes a folder with this program the only thing in PATH besides the system's own. */
async function installed(name: string, script: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aulos-player-'));
  await writeFile(path.join(folder, name), `#!/bin/sh\ncd ${folder}\n${script}`);
  await chmod(path.join(folder, name), 0o755);
  const before = process.env.PATH;
  vi.stubEnv('PATH', `${folder}:${before}`);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** Writes down what it is told and given; each start is a line of `starts`. */
const recorder = 'echo "$*" >> starts\n[ "$1" = --help ] && { echo "  -a, --raw"; exit; }\nexec cat >> heard\n';

const samplesIn = async (folder: string): Promise<number[]> => {
  const bytes = await readFile(path.join(folder, 'heard'));
  return [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
};
const startsIn = async (folder: string) => (await readFile(path.join(folder, 'starts'), 'utf8')).trimEnd().split('\n');

const block = (samples: readonly number[], sampleRate = 8_000): PcmBlock => ({
  planes: [Float32Array.from(samples)],
  sampleRate,
  timestamp: 0,
});

async function sinkThrough(script: string): Promise<SystemPlayerSink & { folder: string }> {
  const folder = await installed('pw-play', script);
  const sink = await systemPlayerSink({ player: 'pw-play' });
  onTestFinished(() => sink.close());
  return Object.assign(sink, { folder });
}

sinkContract('a system player', async () => {
  const sink = await sinkThrough(recorder);
  return { sink, heard: async () => (await samplesIn(sink.folder)).filter((_, i) => i % 2 === 0) };
});

describe('systemPlayerSink', () => {
  it.each([
    ['pw-play', '--raw --rate=8000 --channels=1 --format=f32 -'],
    ['aplay', '-q -t raw -f S16_LE -r 8000 -c 1 -'],
    ['ffplay', '-nodisp -autoexit -loglevel error -f wav -i -'],
    ['sox', '-q -t f32 -L -r 8000 -c 1 - -d'],
  ] as const)('tells %s what comes', async (player, args) => {
    const folder = await installed(player, recorder);
    await using sink = await systemPlayerSink({ player });
    await sink.write(block([0.5, -0.25]), 0, signal);
    await sink.drain(signal);
    expect((await startsIn(folder)).at(-1)).toBe(args);
    const heard = await readFile(path.join(folder, 'heard'));
    const sound = player === 'aplay' ? [0, 0x40, 0, 0xe0] : [0, 0, 0, 0x3f, 0, 0, 0x80, 0xbe];
    expect([...heard.subarray(-sound.length)]).toEqual(sound);
    expect(heard.length).toBe(sound.length + (player === 'ffplay' ? 104 : 0));
  });

  it('says which programs it looked for', async () => {
    vi.stubEnv('PATH', '/nowhere');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(systemPlayerSink()).rejects.toMatchObject({
      code: 'output.device',
      message: expect.stringContaining('pw-play, aplay, ffplay, sox'),
    });
    await expect(systemPlayerSink({ player: 'sox' })).rejects.toThrow(/tried sox$/);
  });

  it('goes on in a process of its own with sound of another rate, once that before it is out', async () => {
    const sink = await sinkThrough(recorder);
    await sink.write(block([0.5]), 0, signal);
    await sink.write(block([0.25]), 0, signal);
    await sink.write(block([0.125], 16_000), 0, signal);
    await sink.drain(signal);
    expect(await samplesIn(sink.folder)).toEqual([0.5, 0.25, 0.125]);
    expect((await startsIn(sink.folder)).slice(1).map((line) => /rate=\d+/.exec(line)?.[0])).toEqual(['rate=8000', 'rate=16000']);
  });

  it('forgets at a flush what the program has, releases a write that waits, and plays on in another process', async () => {
    const sink = await sinkThrough(`[ "$2" = --rate=8000 ] && exec sleep 100\n${recorder}`);
    await sink.write(block([0.5]), 0, signal);
    const waiting = sink.write(block(Array(500_000).fill(0.5)), 0, signal);
    sink.flush(1);
    await expect(waiting).resolves.toBeUndefined();
    await sink.write(block([0.75], 16_000), 0, signal);
    await sink.write(block([0.25], 16_000), 1, signal);
    await sink.drain(signal);
    expect(await samplesIn(sink.folder)).toEqual([0.25]);
  });

  it('ramps to another volume', async () => {
    const sink = await sinkThrough(recorder);
    sink.volume = 0.5;
    await sink.write(block(Array(100).fill(1)), 0, signal);
    await sink.write(block(Array(100).fill(1)), 0, signal);
    await sink.drain(signal);
    const heard = await samplesIn(sink.folder);
    expect(heard[0]).toBeCloseTo(1 - 0.5 / 80);
    expect(heard.slice(0, 80)).toEqual(heard.slice(0, 80).toSorted((a, b) => b - a));
    expect(heard.slice(80)).toEqual(Array(120).fill(0.5));
    expect(() => {
      sink.volume = 1.5;
    }).toThrow(/between 0 and 1/);
  });

  it.each([
    ['cannot play', 'echo "Connecting" >&2; echo "Host is down" >&2; exit 1', 'Host is down'],
    ['dies midway', 'head -c 1000 > heard; kill -9 $$', 'SIGKILL'],
    ['reads no more', 'echo "enough" >&2; exec <&-; exec sleep 100', 'enough'],
  ])('says so when the program %s', async (_, script, reason) => {
    const sink = await sinkThrough(`[ "$1" = --help ] && exit\n${script}`);
    const writing = async () => {
      for (;;) await sink.write(block(Array(10_000).fill(0)), 0, signal);
    };
    await expect(writing()).rejects.toMatchObject({ code: 'output.device', details: { reason } });
  });

  it('says at the end that the program failed', async () => {
    const sink = await sinkThrough('[ "$1" = --help ] && exit\ncat > heard; echo "lost the device" >&2; exit 3');
    await sink.write(block([0]), 0, signal);
    await expect(sink.drain(signal)).rejects.toThrow('pw-play does not play: lost the device');
  });

  it('holds little for a program that does not read, and lets go when it is told to', async () => {
    const sink = await sinkThrough('[ "$1" = --help ] && exit\nexec sleep 100');
    let frames = 0;
    const writing = async (stop: AbortSignal) => {
      for (; ; frames += 1_000) await sink.write(block(Array(1_000).fill(0)), 0, stop);
    };
    await expect(writing(AbortSignal.timeout(500))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(frames * 4).toBeLessThan(1e6);
  });
});

describe('HeardTime', () => {
  it.each<{ what: string; wrote: [seconds: number, now: number][]; at: number; heard: number }>([
    { what: 'nothing was written', wrote: [], at: 100, heard: 0 },
    { what: 'it begins', wrote: [[10, 5]], at: 5.1, heard: 0 },
    { what: 'it plays', wrote: [[10, 5]], at: 7.2, heard: 2 },
    { what: 'it has played all', wrote: [[1, 5]], at: 20, heard: 1 },
    {
      what: 'it lacked sound in between',
      wrote: [
        [1, 5],
        [1, 20],
      ],
      at: 20.5,
      heard: 1.5,
    },
    {
      what: 'more came in time',
      wrote: [
        [1, 5],
        [1, 5.5],
      ],
      at: 6.7,
      heard: 1.5,
    },
  ])('is $heard s when $what', ({ wrote, at, heard }) => {
    const time = new HeardTime(0.2);
    for (const [seconds, now] of wrote) time.wrote(seconds, now);
    expect(time.secondsAt(at)).toBeCloseTo(heard);
  });
});
