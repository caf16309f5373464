import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: the demo is plain JavaScript
import { startDemo } from '../demo/server.mjs';
// @ts-expect-error: the demo is plain JavaScript
import { tracks } from '../demo/tracks.js';
import { launchChromium } from './demo/browsers.ts';
import { describeScenes } from './demo/scenes.ts';
import { visitorIn } from './demo/visitor.ts';
import { requireTool, root } from './tools.ts';

declare const axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

interface Demo {
  readonly url: string;
  close(): Promise<void>;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let demo: Demo;
let browser: Browser;

/** A page of its own profile on the demo; its errors, violations of its policy among them, are collected. */
async function openPage(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(demo.url);
  await ready(page);
  return { page, errors };
}

const titles: string[] = tracks.map(({ title }: { title: string }) => title);
const rows = (page: Page) => page.locator('#queue .title').allTextContents();
const row = (page: Page, title: string) => page.locator('#queue li', { hasText: title });
const stored = (page: Page, title: string) => page.locator('#stored li', { hasText: title });
const choose = (page: Page, title: string) => row(page, title).locator('.track').click();
const ready = (page: Page) => page.waitForFunction((count) => document.querySelectorAll('#queue .track').length === count, titles.length);
/** Waits until the page shows this text there. */
const shows = (page: Page, id: string, text: string) =>
  page.waitForFunction(([id, text]) => document.getElementById(id)?.textContent === text, [id, text]);
/** Waits until the position that the page shows has reached `seconds`, a whole number. */
const playedTo = (page: Page, seconds: number) =>
  page.waitForFunction((seconds) => Number(document.getElementById('wave')?.getAttribute('aria-valuenow')) >= seconds, seconds);
/** What axe finds wrong. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

describe.runIf(requireTool('chromium'))('the demo page', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    if (!existsSync(path.join(root, 'dist/browser/aulos.js'))) throw new Error('dist is not built: npm run build');
    demo = await startDemo();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  it('survives a network that drops every connection', async () => {
    const { page } = await openPage();
    const isSet = page.waitForResponse((response) => response.request().method() === 'PUT');
    await page.selectOption('#drop', '400000');
    await isSet; // the server drops the next request, not one that came before it knew
    await choose(page, 'Late Ferry');
    await page.waitForFunction(() => Number(document.getElementById('requests')?.textContent) > 1);
    await stored(page, 'Late Ferry').filter({ hasText: 'whole' }).waitFor();
    await page.close();
  });

  it('draws the waveform as it is held and played', async () => {
    const { page } = await openPage({ colorScheme: 'light' });
    await choose(page, 'Small Hours');
    await page.waitForFunction(() => {
      const { width, height } = document.querySelector('canvas')!;
      const pixels = document.querySelector('canvas')!.getContext('2d')!.getImageData(0, 0, width, height).data;
      const colours = new Set<string>();
      let painted = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        if (pixels[i + 3] === 255) colours.add(pixels.slice(i, i + 3).join());
        if (pixels[i + 3] === 255) painted++;
      }
      // Played and held, and far more of it than the lines of a track whose sound is not known.
      return colours.has('169,71,31') && colours.has('211,161,132') && painted > 6 * width;
    });
    await page.close();
  });

  it('lets the queue be changed by dragging and by buttons, and keeps it', async () => {
    const { page } = await openPage();
    const handle = row(page, 'Salt').locator('.handle');
    await handle.hover();
    const target = await row(page, 'Reed').boundingBox();
    await page.mouse.down();
    await page.mouse.move(target!.x + 10, target!.y + 2, { steps: 4 });
    await page.mouse.up();
    expect((await rows(page)).slice(0, 2)).toEqual(['Salt', 'Reed']);
    await page.getByRole('button', { name: 'Move Salt down' }).press('Enter');
    await page.getByRole('button', { name: 'Remove Harbour' }).press('Enter');
    const expected = ['Reed', 'Salt', 'Kithara', 'Late Ferry', 'Lanterns', 'Small Hours'];
    expect(await rows(page)).toEqual(expected);
    await page.reload();
    await page.waitForSelector('#queue .track');
    expect(await rows(page)).toEqual(expected);
    await page.close();
  });

  it('keeps a track for offline, and shows, verifies, frees and deletes what is stored', async () => {
    const { page, errors } = await openPage();
    await page.getByRole('switch', { name: 'Keep Lanterns offline' }).click();
    await stored(page, 'Lanterns').filter({ hasText: 'whole, kept offline' }).waitFor();
    await choose(page, 'Salt');
    await stored(page, 'Salt').filter({ hasText: 'whole' }).waitFor();
    await page.locator('#verify').click();
    await page.waitForFunction(() => /every byte is as it was/.test(document.getElementById('stored-report')?.textContent ?? ''));
    await page.getByRole('button', { name: 'Delete Salt' }).click();
    await page.waitForFunction(() => Number(document.getElementById('requests')?.textContent) > 0);
    await playedTo(page, 1);
    await page.getByRole('switch', { name: 'Keep Lanterns offline' }).click();
    await stored(page, 'Lanterns').filter({ hasNotText: 'kept offline' }).waitFor();
    await page.locator('#free').click();
    await stored(page, 'Lanterns').waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
    await page.close();
  });

  it('says in words what went wrong, and tries again', async () => {
    const { page } = await openPage();
    await page.route('**/media/late-ferry.m4a', (route) => route.fulfill({ status: 404, body: 'gone' }), { times: 1 });
    await choose(page, 'Late Ferry');
    await page.waitForSelector('#state[data-error="http.status"]');
    expect(await page.locator('#state').textContent()).toContain('404');
    await page.locator('#retry').click();
    await playedTo(page, 1);
    expect(await page.locator('#retry').isVisible()).toBe(false);
    await page.close();
  });

  it('is played by keyboard alone, and fits a phone', async () => {
    const { page } = await openPage({ viewport: { width: 360, height: 740 } });
    await page.locator('#queue .track').first().focus();
    await page.keyboard.press('Enter');
    await playedTo(page, 1);
    await page.locator('#play').focus();
    await page.keyboard.press('Space');
    await page.waitForSelector('#play[aria-label="Play"]');
    await page.locator('#wave').focus();
    await page.keyboard.press('PageUp');
    await playedTo(page, 6);
    expect(await page.locator('#wave').getAttribute('aria-valuetext')).toMatch(/^\d+ s of 56 s$/);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
    await page.keyboard.press('n');
    await shows(page, 'now', 'Kithara');
    await page.close();
  });

  it('has nothing that axe objects to, dark or light, and keeps to a strict policy', async () => {
    const { page, errors } = await openPage({ colorScheme: 'light' });
    await choose(page, 'Reed');
    await playedTo(page, 1);
    await page.waitForFunction(() => Number.parseFloat(document.getElementById('left')?.style.getPropertyValue('--level') ?? '') > 20);
    expect(await faults(page)).toEqual([]);
    await page.locator('#theme').click();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator('#help-button').click();
    expect(await faults(page)).toEqual([]);
    const policy = (await page.request.get(demo.url)).headers()['content-security-policy'];
    expect(policy).toContain("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'");
    expect(policy).not.toContain('unsafe-inline');
    expect(errors).toEqual([]);
    await page.close();
  });

  describeScenes('Chromium', () => visitorIn(browser));
});
