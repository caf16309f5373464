// The second part of `npm run bench:seek`: milliseconds from a seek to 90 % of a file of 10 minutes to its sound, in Chromium, over an origin
// of 1 MB/s and 40 ms, of which only the head was read: ours, <audio> and mediabunny (if it is installed: npm i --no-save mediabunny),
// alternating, medians. Needs chromium, ffmpeg, flac and lame.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { chromium } from 'playwright';
import { startDemo } from '../demo/server.mjs';
import { build, root } from '../setup.mjs';
import { media, mediaFolder } from './media.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = 600;
const PART = 0.9;
const formats = { 'MP3 CBR': 'cbr.mp3', 'MP3 VBR': 'vbr.mp3', FLAC: 'stereo.flac', 'M4A, moov first': 'first.m4a', ADTS: 'stereo.aac' };
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'];

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-seek-sound-'));
try {
  build();
  for (const file of ['seek-sound.html', 'seek-sound.js', 'tap.js'])
    copyFileSync(fileURLToPath(new URL(`page/${file}`, import.meta.url)), path.join(folder, file));
  const stdin = { contents: "export * from 'mediabunny'", resolveDir: root };
  await bundle({ stdin, bundle: true, format: 'esm', outfile: path.join(folder, 'mediabunny.js'), logLevel: 'silent' }).catch(() => {}); // not installed
  for (const name of Object.values(formats)) media(name, SECONDS);
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare() {
  const demo = await startDemo({ roots: { '/bench/': folder, '/media/': path.join(mediaFolder, String(SECONDS)) } });
  Object.assign(demo.network, { rate: 1_000_000, latencyMs: 40 });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    await page.goto(`${demo.url}bench/seek-sound.html`);
    await page.waitForFunction(() => globalThis.isReady);
    const names = await page.evaluate(() => globalThis.names);
    console.log(
      `\nseek to ${100 * PART} % of ${SECONDS / 60} minutes, head read, 1 MB/s and 40 ms: ms to the sound (none in 20 s), ${ROUNDS} alternating rounds, medians\n`,
    );
    console.log(`${''.padEnd(18)}${names.map((name) => name.padStart(12)).join('')}`);
    let serial = 0;
    for (const [format, file] of Object.entries(formats)) {
      const times = Object.fromEntries(names.map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of names) {
          const url = `/media/${file}?fresh=${serial++}`; // nothing of it is in any cache
          times[name].push(await page.evaluate((call) => globalThis.measure(...call), [name, url, PART * SECONDS]).catch(() => Infinity));
        }
      }
      const cells = names.map((name) => median(times[name])).map((ms) => (ms < Infinity ? ms.toFixed(0) : 'none').padStart(12));
      console.log(`${format.padEnd(18)}${cells.join('')}`);
    }
  } finally {
    await browser.close();
    await demo.close();
  }
}
