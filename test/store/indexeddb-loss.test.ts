import { type Browser, type CDPSession, chromium, type Page } from 'playwright';
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

const start = () => page.evaluate((url) => tab.start(url), `${origin.url}/media?rate=${5 * MB}`);
const heldTo = (bytes: number) => page.waitForFunction((bytes) => tab.held() >= bytes, bytes);
const told = () => page.evaluate(() => tab.told());

/** Reads in order, as a player does, and compares. */
async function expectReadable(from: number): Promise<void> {
  for (let at = from; at < media.size; at += MB / 2) {
    const text = await page.evaluate(([start, end]) => tab.readBase64(start, end), [at, at + 1000] as const);
    expect(firstDifference(Buffer.from(text, 'base64'), bytesOf(at, at + 1000))).toBe(-1);
  }
}

describe.runIf(requireTool('chromium'))('IndexedDB that is taken away', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
    origin.put('/tab.js', { content: new TextEncoder().encode(await bundleTab()), mediaType: 'text/javascript' });
    origin.put('/media', { content: media, etag: '"1"' });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    devTools = await page.context().newCDPSession(page);
    await page.goto(`${origin.url}/page`);
    await page.waitForFunction(() => 'tab' in globalThis);
  });
  afterEach(() => page.close());

  it('a quota that is used up midway is told as store.full, and reading goes on from memory', async () => {
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: origin.url, quotaSize: 2 * MB });
    await start();
    await expectReadable(0);
    expect(await told()).toEqual(['store.full']);
  });

  it('data that the user clears midway is fetched again or kept in memory, and read right', async () => {
    await start();
    await heldTo(2 * MB);
    await devTools.send('Storage.clearDataForOrigin', { origin: origin.url, storageTypes: 'indexeddb' });
    await expectReadable(0);
  });

  it('without IndexedDB everything is read from memory, and told as store.unavailable', async () => {
    await page.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
    await page.reload();
    await page.waitForFunction(() => 'tab' in globalThis);
    await start();
    await expectReadable(0);
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
    await expectReadable(0);
    expect(await told()).toEqual(['store.unavailable']);
  });
});
