import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parseBytes } from '../../src/cli/units.ts';
import { createAulos } from '../../src/node.ts';
import { assetKey } from '../../src/store/key.ts';
import { aulos, jsonLines } from './aulos.ts';
import { bytesSent, filesIn, noiseWav, type Scene, scene } from './scene.ts';

/** Three files in a cache, the oldest one first, and the network gone unless `origin` is asked for. */
interface Shelf extends Scene {
  readonly urls: readonly string[];
  readonly contents: readonly Uint8Array[];
  /** Runs `aulos cache …` on this cache. */
  readonly cache: (...args: string[]) => ReturnType<typeof aulos>;
  readonly json: (...args: string[]) => Promise<Answer>;
}

/** What `--json` puts on stdout, of all commands. */
interface Answer {
  readonly key: string;
  readonly url: string;
  readonly heldBytes: number;
  readonly length: number;
  readonly complete: boolean;
  readonly pinned: boolean;
  readonly bytes: number;
  readonly removed: number;
  readonly assets: readonly Answer[];
  readonly damaged: readonly { readonly key: string; readonly range: { readonly start: number; readonly end: number } }[];
}

async function shelf(...sizes: number[]): Promise<Shelf> {
  const around = await scene();
  const contents = sizes.map((size) => noiseWav(size));
  const urls = contents.map((_, i) => `${around.origin.url}/song-${i}.wav?take=${i}`);
  for (const [i, content] of contents.entries()) {
    around.origin.put(`/song-${i}.wav`, { content, mediaType: 'audio/wav', etag: `"${i}"` });
  }
  await fetchAll(around.cacheDir, urls);
  const cache: Shelf['cache'] = (...args) => aulos(['cache', ...args, '--cache-dir', around.cacheDir]);
  const json: Shelf['json'] = async (...args) => {
    const { code, stdout, stderr } = await cache(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout.toString());
  };
  return { ...around, urls, contents, cache, json };
}

/** By the library, which spares a process for each: what `aulos fetch` does is told in fetch.test.ts. */
async function fetchAll(cacheDir: string, urls: readonly string[]): Promise<void> {
  await using library = createAulos({ cacheDir });
  for (const url of urls) {
    await using source = await library.source(url);
    await source.completed(AbortSignal.timeout(10_000));
  }
}

const namesIn = (list: Answer) => list.assets.map(({ url }) => /song-\d/.exec(url)?.[0]);

/** Turns one byte of the only file in a cache into another, as a bad disk does. */
async function damage(cacheDir: string, offset: number): Promise<void> {
  const name = (await filesIn(cacheDir)).find((file) => /\/data\.1$/.test(file))!;
  await using file = await open(path.join(cacheDir, name), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.of(buffer[0] ^ 1), 0, 1, offset);
}

describe('aulos cache ls', () => {
  it('says that nothing is held', async () => {
    const { cache, json } = await shelf();
    expect(await cache('ls')).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from('0 B held (files: 0)\n') });
    expect(await json('ls')).toEqual({ assets: [], bytes: 0 });
  });

  it('lists what is held, by URL, without the network', async () => {
    const { origin, urls, contents, cache, json } = await shelf(50_000, 20_000);
    await origin.close();
    const { stdout } = await cache('ls');
    expect(stdout.toString().split('\n')).toEqual([
      `50.1 kB  whole    ${urls[0]}`,
      `20.1 kB  whole    ${urls[1]}`,
      '70.2 kB held (files: 2)',
      '',
    ]);
    const list = await json('ls');
    expect(list.bytes).toBe(contents[0].length + contents[1].length);
    expect(list.assets).toEqual(
      urls.map((url, i) => ({
        ...{ key: assetKey(url), url, mediaType: 'audio/wav', length: contents[i].length, heldBytes: contents[i].length },
        ...{ complete: true, pinned: false, validator: { etag: `"${i}"`, date: expect.any(String) } },
      })),
    );
  });

  it('tells what is held in part', async () => {
    const { origin, cacheDir, cache, json } = await shelf();
    const content = noiseWav(8_000_000);
    origin.put('/part.wav', { content, mediaType: 'audio/wav' });
    await aulos(['inspect', `${origin.url}/part.wav`, '--cache-dir', cacheDir]);
    const { assets } = await json('ls');
    expect(assets).toMatchObject([{ length: content.length, complete: false }]);
    expect(assets[0].heldBytes).toBeLessThan(content.length);
    expect((await cache('ls')).stdout.toString()).toMatch(/^\S+ k?M?B {2}of 8\.00 MB {4}http/);
  });

  it('shows the key of a file that its URL does not find', async () => {
    const { origin, cacheDir, cache, json } = await shelf();
    origin.put('/signed.wav', { content: noiseWav(10_000), mediaType: 'audio/wav' });
    const url = `${origin.url}/signed.wav?signature=1`;
    {
      await using library = createAulos({ cacheDir });
      await using track = await library.open(url, { cacheKey: 'the song' });
      await track.download({ signal: new AbortController().signal });
    }
    const key = assetKey('', { cacheKey: 'the song' });
    expect((await cache('ls')).stdout.toString()).toContain(`${key} (${url})`);
    expect(await json('stat', key)).toMatchObject({ key, url, complete: true });
    expect((await cache('stat', url)).code).toBe(2);
  });
});

describe('aulos cache stat', () => {
  it('tells the same by URL and by key', async () => {
    const { urls, contents, cache, json } = await shelf(50_000);
    const key = assetKey(urls[0]);
    const { stdout } = await cache('stat', urls[0]);
    expect(
      stdout
        .toString()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ...[
        ['url', urls[0]],
        ['key', key],
        ['type', 'audio/wav'],
        ['size', '50.1 kB'],
        ['held', '50.1 kB, whole'],
        ['pinned', 'no'],
      ],
      ...[['etag', '"0"'], ['']],
    ]);
    const byUrl = await json('stat', urls[0]);
    expect(byUrl).toMatchObject({ key, url: urls[0], heldBytes: contents[0].length, complete: true });
    expect(await json('stat', key)).toEqual(byUrl);
    expect(await json('stat', `${urls[0].replace('http:', 'HTTP:')}#chorus`)).toEqual(byUrl);
  });
});

describe.each([['stat'], ['pin'], ['unpin'], ['rm'], ['export', '-o', 'unused.wav']])('aulos cache %s', (command, ...rest) => {
  it.each(['http://example.invalid/none.wav', 'a'.repeat(52), 'none.wav'])('refuses %s, of which nothing is held', async (name) => {
    const { folder, cache } = await shelf();
    const args = [command, name, ...rest.map((word) => (word === 'unused.wav' ? path.join(folder, word) : word))];
    const { code, stdout, stderr } = await cache(...args, '--json');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(jsonLines(stderr)).toMatchObject([{ error: { code: 'input.invalid', details: { input: name } } }]);
    expect((await filesIn(folder)).filter((file) => file.startsWith('unused'))).toEqual([]);
  });
});

describe('aulos cache trim', () => {
  it('removes what was not used for longest, until no more than that is stored', async () => {
    const { contents, json } = await shelf(30_000, 20_000, 10_000);
    expect(await json('trim', '40kB')).toEqual({ bytes: contents[1].length + contents[2].length, removed: 1 });
    expect(namesIn(await json('ls'))).toEqual(['song-1', 'song-2']);
    expect(await json('trim', '40kB')).toMatchObject({ removed: 0 });
    expect(await json('trim', '0')).toEqual({ bytes: 0, removed: 2 });
  });

  it('leaves pinned files, in all processes, until they are unpinned', async () => {
    const { urls, cache, json } = await shelf(30_000, 20_000);
    expect(await json('pin', urls[0])).toMatchObject({ url: urls[0], pinned: true });
    expect((await cache('ls')).stdout.toString()).toMatch(/^30\.1 kB {2}whole {2}pinned {2}http/);
    expect((await cache('trim', '0')).stdout.toString()).toBe('30.1 kB stored (removed files: 1); the rest is pinned or in use\n');
    expect(namesIn(await json('ls'))).toEqual(['song-0']);
    expect(await json('unpin', urls[0])).toMatchObject({ pinned: false });
    expect(await json('trim', '0')).toEqual({ bytes: 0, removed: 1 });
  });

  it('wants a size', async () => {
    const { cacheDir } = await scene();
    const { code, stderr } = await aulos(['cache', 'trim', 'much', '--cache-dir', cacheDir]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('"much" is no size') });
  });
});

test.each([
  ['0', 0],
  ['1500000', 1_500_000],
  ['1.5MB', 1_500_000],
  ['1.5 m', 1_500_000],
  ['10g', 10_000_000_000],
  ['2 TB', 2_000_000_000_000],
  ['7b', 7],
  ['0.0015kB', 2],
])('"%s" is %i bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', 'much', '-1', '1.2.3', '1e3', '10XB', '1 000', '9999999T'])('"%s" is no size', (text) => {
  expect(() => parseBytes(text)).toThrow(expect.objectContaining({ code: 'input.invalid' }));
});

describe('aulos cache rm', () => {
  it('removes a file, a pinned one too, and leaves no byte of it', async () => {
    const { origin, cacheDir, urls, contents, json } = await shelf(30_000);
    await json('pin', urls[0]);
    expect(await json('rm', urls[0])).toMatchObject({ url: urls[0], heldBytes: contents[0].length });
    expect(await json('ls')).toEqual({ assets: [], bytes: 0 });
    expect(await filesIn(path.join(cacheDir, 'a'))).toEqual([]);
    await aulos(['fetch', urls[0], '--cache-dir', cacheDir]);
    expect(bytesSent(origin)).toBe(2 * contents[0].length);
  });
});

describe('aulos cache verify', () => {
  it('finds a sound cache sound', async () => {
    const { contents, cache, json } = await shelf(30_000, 600_000);
    const bytes = contents[0].length + contents[1].length;
    expect(await json('verify')).toEqual({ assets: 2, bytes, damaged: [] });
    expect((await cache('verify')).stdout.toString()).toBe('630.2 kB read (files: 2), all of it sound\n');
  });

  it('drops what is damaged, so that the next fetch gets only that again', async () => {
    const { origin, cacheDir, urls, contents, folder, cache, json } = await shelf(1_000_000);
    await damage(cacheDir, 300_000);
    const { damaged } = await json('verify');
    expect(damaged).toEqual([{ key: assetKey(urls[0]), range: { start: 262_144, end: 524_288 } }]);
    expect(await json('stat', urls[0])).toMatchObject({ complete: false, heldBytes: contents[0].length - 262_144 });
    expect(await json('verify')).toMatchObject({ damaged: [] });

    const sent = bytesSent(origin);
    expect((await aulos(['fetch', urls[0], '--cache-dir', cacheDir])).code).toBe(0);
    expect(bytesSent(origin) - sent).toBe(262_144);
    const output = path.join(folder, 'out.wav');
    expect((await cache('export', urls[0], '-o', output)).code).toBe(0);
    expect(Buffer.compare(await readFile(output), contents[0])).toBe(0);
  });

  it('names the file that was damaged', async () => {
    const { cacheDir, urls, cache } = await shelf(100_000);
    await damage(cacheDir, 5);
    expect((await cache('verify')).stdout.toString()).toBe(
      `damaged, dropped: bytes 0–100104 of ${urls[0]}\n100.1 kB read (files: 1), the rest is sound\n`,
    );
  });
});

describe('aulos cache export', () => {
  it('copies a file byte by byte, without the network, in place of what was there', async () => {
    const { origin, folder, urls, contents, cache, json } = await shelf(2_500_000);
    await origin.close();
    const output = path.join(folder, 'out.wav');
    await writeFile(output, 'before');
    const answer = await json('export', urls[0], '-o', output);
    expect(answer).toEqual({ key: assetKey(urls[0]), url: urls[0], output, bytes: contents[0].length });
    expect(Buffer.compare(await readFile(output), contents[0])).toBe(0);
    expect((await cache('export', assetKey(urls[0]), '--output', output)).stdout.toString()).toBe(`2.50 MB written to ${output}\n`);
    expect((await filesIn(folder)).filter((file) => !file.startsWith('cache'))).toEqual(['out.wav']);
  });

  it('writes to a pipe', async () => {
    const { urls, contents, cache } = await shelf(2_500_000);
    const { code, stdout, stderr } = await cache('export', urls[0], '-o', '-');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2.50 MB written to -\n' });
    expect(Buffer.compare(stdout, contents[0])).toBe(0);
  });

  it('gives no file that is held in part or damaged, and leaves what was there', async () => {
    const { folder, cacheDir, urls, cache } = await shelf(3_000_000);
    const output = path.join(folder, 'out.wav');
    await writeFile(output, 'before');
    await damage(cacheDir, 2_900_000);
    for (const what of ['were damaged', 'are held']) {
      const { code, stderr } = await cache('export', urls[0], '-o', output, '--json');
      expect(code).toBe(4);
      const url = urls[0].replace(/\?.*/, '');
      const message = expect.stringMatching(new RegExp(`${what} of http.*: fetch it first$`));
      expect(jsonLines(stderr)).toEqual([{ error: { code: 'asset.integrity', message, details: { url } } }]);
      expect(await readFile(output, 'utf8')).toBe('before');
      expect((await filesIn(folder)).filter((file) => !file.startsWith('cache'))).toEqual(['out.wav']);
    }
  });

  it('says when the output cannot be written, and leaves nothing', async () => {
    const { folder, urls, cache } = await shelf(10_000);
    await mkdir(path.join(folder, 'taken'));
    for (const output of [path.join(folder, 'none/out.wav'), path.join(folder, 'taken')]) {
      const { code, stderr } = await cache('export', urls[0], '-o', output, '--json');
      expect(code).toBe(6);
      expect(jsonLines(stderr)).toMatchObject([{ error: { code: 'store.io', details: { path: output } } }]);
    }
    expect((await filesIn(folder)).filter((file) => !file.startsWith('cache'))).toEqual([]);
  });

  it('asks for an output', async () => {
    const { urls, cache } = await shelf(10_000);
    expect(await cache('export', urls[0])).toMatchObject({ code: 2, stderr: expect.stringContaining('--output') });
  });
});

describe('aulos cache', () => {
  it('tells its commands', async () => {
    const { code, stdout } = await aulos(['cache', '--help']);
    expect(code).toBe(0);
    for (const command of ['ls', 'stat', 'pin', 'unpin', 'rm', 'verify', 'trim', 'export']) {
      expect(stdout.toString()).toContain(`  ${command} `);
    }
  });

  it('knows no other command', async () => {
    expect(await aulos(['cache', 'burn'])).toMatchObject({ code: 2 });
  });

  it('says when the cache may not be used', async () => {
    const { folder } = await scene();
    await writeFile(path.join(folder, 'file'), '');
    const { code, stderr } = await aulos(['cache', 'ls', '--cache-dir', path.join(folder, 'file'), '--json']);
    expect(code).toBe(6);
    expect(jsonLines(stderr)).toMatchObject([{ error: { code: expect.stringMatching(/^store\./) } }]);
  });
});

describe('--deny-private', () => {
  it.each([['fetch'], ['inspect'], ['decode', '-o', '-']])('keeps aulos %s from this machine', async (command, ...rest) => {
    const { origin, cacheDir } = await scene();
    origin.put('/noise.wav', { content: noiseWav(10_000), mediaType: 'audio/wav' });
    const { port } = new URL(origin.url);
    for (const host of ['127.0.0.1', 'localhost', '2130706433']) {
      const args = [command, `http://${host}:${port}/noise.wav?token=1`, ...rest, '--cache-dir', cacheDir, '--json', '--deny-private'];
      const { code, stderr } = await aulos(args);
      expect(code).toBe(4);
      const address = expect.stringMatching(/^(127\.0\.0\.1|::1)$/);
      expect(jsonLines(stderr).at(-1)).toMatchObject({ error: { code: 'access.denied', details: { address } } });
    }
    expect(origin.log).toEqual([]);
  });

  it('does not keep it from what is held', async () => {
    const { origin, cacheDir, urls } = await shelf(10_000);
    expect((await aulos(['fetch', urls[0], '--cache-dir', cacheDir, '--deny-private'])).code).toBe(0);
    expect(origin.log).toHaveLength(1);
  });
});
