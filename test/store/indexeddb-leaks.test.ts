import { type Browser, type CDPSession, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { tab as Tab } from '../browser/tab.ts';
import { bundleTab } from '../browser/tab-script.mjs';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { requireTool } from '../tools.ts';

// What a script of the page defines.
declare const tab: typeof Tab;

const html = '<!doctype html><meta charset="utf-8"><title>tab</title><script type="module" src="/tab.js"></script>';
const WARM_UP = 20;
const CYCLES = 200;
/** What 200 assets may leave behind on the heap: no more than a bit of each. */
const MAX_GROWTH = 200 * 1024;

let origin: Origin;
let browser: Browser;
let page: Page;
let devTools: CDPSession;

const cycle = (count: number) => page.evaluate((count) => tab.cycle(count), count);

/** How many objects of a class are alive after a collection of garbage. */
async function alive(name: string): Promise<number> {
  const { result } = await devTools.send('Runtime.evaluate', { expression: `${name}.prototype` });
  const { objects } = await devTools.send('Runtime.queryObjects', { prototypeObjectId: result.objectId! });
  const counting = { objectId: objects.objectId!, functionDeclaration: 'function () { return this.length }', returnByValue: true };
  return (await devTools.send('Runtime.callFunctionOn', counting)).result.value;
}

async function heapBytes(): Promise<number> {
  await devTools.send('HeapProfiler.collectGarbage');
  return (await devTools.send('Runtime.getHeapUsage')).usedSize;
}

const locks = () =>
  page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return [...held, ...pending].map(({ name }) => name);
  });

/** True if a deletion of the database has to wait for nobody. */
const isClosed = () =>
  page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const deletion = indexedDB.deleteDatabase('aulos');
        deletion.onblocked = () => resolve(false);
        deletion.onsuccess = () => resolve(true);
        deletion.onerror = () => reject(deletion.error);
      }),
  );

describe.runIf(requireTool('chromium'))('an IndexedDB store that is used two hundred times', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
    origin.put('/tab.js', { content: new TextEncoder().encode(await bundleTab()), mediaType: 'text/javascript' });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
    page = await browser.newPage();
    devTools = await page.context().newCDPSession(page);
    await page.goto(`${origin.url}/page`);
    await page.waitForFunction(() => 'tab' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });

  it('leaves no connection, transaction, channel or lock, and no memory', async () => {
    await cycle(WARM_UP);
    const before = await heapBytes();
    await cycle(CYCLES);
    expect((await heapBytes()) - before).toBeLessThan(MAX_GROWTH);
    for (const name of ['IDBDatabase', 'IDBTransaction', 'BroadcastChannel', 'Lock']) expect(await alive(name), name).toBe(0);
    expect(await locks()).toEqual([]);
    expect(await isClosed()).toBe(true);
  });
});
