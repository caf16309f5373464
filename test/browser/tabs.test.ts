import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Player as PagePlayer } from '../../src/playback/player.browser.ts';
import { contentBytes } from '../fakes/content.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { requireTool, root } from '../tools.ts';
import type { tab as Tab } from './tab.ts';
import { bundleTab } from './tab-script.mjs';

// What the scripts of the pages define.
declare const tab: typeof Tab;
declare const startWorker: (url: string) => (call: { name: string; args: unknown[] }) => Promise<unknown>;
declare const callWorker: ReturnType<typeof startWorker>;
declare const Player: typeof PagePlayer;

const MB = 1024 * 1024;
const SIZE = 2 * MB;
/** Each answer stops here until the test goes on, so that it has the time that it needs. */
const HOLD = MB;
/** What an overlap, an unflushed batch and the buffers of two sockets may cost when one tab takes over from another one. */
const OVERLAP = MB;
const html = '<!doctype html><meta charset="utf-8"><title>tab</title><script type="module" src="/tab.js"></script>';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--autoplay-policy=no-user-gesture-required',
];
const media = { size: SIZE };
const digestOf = (start: number, end: number) =>
  createHash('sha256')
    .update(contentBytes(media, start, end))
    .digest('hex');

let origin: Origin;
let browser: Browser;
let context: BrowserContext;
let url: string;

/** A tab on the origin, of the same profile as the others of this test. */
async function openTab(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin.url}/page`);
  await page.waitForFunction(() => 'tab' in globalThis || 'Player' in globalThis);
  return page;
}

const start = (page: Page) => page.evaluate((url) => tab.start(url), url);
const heldTo = (page: Page, bytes: number) => page.waitForFunction((bytes) => tab.held() >= bytes, bytes);
const completed = (page: Page) => page.evaluate(() => tab.completed());
const requests = () => origin.accesses('/media');
const bytesTaken = () => requests().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);

describe.runIf(requireTool('chromium'))('two tabs and one asset', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    const script = new TextEncoder().encode(await bundleTab());
    origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
    origin.put('/tab.js', { content: script, mediaType: 'text/javascript' });
    origin.put('/media', { content: media, etag: '"1"' });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });
  beforeEach(async () => {
    origin.log.length = 0;
    origin.hold('/media', HOLD);
    url = `${origin.url}/media`;
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  it('is fetched once', async () => {
    const [one, two] = [await openTab(), await openTab()];
    await start(one);
    await start(two);
    origin.resume();
    const results = await Promise.all([completed(one), completed(two)]);
    expect(results.map(({ digest }) => digest)).toEqual([digestOf(0, SIZE), digestOf(0, SIZE)]);
    expect(results.map(({ network }) => network)).toEqual([SIZE, 0]);
    expect(requests().length).toBe(1);
  });

  it('is fetched once when both start at the same moment', async () => {
    const pages = [await openTab(), await openTab()];
    await Promise.all(pages.map(start));
    origin.resume();
    const results = await Promise.all(pages.map(completed));
    expect(results.map(({ digest }) => digest)).toEqual([digestOf(0, SIZE), digestOf(0, SIZE)]);
    expect(bytesTaken()).toBe(SIZE);
    expect(requests().length).toBe(1);
  });

  it('is fetched once by a page and its worker', async () => {
    const page = await openTab();
    await page.evaluate(() => {
      Object.assign(globalThis, { callWorker: startWorker('/tab.js') });
    });
    const inWorker = (name: string, ...args: unknown[]) =>
      page.evaluate(([name, args]) => callWorker({ name, args }), [name, args] as const);
    await inWorker('start', url);
    await start(page);
    origin.resume();
    const result = await completed(page);
    expect(result).toEqual({ digest: digestOf(0, SIZE), network: 0 });
    expect(await inWorker('completed')).toEqual({ digest: digestOf(0, SIZE), network: SIZE });
    expect(requests().length).toBe(1);
  });

  it('is read by the follower while the leader fetches it, and a seek is fetched for itself', async () => {
    const [one, two] = [await openTab(), await openTab()];
    await start(one);
    await heldTo(one, 100_000);
    await start(two);
    expect(await two.evaluate(() => tab.read(0, 300_000))).toBe(digestOf(0, 300_000));
    expect(requests().length).toBe(1);
    const far = [SIZE - 200_000, SIZE - 100_000] as const;
    expect(await two.evaluate(([start, end]) => tab.read(start, end), far)).toBe(digestOf(...far));
    expect(requests().length).toBe(2);
    origin.resume();
    const results = await Promise.all([completed(one), completed(two)]);
    expect(results.map(({ digest }) => digest)).toEqual([digestOf(0, SIZE), digestOf(0, SIZE)]);
    expect(bytesTaken()).toBeLessThanOrEqual(SIZE + OVERLAP);
  });

  it.each<[string, (page: Page) => Promise<unknown>]>([
    ['is closed', (page) => page.close()],
    ['goes elsewhere', (page) => page.goto('about:blank')],
    ['crashes', crash],
  ])('is completed by the follower, with its gaps only, when the leader %s', async (_, leave) => {
    const [one, two] = [await openTab(), await openTab()];
    await start(one);
    await heldTo(one, 500_000);
    await start(two);
    await heldTo(two, 1_000_000);
    expect(requests().length).toBe(1);
    await leave(one);
    origin.resume();
    const { digest, network } = await completed(two);
    expect(digest).toBe(digestOf(0, SIZE));
    expect(network).toBeLessThan(SIZE - 900_000);
    expect(requests().length).toBe(2);
    expect(bytesTaken()).toBeLessThanOrEqual(SIZE + OVERLAP);
  });

  it('is whole and right where there are no Web Locks', async () => {
    await context.addInitScript(withoutLocks);
    origin.resume();
    url += `?rate=${MB}`; // both fetch until they hear of each other
    const [one, two] = [await openTab(), await openTab()];
    await start(one);
    await heldTo(one, 500_000);
    await start(two);
    const results = await Promise.all([completed(one), completed(two)]);
    expect(results.map(({ digest }) => digest)).toEqual([digestOf(0, SIZE), digestOf(0, SIZE)]);
    expect(bytesTaken()).toBeLessThanOrEqual(SIZE + OVERLAP);
  });

  it.each<[string, (page: Page) => Promise<unknown>]>([
    ['half stored', (page) => heldTo(page, 500_000)],
    [
      'whole',
      (page) => {
        origin.resume();
        return completed(page);
      },
    ],
  ])('is not taken from the tab that has it open by another one that deletes, clears and trims, %s', async (_, isThere) => {
    const [one, two] = [await openTab(), await openTab()];
    await start(one);
    await isThere(one);
    const takeAway = () => two.evaluate((url) => tab.takeAway(url), url);
    expect(await takeAway()).toEqual({ deletion: 'store.locked', assets: 1 });
    origin.resume();
    expect(await completed(one)).toEqual({ digest: digestOf(0, SIZE), network: SIZE });
    expect(await one.evaluate(() => tab.told())).toEqual([]);
    await one.close();
    await expect.poll(takeAway, { timeout: 10_000 }).toEqual({ deletion: 'done', assets: 0 });
  });

  it('is played by two players with one download of the whole', async () => {
    const dist = path.join(root, 'dist/browser'); // as `npm run build` left it
    for (const file of readdirSync(dist)) {
      if (file.endsWith('.js'))
        origin.put(`/aulos/${file}`, { content: readFileSync(path.join(dist, file)), mediaType: 'text/javascript' });
    }
    origin.mount('/fixtures', path.join(root, 'test/fixtures/media'));
    const script = "import { Player } from '/aulos/aulos.js'; globalThis.Player = Player;";
    origin.put('/tab.js', { content: new TextEncoder().encode(script), mediaType: 'text/javascript' });
    const track = `${origin.url}/fixtures/mono-48k.flac?rate=60000`;
    const play = (page: Page): Promise<void> =>
      page.evaluate(async (track) => {
        const player = new Player();
        const ended = new Promise<void>((resolve) => player.addEventListener('ended', () => resolve()));
        Object.assign(player, { src: track, muted: true });
        await player.play();
        await ended;
      }, track);
    const accesses = () => origin.accesses('/fixtures/mono-48k.flac');
    const first = play(await openTab());
    await origin.until(() => accesses()[0]?.bodyBytes > 0);
    await Promise.all([first, play(await openTab())]);
    expect(accesses().filter(({ range }) => range === 'bytes=0-').length).toBe(1);
    const { size } = statSync(path.join(root, 'test/fixtures/media/mono-48k.flac'));
    expect(accesses().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)).toBeLessThan(1.5 * size);
  });
});

function withoutLocks(): void {
  Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
}

/** Kills the renderer of a page. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  page.goto('chrome://crash').catch(() => {}); // there is nobody left to answer
  await crashed;
}
