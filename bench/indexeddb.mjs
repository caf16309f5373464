// `npm run bench:indexeddb`: MB/s of 64 MiB from the first write to the end of the flush, our store against a bare loop of puts of the same
// chunks in transactions of the same size, alternating, medians, in Chromium and in Firefox where that is installed. Fails below 0.9.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, firefox } from 'playwright';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const MEGABYTES = (64 * 1024 * 1024) / 1e6;
const LEAST = 0.9;
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
console.log('browser     bare MB/s   ours MB/s   ratio');
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
  const times = { raw: [], ours: [] };
  const run = (contender) => page.evaluate((contender) => globalThis.contenders[contender](), contender);
  for (const contender of Object.keys(times)) await run(contender); // warm
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of Object.keys(times)) times[contender].push(await run(contender));
  }
  await browser.close();
  const [raw, ours] = Object.values(times).map((each) => MEGABYTES / (median(each) / 1000));
  console.log(`${name.padEnd(11)} ${raw.toFixed(0).padStart(9)} ${ours.toFixed(0).padStart(11)} ${(ours / raw).toFixed(2).padStart(7)}`);
  if (ours / raw < LEAST) process.exitCode = 1;
}
