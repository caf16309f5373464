// `npm run bench:indexeddb`: MB/s of 64 MiB from the first write to the end of the flush, and of reading them again, our store against a
// bare loop of puts and gets of the same chunks, puts in transactions of the same size; alternating, medians, in Chromium and in Firefox
// where that is installed. Then how long a store of 1,000 assets takes to open one, and to list all. Fails when writing is below 0.9 of the
// loop, or a list takes longer than 300 ms.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, firefox } from 'playwright';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const MEGABYTES = (64 * 1024 * 1024) / 1e6;
const LEAST_RATIO = 0.9;
const ASSETS = 1000;
const MAX_LIST_MS = 300;
const browsers = {
  Chromium: [chromium, { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] }],
  Firefox: [firefox, { executablePath: '/usr/bin/firefox-esr', channel: 'moz-firefox' }],
};

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('page/indexeddb.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  write: false,
});
const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
const server = createServer(({ url }, response) => {
  const isScript = url === '/page.js';
  response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' }).end(isScript ? outputFiles[0].text : page);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

console.log(`64 MiB, ${ROUNDS} alternating rounds, medians\n`);
console.log('browser     write: bare   ours  ratio   read: bare   ours  ratio   1,000 assets: one open   listed');
for (const [name, [type, options]] of Object.entries(browsers)) {
  if (existsSync(options.executablePath)) await measure(name, await type.launch(options));
  else console.log(`${name.padEnd(11)} is not installed`);
}
server.closeAllConnections();
server.close();

async function measure(name, browser) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => 'contenders' in globalThis);
  const rounds = { raw: [], ours: [] };
  const run = (contender) => page.evaluate((contender) => globalThis.contenders[contender](), contender);
  for (const contender of Object.keys(rounds)) await run(contender); // warm
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of Object.keys(rounds)) rounds[contender].push(await run(contender));
  }
  await page.evaluate((count) => globalThis.fill(count), ASSETS);
  const visits = [];
  for (let round = 0; round < ROUNDS; round++) visits.push(await page.evaluate(() => globalThis.browse()));
  await browser.close();
  if (visits.some(({ assets }) => assets !== ASSETS)) throw new Error(`not all of ${ASSETS} assets are listed`);

  const [write, read] = ['writeMs', 'readMs'].map((field) => {
    const [raw, ours] = Object.values(rounds).map((times) => MEGABYTES / (median(times.map((each) => each[field])) / 1000));
    return { raw, ours, ratio: ours / raw };
  });
  const [openMs, listMs] = ['openMs', 'listMs'].map((field) => median(visits.map((visit) => visit[field])));
  const columns = [
    [`${write.raw.toFixed(0)} MB/s`, 16],
    [write.ours.toFixed(0), 7],
    [write.ratio.toFixed(2), 7],
    [`${read.raw.toFixed(0)} MB/s`, 13],
    [read.ours.toFixed(0), 7],
    [read.ratio.toFixed(2), 7],
    [`${openMs.toFixed(0)} ms`, 25],
    [`${listMs.toFixed(0)} ms`, 9],
  ];
  console.log(name.padEnd(7) + columns.map(([text, width]) => text.padStart(width)).join(''));
  if (write.ratio < LEAST_RATIO || listMs > MAX_LIST_MS) process.exitCode = 1;
}
