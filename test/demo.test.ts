import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: the demo is plain JavaScript
import { startDemo } from '../demo/server.mjs';
// @ts-expect-error: the demo is plain JavaScript
import { tracks } from '../demo/tracks.js';
import { requireTool, root } from './tools.ts';

interface Demo {
  readonly url: string;
  readonly log: { readonly path: string; readonly range?: string }[];
  readonly network: { rate: number; latencyMs: number };
  close(): Promise<void>;
}

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--autoplay-policy=no-user-gesture-required',
];
let demo: Demo;
let browser: Browser;

/** A page of its own profile on the demo, its errors collected. */
async function openPage(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(demo.url);
  await page.waitForFunction((count) => document.querySelectorAll('#tracks button').length === count, tracks.length);
  return { page, errors };
}

const choose = (page: Page, title: string) => page.locator('#tracks button', { hasText: title }).click();
/** Waits until the position that the page shows has passed `seconds`. */
const playedTo = (page: Page, seconds: number) =>
  page.waitForFunction((seconds) => Number((document.getElementById('seek') as HTMLInputElement).value) > seconds, seconds);

describe.runIf(requireTool('chromium'))('the demo page', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    if (!existsSync(path.join(root, 'dist/browser/aulos.js'))) throw new Error('dist is not built: npm run build');
    demo = await startDemo();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  it('plays a track of every format without an underrun or an error, moving meter and position', async () => {
    const { page, errors } = await openPage();
    for (const { title } of tracks) {
      await choose(page, title);
      await playedTo(page, 0.5);
      await page.waitForFunction(() => Number.parseFloat(document.getElementById('left')?.style.getPropertyValue('--level') ?? '') > 20);
      expect(await page.locator('#now').textContent()).toBe(title);
    }
    expect(await page.locator('#underruns').textContent()).toBe('0');
    expect(errors).toEqual([]);
    await page.close();
  });

  it('seeks far into a slow track by asking for the bytes there', async () => {
    Object.assign(demo.network, { rate: 60_000, latencyMs: 20 });
    const { page } = await openPage();
    await choose(page, 'Reed');
    await playedTo(page, 0.3);
    const before = demo.log.length;
    await page.locator('#seek').evaluate((seek: HTMLInputElement) => {
      seek.value = '45';
      seek.dispatchEvent(new Event('change'));
    });
    await playedTo(page, 45.3);
    const asked = demo.log.slice(before).map(({ range }) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1]));
    expect(asked.some((offset) => offset > 500_000)).toBe(true);
    Object.assign(demo.network, { rate: 0, latencyMs: 0 });
    await page.close();
  });

  it('plays a cached track after a reload with the network gone', async () => {
    const { page } = await openPage();
    await choose(page, 'Salt');
    await page.waitForFunction(() => document.getElementById('phase')?.textContent === 'complete');
    await page.route('**/media/**', (route) => route.abort());
    await page.reload();
    const before = demo.log.length;
    await choose(page, 'Salt');
    await playedTo(page, 0.5);
    expect(demo.log.length).toBe(before);
    expect(await page.locator('#network').textContent()).toBe('0 B');
    await page.close();
  });

  it('says in words what went wrong', async () => {
    const { page } = await openPage();
    await page.route('**/media/reed.mp3', (route) => route.fulfill({ status: 404, body: 'gone' }));
    await choose(page, 'Reed');
    await page.waitForSelector('#state[data-error="http.status"]');
    expect(await page.locator('#state').textContent()).toContain('404');
    await page.close();
  });

  it('is played by keyboard alone, and fits a phone', async () => {
    const { page } = await openPage({ viewport: { width: 360, height: 740 } });
    await page.locator('#tracks button').first().focus();
    await page.keyboard.press('Enter');
    await playedTo(page, 0.2);
    await page.locator('#play').focus();
    await page.keyboard.press('Space');
    await page.waitForSelector('#play[aria-label="Play"]');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
    await page.close();
  });
});
