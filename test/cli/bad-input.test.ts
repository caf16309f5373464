import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAulos } from '../../src/node.ts';
import { virtualBytes } from '../fakes/content.ts';
import type { Fault, Resource } from '../fakes/origin.ts';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';
import { aulos, jsonLines, start } from './aulos.ts';
import { filesIn, noiseWav, type Scene, scene } from './scene.ts';

const always = 1e9;
const hasFixtures = fixtures().length > 0;

interface Case {
  readonly what: string;
  readonly resource?: () => Resource;
  readonly faults?: readonly Fault[];
  readonly code: number;
  readonly error: string;
  /** Commands that see it; `fetch` and `inspect` look at the head only. */
  readonly commands?: readonly string[];
  /** Media that the server gave whole, and that stays: looking again costs nothing. */
  readonly keeps?: boolean;
}

const mp3 = (content: Uint8Array): Resource => ({ content });
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const cutFixture = (name: string, mediaType: string) => (): Resource => {
  const bytes = fixtureBytes(name);
  return { content: bytes.slice(0, bytes.length * 0.6), mediaType };
};

/** An AAC fixture whose sample entry says that it is AC-3. */
function ac3(): Resource {
  const content = fixtureBytes('moov-first.m4a').slice();
  const at = Buffer.from(content).indexOf('mp4a');
  content.set(text('ac-3'), at);
  return { content, mediaType: 'audio/mp4' };
}

const cases: readonly Case[] = [
  { what: 'a 404', code: 4, error: 'http.status' },
  { what: 'a 403', resource: () => mp3(noiseWav(1000)), faults: [{ status: 403, times: always }], code: 4, error: 'http.status' },
  { what: 'a 500 for ever', resource: () => mp3(noiseWav(1000)), faults: [{ status: 500, times: always }], code: 4, error: 'http.status' },
  {
    what: 'a connection that closes at once, for ever',
    resource: () => mp3(noiseWav(1000)),
    faults: [{ cutAfter: -1, times: always }],
    code: 3,
    error: 'net.reset',
  },
  {
    what: 'a web page',
    resource: () => ({ content: text('<!doctype html><title>Sign in</title>'), mediaType: 'text/html; charset=utf-8' }),
    code: 5,
    error: 'media.unsupported',
  },
  { what: 'a web page that says it is audio', resource: () => mp3(text('<!doctype html><p>no')), code: 5, error: 'media.malformed' },
  { what: 'an empty body', resource: () => mp3(new Uint8Array(0)), code: 5, error: 'media.truncated' },
  { what: 'garbage that says it is MP3', resource: () => mp3(virtualBytes(0, 300_000)), code: 5, error: 'media.malformed' },
  {
    what: 'garbage that says it is FLAC',
    resource: () => ({ content: virtualBytes(0, 300_000), mediaType: 'audio/flac' }),
    code: 5,
    error: 'media.malformed',
  },
  {
    what: 'garbage that says it is MP4',
    resource: () => ({ content: virtualBytes(0, 300_000), mediaType: 'audio/mp4' }),
    code: 5,
    error: 'media.malformed',
  },
  {
    what: 'WebM',
    resource: () => ({ content: Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, ...new Uint8Array(96)), mediaType: 'audio/webm' }),
    code: 5,
    error: 'media.unsupported',
  },
  ...(hasFixtures
    ? [
        { what: 'AC-3 in MP4', resource: ac3, code: 5, error: 'media.unsupported' },
        { what: 'an M4A without its end, its index first', resource: cutFixture('moov-first.m4a', 'audio/mp4'), commands: ['decode'] },
        { what: 'an M4A without its end, its index last', resource: cutFixture('moov-last.m4a', 'audio/mp4') },
        { what: 'a fragmented M4A without its end', resource: cutFixture('fragmented.m4a', 'audio/mp4'), commands: ['decode'] },
        { what: 'a FLAC file without its end', resource: cutFixture('stereo.flac', 'audio/flac'), commands: ['decode'] },
      ].map((each) => ({ code: 5, error: 'media.truncated', keeps: !('error' in each), ...each }))
    : []),
  {
    what: 'a download that always ends at the same byte',
    resource: () => ({ content: noiseWav(500_000), mediaType: 'audio/wav', etag: '"v1"' }),
    faults: [{ cutAfter: 200_000 }, { cutAfter: 0, times: always }],
    commands: ['fetch', 'decode'],
    code: 3,
    error: 'net.truncated',
  },
];

const commands = ['fetch', 'decode', 'inspect'];
// Each command is a process: every case meets one of them, in turn, since what tells of errors is the same in all.
const rows = cases.map(({ commands: those = commands, ...each }, i) => ({ command: those[i % those.length], ...each }));

/** What belongs behind a command; `decode` writes to `out.wav`. */
const argsOf = (command: string, input: string, { folder, cacheDir }: Scene) => [
  ...[command, input, '--cache-dir', cacheDir, '--retries', '1'],
  ...(command === 'decode' ? ['-o', path.join(folder, 'out.wav')] : []),
];

const outputsIn = async (folder: string) => (await filesIn(folder)).filter((name) => name.includes('out.wav'));

async function committedIn(cacheDir: string): Promise<string[]> {
  await using library = createAulos({ cacheDir });
  const assets = await library.store.list();
  return assets.flatMap(({ committed, facts }) => (committed ? [facts?.url ?? ''] : []));
}

describe('bad input', () => {
  it.each(rows)(
    'aulos $command: $what ends with code $code and $error',
    async ({ command, resource, faults = [], code, error, keeps = false }) => {
      const place = await scene();
      const { origin, folder, cacheDir } = place;
      if (resource) origin.put('/track', resource());
      origin.fault('/track', ...faults);

      const exit = await aulos(argsOf(command, `${origin.url}/track?token=secret`, place));
      expect({ code: exit.code, stderr: exit.stderr }).toEqual({ code, stderr: expect.stringMatching(/^aulos: .+\n$/) });
      expect(exit.stderr).toContain(`(${error})`);
      expect(exit.stderr).not.toContain('secret');
      expect(exit.stdout.toString()).toBe('');
      expect(await outputsIn(folder)).toEqual([]);
      if (!keeps) expect(await committedIn(cacheDir)).toEqual([]);
      await origin.until(() => origin.connections === 0);
    },
  );

  it.each(['foo bar', 'ftp://x/y', 'http://', 'https://exa mple/x', 'http://[::1', '/no/such/file.mp3', ''])(
    'refuses "%s", which is neither a URL nor a file',
    async (input) => {
      const place = await scene();
      const { code, stderr } = await aulos(argsOf(commands[input.length % 3], input, place));
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^aulos: .+ \(input\.invalid\)\n$/) });
      expect(await filesIn(place.folder)).toEqual([]);
    },
  );

  it('tells the error as one line of JSON with --json', async () => {
    const place = await scene();
    const { code, stderr } = await aulos([...argsOf('fetch', `${place.origin.url}/none`, place), '--json']);
    expect(code).toBe(4);
    const { error } = jsonLines(stderr).at(-1) as { error: object };
    expect(error).toMatchObject({ code: 'http.status', details: { url: `${place.origin.url}/none`, status: 404 } });
  });

  it('says how often it is going to try again', async () => {
    const place = await scene();
    place.origin.put('/track', mp3(noiseWav(1000)));
    place.origin.fault('/track', { status: 503, times: always });
    const { code, stderr } = await aulos([...argsOf('fetch', `${place.origin.url}/track`, place), '--json']);
    expect(code).toBe(4);
    expect(jsonLines(stderr).filter(({ event }) => event === 'retry')).toMatchObject([{ attempt: 1, error: { code: 'http.status' } }]);
    expect(place.origin.log).toHaveLength(2);
  });

  it('keeps what arrived of a download that broke off, and goes on from there', async () => {
    const place = await scene();
    const { origin } = place;
    origin.put('/track', { content: noiseWav(500_000), mediaType: 'audio/wav', etag: '"v1"' });
    origin.fault('/track', { cutAfter: 200_000 }, { cutAfter: 0, times: 1 });
    expect((await aulos(argsOf('fetch', `${origin.url}/track`, place))).code).toBe(3);
    expect((await aulos(argsOf('fetch', `${origin.url}/track`, place))).code).toBe(0);
    expect(origin.log.map(({ range }) => range)).toEqual(['bytes=0-', 'bytes=200000-', 'bytes=200000-']);
  });

  it('refuses a connection that nobody listens to', async () => {
    const place = await scene();
    await place.origin.close();
    const { code, stderr } = await aulos(argsOf('fetch', `${place.origin.url}/track`, place));
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/^aulos: .+ \(net\.connect\)\n$/) });
  });
});

describe('a place that cannot be written', () => {
  it.each(commands)('aulos %s: a cache folder below a file', async (command) => {
    const place = await scene();
    const { origin, folder } = place;
    origin.put('/track', { content: noiseWav(1000), mediaType: 'audio/wav' });
    await writeFile(path.join(folder, 'file'), '');
    const args = argsOf(command, `${origin.url}/track`, { ...place, cacheDir: path.join(folder, 'file/cache') });
    const { code, stderr } = await aulos(args);
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringMatching(/^aulos: .+ENOTDIR.+ \(store\.\w+\)\n$/) });
    expect(await filesIn(folder)).toEqual(['file']);
  });

  it('aulos decode: an output in a folder that is not there', async () => {
    const place = await scene();
    const { origin, folder, cacheDir } = place;
    origin.put('/track', { content: noiseWav(1000), mediaType: 'audio/wav' });
    const output = path.join(folder, 'no/out.wav');
    const { code, stderr } = await aulos(['decode', `${origin.url}/track`, '-o', output, '--cache-dir', cacheDir]);
    expect({ code, stderr }).toEqual({ code: 6, stderr: `aulos: ${output} cannot be written: ENOENT (store.io)\n` });
  });

  it('aulos decode: an output that is a folder', async () => {
    const place = await scene();
    const { origin, folder, cacheDir } = place;
    origin.put('/track', { content: noiseWav(1000), mediaType: 'audio/wav' });
    const output = path.join(folder, 'out.wav');
    await writeFile(path.join(folder, 'x'), '');
    const { code, stderr } = await aulos(['decode', `${origin.url}/track`, '-o', folder, '--cache-dir', cacheDir]);
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringMatching(/^aulos: .+ cannot be written: E\w+ \(store\.io\)\n$/) });
    expect(await filesIn(path.dirname(output))).not.toContainEqual(expect.stringMatching(/\.part$/));
  });

  it('aulos decode: a pipe whose reader leaves early ends it without a word', async () => {
    const { origin, cacheDir } = await scene();
    origin.put('/track', { content: noiseWav(5_000_000), mediaType: 'audio/wav' });
    const run = start(['decode', `${origin.url}/track`, '-o', '-', '--cache-dir', cacheDir]);
    await run.firstOutput;
    run.process.stdout?.destroy();
    const { code, stderr } = await run.exited;
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });

  it('aulos inspect: a pipe that nobody reads ends it without a word', async () => {
    const { origin, cacheDir } = await scene();
    origin.put('/track', { content: noiseWav(1000), mediaType: 'audio/wav' });
    const run = start(['inspect', `${origin.url}/track`, '--cache-dir', cacheDir]);
    run.process.stdout?.destroy();
    const { code, stderr } = await run.exited;
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });
});

describe('wrong arguments', () => {
  it.each([
    { args: [] },
    { args: ['fetch'] },
    { args: ['frobnicate', 'x'] },
    { args: ['fetch', 'x', '--no-such-option'] },
    { args: ['fetch', 'x', '--retries', 'many'] },
    { args: ['decode', 'x'] },
    { args: ['decode', 'x', '-o', '-', '--format', 'mp3'] },
    { args: ['decode', 'x', '-o', '-', '--start', 'soon'] },
    { args: ['decode', 'x', '-o', '-', '--start', '5', '--end', '4'] },
  ])('aulos $args ends with code 2', async ({ args }) => {
    const { code, stdout, stderr } = await aulos(args);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});
