// `npm run bench:first-sound`: milliseconds from play() to the first sound in Chromium over an origin of 1 MB/s and 40 ms, our player
// (warm: made before; cold: made in the same task) against <audio>, alternating, medians. As for a visitor who comes back: browsers keep scripts,
// and the compiled code of what was used. `VISIT=first` has them keep nothing. Needs chromium, ffmpeg, flac and lame.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { startDemo } from '../demo/server.mjs';
import { build } from '../setup.mjs';
import { media, mediaFolder } from './media.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const isFirstVisit = process.env.VISIT === 'first';
/** Cold starts until V8 has all that it will keep. */
const EARLIER_VISITS = 4;
const SECONDS = 180;
const formats = {
  MP3: 'cbr.mp3',
  'FLAC, 740 kbit/s': 'recording.flac',
  'FLAC, 390 kbit/s': 'stereo.flac',
  'M4A, moov first': 'first.m4a',
  'M4A, moov last': 'last.m4a',
  ADTS: 'stereo.aac',
};
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--autoplay-policy=no-user-gesture-required',
];

build();
for (const name of Object.values(formats)) media(name, SECONDS);
const roots = { '/bench/': fileURLToPath(new URL('page/', import.meta.url)), '/media/': path.join(mediaFolder, String(SECONDS)) };
const demo = await startDemo({ roots, maxAgeSeconds: isFirstVisit ? 0 : 3600 });
Object.assign(demo.network, { rate: 1_000_000, latencyMs: 40 });
// In what Playwright calls a persistent context, since any other is a private one, for which Chromium keeps no compiled code.
const profile = mkdtempSync(path.join(tmpdir(), 'aulos-first-sound-'));
const launch = { executablePath: '/usr/bin/chromium', args };
const browser = await (isFirstVisit ? chromium.launch(launch) : chromium.launchPersistentContext(profile, launch));

const visit = isFirstVisit ? 'first visit' : 'scripts in the cache';
console.log(`origin of 1 MB/s and 40 ms, ${visit}, ${ROUNDS} alternating rounds, medians, ms; ratios to <audio>\n`);
console.log('format            <audio>    warm          cold');
let serial = 0;
/** Nothing of it is in any cache. */
const fresh = (file) => `/media/${file}?fresh=${serial++}`;
for (const [name, file] of Object.entries(formats)) {
  const page = await browser.newPage(); // for each format: old pages are slow with what they have to clean up
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`${demo.url}bench/index.html`);
  await page.waitForFunction(() => globalThis.isReady);
  const measure = (contender) => page.evaluate(([contender, url]) => globalThis.measure(contender, url), [contender, fresh(file)]);
  if (!isFirstVisit) for (let earlier = 0; earlier < EARLIER_VISITS; earlier++) await measure('cold');
  const times = { audio: [], warm: [], cold: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of Object.keys(times)) times[contender].push(await measure(contender));
  }
  const [audio, warm, cold] = Object.values(times).map(median);
  const cell = (ms) => `${ms.toFixed(0).padStart(5)} (${(ms / audio).toFixed(2)})`;
  await page.close();
  console.log(`${name.padEnd(17)} ${audio.toFixed(0).padStart(7)} ${cell(warm)}  ${cell(cold)}`);
}
await browser.close();
await demo.close();
rmSync(profile, { recursive: true });
