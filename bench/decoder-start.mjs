// `node bench/decoder-start.mjs`: what `decoder: 'auto'` goes by. Milliseconds in a fresh page of Chromium from the choice of a decoder to the
// first 0.1 s of sound, its code loaded from the server and WebCodecs tried with a packet as each needs: ours and the platform's, alternating,
// medians. Needs chromium and the fixtures (`node test/fixtures/make.mjs`).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { startDemo } from '../demo/server.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const fixtures = fileURLToPath(new URL('../test/fixtures/', import.meta.url));
const files = {
  MP3: 'media/cbr.mp3',
  'AAC-LC': 'media/moov-first.m4a',
  'HE-AAC': 'he-aac/v1.m4a',
  FLAC: 'media/stereo.flac',
  ALAC: 'media/alac.m4a',
  Opus: 'media/halves/1.opus',
  Vorbis: 'media/vorbis.ogg',
};

/** Column → what is measured: the family, and whether the code has been loaded and run before, as a player does while the head is on its way. */
const ways = { 'ours, cold': ['shared', false], 'ours, rehearsed': ['shared', true], WebCodecs: ['native', false] };

/** In the page: reads the packets first, so that decoding alone is timed. */
const script = `
  import { createDecoder, rehearse } from './src/decode/registry.ts';
  import { openDemuxer } from './src/demux/probe.ts';

  globalThis.measure = async (url, family, isRehearsed) => {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const signal = new AbortController().signal;
    const source = { length: bytes.length, mediaType: '', read: async ({ start, end }) => bytes.slice(start, end) };
    const demuxer = await openDemuxer(source, url, signal);
    const { config } = await demuxer.info(signal);
    const packets = [];
    for await (const packet of demuxer.packets(signal)) packets.push(packet);
    if (isRehearsed) await rehearse(config.codec);
    const start = performance.now();
    const decoder = await createDecoder(config, { decoder: family });
    for (let frames = 0, next = 0; frames < config.sampleRate / 10; next += 4) {
      for (const { planes } of await decoder.decode(packets.slice(next, next + 4), signal)) frames += planes[0].length;
    }
    return performance.now() - start;
  };
`;

/** opus-decoder can run in workers of its own, which aulos does not use, through a package that cannot be bundled. */
const withoutNestedWorkers = {
  name: 'without-nested-workers',
  setup(bundler) {
    bundler.onResolve({ filter: /^@eshaz\/web-worker$/ }, () => ({ path: 'no-worker', namespace: 'none' }));
    bundler.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export default class {}' }));
  },
};

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-decoder-start-'));
try {
  const stdin = { contents: script, resolveDir: fileURLToPath(new URL('..', import.meta.url)), sourcefile: 'main.js', loader: 'ts' };
  const platform = { bundle: true, splitting: true, format: 'esm', minify: true, outdir: folder, plugins: [withoutNestedWorkers] };
  await build({ stdin, ...platform, logLevel: 'error' });
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>start</title><script type="module" src="stdin.js"></script>');
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare() {
  const demo = await startDemo({ roots: { '/bench/': folder, '/fixtures/': fixtures } });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  console.log(`ms from the choice of a decoder to its first sound, Chromium, medians of ${ROUNDS} fresh pages\n`);
  const names = Object.keys(ways);
  console.log(`${''.padEnd(8)}${names.map((name) => name.padStart(17)).join('')}`);
  try {
    for (const [format, file] of Object.entries(files)) {
      const times = Object.fromEntries(names.map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of names) times[name].push(await measure(browser, demo.url, file, ways[name]));
      }
      const cells = names.map((name) => median(times[name])).map((ms) => (ms < Infinity ? ms.toFixed(1) : 'none').padStart(17));
      console.log(`${format.padEnd(8)}${cells.join('')}`);
    }
  } finally {
    await browser.close();
    await demo.close();
  }
}

/** Infinity where the family does not decode it. */
async function measure(browser, url, file, way) {
  const page = await browser.newPage();
  try {
    await page.goto(`${url}bench/index.html`);
    await page.waitForFunction(() => globalThis.measure);
    return await page
      .evaluate((call) => globalThis.measure(...call), [`${url}fixtures/${file}`, ...way])
      .catch((error) => {
        if (!error.message.includes('does not decode')) throw error;
        return Infinity;
      });
  } finally {
    await page.close();
  }
}
