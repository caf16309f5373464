// `npm run bench:memory`: by how much the renderer of a page grows in Chromium while three tracks of 10 minutes are played without a gap.
// Half an hour is too long to wait for: a Player is sent from the beginning of each track to its end, through the speaker; then a worker
// decodes all three from the first sample to the last, 40 times faster, for a page's half that takes the sound as the worklet does.
// Private memory (RssAnon, so that of all threads and heaps) from when it plays on: what is held, after garbage collections at the
// beginning and the end of each track, and the peak in between with all the garbage that the browser saw no reason to collect. Fails when what is held
// grows by 20 MB. Needs chromium, ffmpeg, flac and lame, and /proc.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { startDemo } from '../demo/server.mjs';
import { build } from '../setup.mjs';
import { media, mediaFolder } from './media.mjs';

const SECONDS = 600;
const MAX_GROWTH = 20e6;
const SAMPLE_MS = 250;
/** Apart from the ends of tracks, before which and behind which it is looked. */
const LOOK_SECONDS = 290;
const files = ['cbr.mp3', 'first.m4a', 'stereo.flac'];
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required', '--js-flags=--expose-gc'];

build();
for (const name of files) media(name, SECONDS);
const roots = { '/bench/': fileURLToPath(new URL('page/', import.meta.url)), '/media/': path.join(mediaFolder, String(SECONDS)) };
const demo = await startDemo({ roots });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
const system = await browser.newBrowserCDPSession();
try {
  await measure('a Player, beginnings and ends', async (run, urls, look) => {
    await run('begin', urls);
    await look();
    for (let i = 1; i < urls.length; i++) {
      await run('pass');
      await look();
    }
    await run('finish');
    await look();
  });
  await measure('all of it, at most 40 times faster', async (run, urls, look) => {
    await run('rush', urls);
    for (let seconds = LOOK_SECONDS; seconds < urls.length * SECONDS; seconds += LOOK_SECONDS) {
      await run('rushTo', seconds);
      await look();
    }
    const seconds = await run('rushTo', Infinity);
    if (Math.abs(seconds - urls.length * SECONDS) > 1) throw new Error(`${seconds} seconds of sound came`);
    await look();
  });
} finally {
  await browser.close();
  await demo.close();
}

/** Private bytes of all renderers: there is one page. */
async function privateBytes() {
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return renderers.reduce((sum, { id }) => sum + 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]), 0);
}

/** Plays in a page of its own, and calls `look` where what is held counts; growth counts from the first look on. */
async function measure(title, play) {
  const context = await browser.newContext(); // nothing is stored yet
  const page = await context.newPage();
  await page.goto(`${demo.url}bench/memory.html`);
  await page.waitForFunction(() => globalThis.isReady);
  const empty = await privateBytes();
  const urls = files.map((file) => `${demo.url}media/${file}`);
  const run = (step, ...given) => page.evaluate(([step, given]) => globalThis.steps[step](...given), [step, given]);
  const held = [];
  let peak = 0;
  const timer = setInterval(async () => {
    if (held.length > 0) peak = Math.max(peak, await privateBytes().catch(() => 0)); // a renderer may be ending
  }, SAMPLE_MS);
  await play(run, urls, async () => {
    for (const thread of [page, ...page.workers()]) await thread.evaluate(() => globalThis.gc()).catch(() => {}); // a worker may be ending
    held.push(await privateBytes());
  });
  clearInterval(timer);
  const [before] = held;
  const growth = Math.max(...held) - before;
  const MB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${growth < MAX_GROWTH ? ' ' : '!'} ${title}: +${MB(growth)} held, ${MB(peak - before)} at the peak with garbage`);
  console.log(`  (page alone ${MB(empty)}; then ${held.map(MB).join(', ')})`);
  if (growth >= MAX_GROWTH) process.exitCode = 1;
  await context.close();
}
