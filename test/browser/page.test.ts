import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as Aulos from '../../src/browser.ts';
import { createAulos } from '../../src/node.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { fixtureBytes } from '../fixtures/fixtures.ts';
import { requireTool, root } from '../tools.ts';

// What the script of the page defines.
declare const aulos: typeof Aulos;

const html = '<!doctype html><meta charset="utf-8"><title>page</title><script type="module" src="/page.js"></script>';
const script = "import * as aulos from '/aulos/aulos.js'; globalThis.aulos = aulos;";
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'];
/** Names no blob: URLs, as which elements know a Media Source. */
const strictPolicy = "default-src 'self'; script-src 'self'; worker-src 'self'";
const BUCKETS = 200;
const { signal } = new AbortController();

let origin: Origin;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let url: string;

async function openPage(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin.url}/page`);
  await page.waitForFunction(() => 'aulos' in globalThis);
  return page;
}

/** The waveform that a new player gives of the track, and how many of its buckets were known while it grew. */
const peaksOn = (page: Page) =>
  page.evaluate(
    async ([url, buckets]) => {
      const player = new aulos.Player();
      player.src = url;
      const grown: number[] = [];
      const onProgress = ({ max }: Aulos.Peaks) => {
        grown.push(max.filter((peak) => !Number.isNaN(peak)).length);
        Object.assign(globalThis, { known: grown.at(-1) });
      };
      const { min, max, isWhole } = await player.peaks({ buckets, onProgress });
      const { networkBytes } = player.stats;
      await player.close();
      return { min: [...min], max: [...max], isWhole, grown, networkBytes };
    },
    [url, BUCKETS] as const,
  );

describe.runIf(requireTool('chromium'))('a page on the built library', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    const dist = path.join(root, 'dist/browser'); // as `npm run build` left it
    for (const file of readdirSync(dist)) {
      if (file.endsWith('.js'))
        origin.put(`/aulos/${file}`, { content: readFileSync(path.join(dist, file)), mediaType: 'text/javascript' });
    }
    origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
    origin.put('/page.js', { content: new TextEncoder().encode(script), mediaType: 'text/javascript' });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });
  beforeEach(async () => {
    origin.put('/media', { content: fixtureBytes('stereo.flac'), etag: '"1"' });
    url = `${origin.url}/media`;
    context = await browser.newContext();
    page = await openPage();
  });
  afterEach(() => context.close());

  describe('sees the waveform of what it plays', () => {
    it('as Node does, growing while it downloads, and again after a reload without the network', async () => {
      const cacheDir = await mkdtemp(path.join(tmpdir(), 'aulos-peaks-'));
      await using aulos = createAulos({ cacheDir });
      await using track = await aulos.open(url, { signal });
      const expected = await track.peaks({ buckets: BUCKETS, signal });

      origin.hold('/media', 150_000);
      const asking = peaksOn(page);
      await page.waitForFunction((half) => (globalThis as { known?: number }).known! > half, BUCKETS / 2);
      origin.resume();
      const first = await asking;
      expect(first.isWhole).toBe(true);
      expect(first.grown.every((known, i) => known < BUCKETS && known >= (first.grown[i - 1] ?? 0))).toBe(true);
      for (const side of ['min', 'max'] as const)
        for (const [i, peak] of expected[side].entries()) expect(Math.abs(first[side][i] - peak)).toBeLessThan(1e-3);

      await page.reload();
      await page.waitForFunction(() => 'aulos' in globalThis);
      await page.route('**/media', (route) => route.abort());
      const again = await peaksOn(page);
      expect([again.min, again.max]).toEqual([first.min, first.max]);
      expect(again.networkBytes).toBe(0);
      await rm(cacheDir, { recursive: true });
    });

    it('until it leaves the track, or does not want it any more', async () => {
      origin.hold('/media', 100_000);
      const outcomes = await page.evaluate(async (url) => {
        const player = new aulos.Player();
        const nameOf = (error: Error & { code?: string }) => (error instanceof DOMException ? error.name : error.code);
        const none = await player.peaks({ buckets: 10 }).catch(nameOf);
        player.src = url;
        const tooMany = await player.peaks({ buckets: 1e6 }).catch(nameOf);
        const unwanted = await player.peaks({ buckets: 10, signal: AbortSignal.timeout(50) }).catch(nameOf);
        const left = player.peaks({ buckets: 10, onProgress: () => (player.src = '') }).catch(nameOf);
        return [none, tooMany, unwanted, await left];
      }, url);
      origin.resume();
      expect(outcomes).toEqual(['AbortError', 'input.invalid', 'TimeoutError', 'AbortError']);
    });
  });

  describe('looks after what is stored', () => {
    const stored = () =>
      page.evaluate(async () => {
        const cache = await aulos.openCache();
        const stats = await cache.list();
        await cache.close();
        return stats.map(({ facts, heldBytes, committed, pinned }) => ({ url: facts?.url, heldBytes, committed, pinned }));
      });
    const download = () =>
      page.evaluate(async (url) => {
        const player = new aulos.Player();
        Object.assign(globalThis, { player });
        player.src = url;
        await new Promise<void>((resolve) => player.addEventListener('phase', ({ detail }) => detail.phase === 'complete' && resolve()));
      }, url);
    const whole = () => ({ url, heldBytes: fixtureBytes('stereo.flac').length, committed: true, pinned: false });

    it('lists it and keeps it from eviction, also while it is being played and after it was closed', async () => {
      expect(await stored()).toEqual([]);
      await download();
      expect(await stored()).toEqual([whole()]);
      const pin = async (pinned: boolean) => {
        const cache = await aulos.openCache();
        const [{ key }] = await cache.list();
        await cache.pin(key, pinned);
        await cache.close();
      };
      await page.evaluate(pin, true);
      await page.close();
      page = await openPage();
      expect(await stored()).toEqual([{ ...whole(), pinned: true }]);
      const trim = () =>
        page.evaluate(async () => {
          const cache = await aulos.openCache();
          const left = await cache.trim(0);
          await cache.close();
          return left;
        });
      expect(await trim()).toBeGreaterThanOrEqual(whole().heldBytes);
      await page.evaluate(pin, false);
      expect(await trim()).toBe(0);
      expect(await stored()).toEqual([]);
    });

    it('verifies it, and deletes even what is open, which has to be loaded again', async () => {
      await download();
      const seen = await page.evaluate(async () => {
        const cache = await aulos.openCache();
        const verified = await cache.verify();
        const [{ key }] = await cache.list();
        await cache.delete(key);
        const after = await cache.stat(key);
        await cache.close();
        return { verified, after };
      });
      expect(seen.verified).toEqual({ assets: 1, bytes: whole().heldBytes, damaged: [] });
      expect(seen.after).toBeUndefined();
      const before = origin.accesses('/media').length;
      const failure = await page.evaluate(async () => {
        const { player } = globalThis as unknown as { player: Aulos.Player };
        player.muted = true;
        const failure = await player.play().catch((error: { code: string }) => error.code);
        player.load();
        await player.play();
        await player.close();
        return failure;
      });
      expect(failure).toBe('asset.changed');
      expect(origin.accesses('/media').length).toBeGreaterThan(before);
    });

    it('says so when it can be reached no more', async () => {
      const codes = await page.evaluate(async () => {
        const codeOf = (error: { code: string }) => error.code;
        const cache = await aulos.openCache();
        const asking = cache.list().catch(codeOf);
        await cache.close();
        return [await asking, await cache.list().catch(codeOf)];
      });
      expect(codes).toEqual(['store.unavailable', 'store.unavailable']);
    });
  });

  it('asks for the first bytes before it loads the worklet', async () => {
    const before = origin.accesses().length;
    await page.evaluate(async (src) => {
      const player = new aulos.Player();
      player.src = src;
      await player.play();
      await player.close();
    }, url);
    const asked = origin.accesses().slice(before);
    const [first, second] = asked.map(({ path }) => path).filter((path) => /media|worklet/.test(path));
    expect([first, second]).toEqual(['/media', '/aulos/worklet.js']);
  });

  it.each(['worker.js', 'host-*.js', 'pipeline-*.js'])('is told when %s cannot be loaded, and is held up by nothing', async (file) => {
    await context.route(`**/aulos/${file}`, (route) => route.abort());
    const failure = await page.evaluate(async (src) => {
      const player = new aulos.Player();
      player.src = src;
      const failure = await player.play().catch(({ code, details }) => ({ code, details }));
      await player.close();
      return failure;
    }, url);
    expect(failure).toEqual({ code: 'output.device', details: { reason: 'worker' } });
  });

  it.each(['worker', 'page'])('has the worklet where its policy forbids a Media Source of the %s', async (place) => {
    origin.put('/media', { content: fixtureBytes('cbr.mp3') });
    if (place === 'page')
      await context.addInitScript(() => Object.defineProperty(MediaSource, 'canConstructInDedicatedWorker', { get: () => false }));
    await page.route('**/page', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': strictPolicy } });
    });
    await page.reload();
    await page.waitForFunction(() => 'aulos' in globalThis);
    const played = await page.evaluate(async (src) => {
      const player = new aulos.Player({ output: 'media' });
      const outputs: string[] = [];
      player.addEventListener('outputchange', () => outputs.push(player.output));
      player.src = src;
      await player.seek(1);
      await player.play();
      while (player.currentTime < 1.2) await new Promise((resolve) => player.addEventListener('timeupdate', resolve, { once: true }));
      const { error } = player;
      await player.close();
      return { outputs, error };
    }, url);
    expect(played).toEqual({ outputs: ['media', 'worklet'], error: null });
  });
});
