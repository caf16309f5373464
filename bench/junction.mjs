// `npm run bench:junction`: samples that are lost or added where one track follows another, in Chromium. One signal, cut in two at an odd
// sample, is encoded, played in a row by us and by others, taped at the destination of their contexts, and compared with the whole. Also the
// error around the junction beside that in the midst of the first half: what a fade or a click does to it. Fails when ours is not 0.
// Needs chromium, ffmpeg, flac and lame.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { chromium } from 'playwright';
import { startDemo } from '../demo/server.mjs';
import { build } from '../setup.mjs';
import { media } from './media.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = 6;
/** That of Opus: nothing is resampled. */
const RATE = 48_000;
const CUT = 123_457;
const contenders = ['aulos', '<audio> pair', 'gapless.js', 'Gapless-5'];
const page = fileURLToPath(new URL('page/', import.meta.url));
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args]);
const formats = {
  mp3: (wav, out) => execFileSync('lame', ['--quiet', '-b', '192', wav, out]),
  m4a: (wav, out) => ffmpeg('-i', wav, '-c:a', 'aac', '-b:a', '192k', out),
  flac: (wav, out) => execFileSync('flac', ['--silent', '--force', '-o', out, wav]),
  opus: (wav, out) => ffmpeg('-i', wav, '-c:a', 'libopus', '-b:a', '128k', out),
};

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-junction-'));
try {
  build();
  await prepare();
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

/** The page, its bundle, the whole signal and its halves. */
async function prepare() {
  for (const file of ['junction.html', 'tape.js']) copyFileSync(path.join(page, file), path.join(folder, file));
  const outfile = path.join(folder, 'junction.js');
  await bundle({ entryPoints: [path.join(page, 'junction.js')], bundle: true, format: 'esm', external: ['/aulos/*'], outfile });
  const whole = path.join(folder, 'whole.wav');
  ffmpeg('-i', media('stereo.wav', SECONDS), '-ar', String(RATE), '-map_metadata', '-1', '-bitexact', whole);
  for (const [number, trim] of Object.entries({ 1: `end_sample=${CUT}`, 2: `start_sample=${CUT}` })) {
    const half = path.join(folder, `${number}.wav`);
    ffmpeg('-i', whole, '-af', `atrim=${trim}`, '-bitexact', half);
    for (const [extension, encode] of Object.entries(formats)) encode(half, path.join(folder, `${number}.${extension}`));
  }
}

async function compare() {
  const demo = await startDemo({ roots: { '/bench/': folder, '/media/': folder } });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'],
  });
  console.log(`samples added (+) or lost (-) at the junction, of ${ROUNDS} rounds; error there (and what the codec does)\n`);
  console.log(`${''.padEnd(6)}${contenders.map((name) => name.padEnd(38)).join('')}`);
  try {
    for (const extension of Object.keys(formats)) {
      const cells = [];
      for (const name of contenders) cells.push(await play(browser, demo.url, name, extension));
      console.log(`${extension.padEnd(6)}${cells.join('')}`);
    }
  } finally {
    await browser.close();
    await demo.close();
  }
}

async function play(browser, url, name, extension) {
  const runs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const tab = await browser.newPage();
    await tab.goto(`${url}bench/junction.html`);
    await tab.waitForFunction(() => globalThis.isReady);
    const urls = [1, 2].map((half) => `${url}media/${half}.${extension}`);
    runs.push(await tab.evaluate((args) => globalThis.measure(...args), [name, RATE, `${url}media/whole.wav`, CUT, urls]));
    await tab.close();
  }
  if (name === 'aulos' && runs.some(({ added }) => added !== 0)) process.exitCode = 1;
  const worst = runs.reduce((a, b) => (b.junctionDb > a.junctionDb ? b : a));
  const added = runs.map((run) => (run.added > 0 ? `+${run.added}` : run.added)).join(' ');
  const dB = (value) => (value === -Infinity ? 'exact' : `${value.toFixed(0)} dB`);
  return `${added.padEnd(18)} ${dB(worst.junctionDb)} (${dB(worst.codecDb)})`.padEnd(38);
}
