import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: the demo is plain JavaScript
import { startDemo } from '../../demo/server.mjs';
// @ts-expect-error: the demo is plain JavaScript
import { tracks } from '../../demo/tracks.js';
import { root } from '../tools.ts';
import type { Visitor } from './visitor.ts';

// What ear.js defines on the page.
declare const ear: {
  readonly errors: readonly string[];
  readonly frames: number;
  readonly holes: number;
  readonly brokenAt?: number;
  expect(url: string, channels: number): Promise<void>;
};

interface Demo {
  readonly url: string;
  readonly log: { readonly range?: string }[];
  close(): Promise<void>;
}

const RATE = 44_100;
const files: string[] = tracks.map(({ file }: { file: string }) => file);
const channelsOf = (file: string) => (file === 'small-hours.wav' ? 1 : 2);
const numberOf = (file: string) => ({ index: files.indexOf(file) });

/** A copy of the demo in `folder`, whose page has an ear from its very start. */
async function copyWithEar(folder: string): Promise<void> {
  const demo = path.join(root, 'demo');
  await cp(demo, folder, { recursive: true, filter: (file) => path.basename(file) !== 'media' });
  const html = await readFile(path.join(demo, 'index.html'), 'utf8');
  await writeFile(path.join(folder, 'index.html'), html.replace('<script', '<script type="module" src="/ear/ear.js"></script>$&'));
}

/** What ffmpeg decodes of a track of the demo, from its start: 32-bit floats, interleaved. */
async function decoded(file: string, seconds: number): Promise<Buffer> {
  const input = path.join(root, 'demo/media', file);
  const args = ['-loglevel', 'error', '-i', input, '-t', String(seconds), '-f', 'f32le', '-'];
  return (await promisify(execFile)('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 26 })).stdout;
}

/** The demo as a visitor with any browser finds it. */
export function describeScenes(browserName: string, visit: () => Promise<Visitor>): void {
  describe(`the demo in ${browserName}`, { timeout: 60_000 }, () => {
    let demo: Demo;
    let copy: string;
    beforeAll(async () => {
      copy = await mkdtemp(path.join(tmpdir(), 'aulos-demo-'));
      await copyWithEar(copy);
      const roots = { '/': `${copy}/`, '/ear/': path.join(root, 'test/demo/'), '/media/': path.join(root, 'demo/media/') };
      demo = await startDemo({ roots });
      for (const file of files) await writeFile(path.join(copy, `${file}.f32`), await decoded(file, 0.75));
      const [kithara, harbour] = [await decoded('kithara.flac', 60), await decoded('harbour.m4a', 3)];
      await writeFile(path.join(copy, 'junction.f32'), Buffer.concat([kithara.subarray(-0.5 * RATE * 8), harbour]));
    }, 60_000);
    afterAll(async () => {
      await demo?.close();
      await rm(copy, { recursive: true });
    });

    /** Waits until the page is drawn. */
    const ready = (visitor: Visitor) => visitor.until((count) => document.querySelectorAll('#queue .track').length === count, files.length);

    let present: Visitor | undefined;
    afterEach(async () => {
      await present?.close();
      present = undefined;
    });

    async function open(): Promise<Visitor> {
      present = await visit();
      await present.goto(demo.url);
      await ready(present);
      return present;
    }

    const set = (visitor: Visitor, id: string, value: string) =>
      visitor.evaluate(
        (id, value) => {
          const control = document.getElementById(id) as HTMLSelectElement;
          control.value = value;
          control.dispatchEvent(new Event('input'));
        },
        id,
        value,
      );
    const textOf = (visitor: Visitor, id: string) => visitor.evaluate((id) => document.getElementById(id)?.textContent, id);
    /** Waits until the position that the page shows has reached `seconds`, a whole number. */
    const playedTo = (visitor: Visitor, seconds: number) =>
      visitor.until((seconds) => Number(document.getElementById('wave')?.getAttribute('aria-valuenow')) >= seconds, seconds);
    const expectSound = (visitor: Visitor, name: string, channels: number) =>
      visitor.evaluate((name, channels) => ear.expect(`/${name}.f32`, channels), name, channels);
    /** Waits until so much of the expected sound was heard, or another one. */
    const heard = async (visitor: Visitor, frames: number) => {
      await visitor.until((frames) => ear.frames >= frames || ear.brokenAt !== undefined, frames);
      return visitor.evaluate(() => ({ brokenAt: ear.brokenAt ?? 'nowhere', holes: ear.holes }));
    };

    it('plays every format as ffmpeg decodes it, and tells of each hole in the sound and of no other', async () => {
      const visitor = await open();
      for (const file of files) {
        await expectSound(visitor, file, channelsOf(file));
        await visitor.click('#queue .track', numberOf(file));
        expect(await heard(visitor, 0.7 * RATE), file).toMatchObject({ brokenAt: 'nowhere' });
        // Its own count comes a little later than the sound, and both may go on.
        await visitor.until(() => Number(document.getElementById('underruns')?.textContent) === ear.holes);
        await visitor.reload();
        await ready(visitor);
      }
      expect(await visitor.errors()).toEqual([]);
    });

    it('seeks far into a slow track by asking for the bytes there', async () => {
      const visitor = await open();
      await set(visitor, 'rate', '50000');
      await visitor.click('#queue .track', numberOf('late-ferry.m4a'));
      await playedTo(visitor, 1);
      const before = demo.log.length;
      await visitor.click('#wave', { share: 0.8 });
      await playedTo(visitor, 39);
      const asked = demo.log.slice(before).map(({ range }) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1]));
      expect(asked.some((offset) => offset > 500_000)).toBe(true);
    });

    it('plays a cached track after a reload while it is offline', async () => {
      const visitor = await open();
      await visitor.click('#queue .track', numberOf('salt.aac'));
      await visitor.until(() => /Salt.*whole/.test(document.getElementById('stored')?.textContent ?? ''));
      await visitor.click('#offline');
      await visitor.reload();
      await ready(visitor);
      await visitor.until(() => document.getElementById('offline')?.getAttribute('aria-checked') === 'true');
      await visitor.click('#queue .track', numberOf('salt.aac'));
      await playedTo(visitor, 1);
      expect(await textOf(visitor, 'networkBytes')).toBe('0 B');
      await visitor.click('#queue .track', numberOf('kithara.flac'));
      await visitor.until(() => /network failed/.test(document.getElementById('state')?.textContent ?? ''));
      await visitor.click('#offline');
      await playedTo(visitor, 1);
    });

    it('goes on to the next track, and through a second in which its main thread is blocked, without a sample lost or added', async () => {
      const visitor = await open();
      await visitor.click('#queue .track', numberOf('kithara.flac'));
      await playedTo(visitor, 1);
      await visitor.click('#wave', { share: 0.93 });
      await playedTo(visitor, 24);
      await expectSound(visitor, 'junction', 2);
      await visitor.until(() => ear.frames > 0);
      const before = await textOf(visitor, 'underruns');
      await visitor.until(() => document.getElementById('now')?.textContent === 'Harbour');
      await visitor.evaluate(() => {
        for (const end = performance.now() + 1_000; performance.now() < end; );
      });
      expect(await heard(visitor, 3 * RATE)).toEqual({ brokenAt: 'nowhere', holes: 0 });
      expect(await textOf(visitor, 'underruns')).toBe(before);
    });

    it('plays through a media element where that is chosen, far into a track as well', async () => {
      const visitor = await open();
      await set(visitor, 'output', 'media');
      for (const file of ['reed.mp3', 'late-ferry.m4a']) {
        await visitor.click('#queue .track', numberOf(file));
        await visitor.until(() => /^[1-9]$/.test(document.getElementById('wave')?.getAttribute('aria-valuenow') ?? '')); // no more that of the track before
        await visitor.click('#wave', { share: 0.8 });
        await playedTo(visitor, 38);
      }
      expect(await visitor.errors()).toEqual([]);
    });

    it('needs no shared memory, and keeps to a strict policy', async () => {
      const visitor = await open();
      expect(await visitor.evaluate(() => typeof SharedArrayBuffer)).toBe('undefined');
      const policy = (await fetch(demo.url)).headers.get('content-security-policy');
      expect(policy).toContain("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'");
      expect(policy).not.toContain('unsafe-inline');
    });
  });
}
