import { type Browser, type CDPSession, chromium, type Frame, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { tab as Tab } from '../browser/tab.ts';
import { bundleTab } from '../browser/tab-script.mjs';
import { contentBytes, firstDifference } from '../fakes/content.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { requireTool } from '../tools.ts';

// What a script of the page defines.
declare const tab: typeof Tab;

const MB = 1024 * 1024;
const media = { size: 5 * MB };
const html = '<!doctype html><meta charset="utf-8"><title>tab</title><script type="module" src="/tab.js"></script>';
const bytesOf = (start: number, end: number) => Buffer.from(contentBytes(media, start, end));

let origin: Origin;
let browser: Browser;
let page: Page;
let devTools: CDPSession;

const start = (frame: Page | Frame = page) => frame.evaluate((url) => tab.start(url), `${origin.url}/media`);
const heldTo = (bytes: number) => page.waitForFunction((bytes) => tab.held() >= bytes, bytes);
const told = (frame: Page | Frame = page) => frame.evaluate(() => tab.told());

/** Reads in order, as a player does, and compares. */
async function expectReadable(frame: Page | Frame = page): Promise<void> {
  for (let at = 0; at < media.size; at += MB / 2) {
    const text = await frame.evaluate(([start, end]) => tab.readBase64(start, end), [at, at + 1000] as const);
    expect(firstDifference(Buffer.from(text, 'base64'), bytesOf(at, at + 1000))).toBe(-1);
  }
}

describe.runIf(requireTool('chromium'))('IndexedDB that is taken away', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
    origin.put('/tab.js', { content: new TextEncoder().encode(await bundleTab()), mediaType: 'text/javascript' });
    origin.put('/empty', { content: new Uint8Array(0), mediaType: 'text/html' });
    origin.put('/media', { content: media, etag: '"1"' });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    devTools = await page.context().newCDPSession(page);
    await page.goto(`${origin.url}/page`);
    await page.waitForFunction(() => 'tab' in globalThis);
  });
  afterEach(() => page.context().close());

  it('a quota that is used up midway is told as store.full, and reading goes on from memory', async () => {
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: origin.url, quotaSize: 2 * MB });
    await start();
    await expectReadable();
    expect(await told()).toEqual(['store.full']);
  });

  it('data that the user clears midway is told, and read right from memory or by fetching it again', async () => {
    origin.hold('/media', 3 * MB);
    await start();
    await heldTo(3 * MB);
    await devTools.send('Storage.clearDataForOrigin', { origin: origin.url, storageTypes: 'indexeddb' });
    origin.resume();
    await expectReadable();
    expect(await told()).toEqual(['store.unavailable']);
  });

  it('a later version of the page takes the database, and this one is told and reads on', async () => {
    origin.hold('/media', 3 * MB);
    await start();
    await heldTo(3 * MB);
    const later = await page.context().newPage();
    await later.goto(`${origin.url}/empty`);
    const version = await later.evaluate(
      () =>
        new Promise<number>((resolve, reject) => {
          const opening = indexedDB.open('aulos', 2);
          opening.onsuccess = () => resolve(opening.result.version);
          opening.onerror = () => reject(opening.error);
        }),
    );
    expect(version).toBe(2);
    origin.resume();
    await expectReadable();
    expect(await told()).toEqual(['store.unavailable']);
  });

  it('without IndexedDB everything is read from memory, and told as store.unavailable', async () => {
    await page.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
    await page.reload();
    await page.waitForFunction(() => 'tab' in globalThis);
    await start();
    await expectReadable();
    expect(await told()).toEqual(['store.unavailable']);
  });

  it('where opening it throws (SecurityError), too', async () => {
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    });
    await page.reload();
    await page.waitForFunction(() => 'tab' in globalThis);
    await start();
    await expectReadable();
    expect(await told()).toEqual(['store.unavailable']);
  });

  it('in a sandboxed frame, which may have neither a database nor locks, too', async () => {
    await page.goto(`${origin.url}/empty`);
    await page.setContent(`<iframe sandbox="allow-scripts" src="${origin.url}/page"></iframe>`);
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    await frame!.waitForFunction(() => 'tab' in globalThis);
    await start(frame!);
    await expectReadable(frame!);
    expect(await told(frame!)).toEqual(['store.unavailable']);
  });
});
