import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Player as PagePlayer } from '../../src/playback/player.browser.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { requireTool, root } from '../tools.ts';
import { bundlePlayerPage } from './player-page.mjs';

// What the page defines.
declare const Player: typeof PagePlayer;
declare const player: PagePlayer;

/** No word of autoplay: the policy is that of visitors. */
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

let origin: Origin;
let browser: Browser;
let page: Page;
/** What the page said so far. */
let said: string[];

/**
 * Opens the page, whose player is told to play at once. What the test runs in it afterwards counts as a gesture, but comes with no event;
 * so the page does this by itself, and says on the console what happens.
 */
async function openPage(): Promise<void> {
  page = await browser.newPage();
  said = [];
  page.on('console', (message) => message.type() === 'log' && said.push(message.text())); // Chromium adds warnings of its own
  await page.addInitScript((src) => {
    addEventListener('load', () => {
      const player = new Player();
      Object.assign(globalThis, { player });
      for (const name of ['play', 'pause', 'unlocked', 'error']) player.addEventListener(name, () => console.log(name));
      player.addEventListener('playing', () => console.log('playing'), { once: true }); // a busy machine may starve it
      player.addEventListener('timeupdate', () => player.currentTime > 0.2 && !player.paused && console.log('heard'));
      const button = document.body.appendChild(document.createElement('button'));
      button.textContent = 'toggle';
      button.onclick = () => {
        if (player.paused) player.play().catch(() => {});
        else player.pause();
      };
      player.src = src;
      player.play().catch((error) => console.log(error.code));
    });
  }, `${origin.url}/fixtures/cbr.mp3`);
  await page.goto(`${origin.url}/player`);
}

const hears = (text: string) => expect.poll(() => said, { timeout: 10_000 }).toContain(text);
const events = () => said.filter((text) => text !== 'heard');

describe.runIf(requireTool('chromium'))('where the browser wants a gesture first', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    origin = await startOrigin();
    for (const [url, resource] of await bundlePlayerPage()) origin.put(url, resource);
    origin.mount('/fixtures', path.join(root, 'test/fixtures/media'));
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });
  beforeEach(async () => {
    await openPage();
    await hears('output.notAllowed');
  });
  afterEach(() => page.close());

  it.each<[string, () => Promise<unknown>]>([
    ['click', () => page.mouse.click(300, 300)],
    ['key', () => page.keyboard.press('a')],
  ])('play() is refused, and the next %s plays', async (_, gesture) => {
    expect(events()).toEqual(['play', 'pause', 'output.notAllowed']);
    await gesture();
    await hears('heard');
    expect(events().slice(3)).toEqual(['unlocked', 'play', 'playing']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a click', () => page.click('button', { delay: 200 })],
    ['a key', () => page.focus('button').then(() => page.keyboard.press('Space', { delay: 200 }))],
  ])('a button that toggles, pressed by %s, finds the player as it left it', async (_, press) => {
    await press();
    await hears('heard');
    expect(events().slice(3).sort()).toEqual(['play', 'playing', 'unlocked']);
    await press();
    expect(await page.evaluate(() => player.paused)).toBe(true);
  });

  it('unlock() in a gesture plays', async () => {
    await page.evaluate(() => player.unlock());
    await hears('heard');
    expect(events().slice(3)).toEqual(['unlocked', 'play', 'playing']);
  });

  it('the wish is forgotten when the player is paused', async () => {
    await page.evaluate(() => player.pause());
    await page.mouse.click(300, 300);
    expect(await page.evaluate(() => player.unlock().then(() => player.paused))).toBe(true);
    expect(events().slice(3)).toEqual(['unlocked']);
  });
});
