// `npm run tab-kills [-- --kills 60 --minutes 10 --seed 1]`: kills a whole browser with SIGKILL at random moments while a page stores a
// download in IndexedDB and says what was flushed; then starts it again on the same profile, looks whether all of that is there and sound,
// and lets the library fetch the gaps. Needs chromium.
// A database that Chromium itself deletes is counted apart: it does so when a kill has cut a record in its log, see leveldb-log.mjs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { bundleTab } from '../browser/tab-script.mjs';
import { createLogWatch } from './leveldb-log.mjs';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '60' }, minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const until = Date.now() + Number(values.minutes) * 60_000;
const kills = Number(values.kills);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const SIZE = 24 * 1024 * 1024;
const BYTES_PER_SECOND = 16 * 1024 * 1024;
const SLICE = 64 * 1024;
const MAX_KILL_MS = 1500;
const MAX_RESUME_MS = 60_000;
const html = '<!doctype html><meta charset="utf-8"><title>tab</title><script type="module" src="/tab.js"></script>';
const args = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--remote-debugging-port=0',
];

const random = xorshift(seed);
const content = Buffer.alloc(SIZE + SLICE);
for (let i = 0; i < content.length; i += 4) content.writeUInt32LE(random() >>> 0, i);

const script = await bundleTab();
const taken = new Map();
const server = createServer((request, response) => serve(request, response).catch(() => response.destroy()));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const profile = await mkdtemp(path.join(os.tmpdir(), 'aulos-tab-kills-'));
const logs = createLogWatch(path.join(profile, 'Default/IndexedDB'));

console.log(`seed ${seed}`);
const failures = [];
const deletions = [];
const stops = { midway: 0, beforeAnyFlush: 0, afterCommit: 0 };
/** How often a page said that the database had gone before the page was killed, and how often that it did not open in time. */
const pagesSaid = { volatile: 0, unavailable: 0 };
let left;
let done = 0;
for (; done <= kills && Date.now() < until; done++) {
  const browser = await startBrowser();
  if (left) {
    const isLate = wait(MAX_RESUME_MS, `does not resume in ${MAX_RESUME_MS} ms`, { ref: false });
    const problem = await Promise.race([problemOf(browser.page, left), isLate]).catch((error) => `does not resume: ${error.message}`);
    if (problem) failures.push(`kill ${done}: ${problem} (flushed ${left.flushed}, version ${left.version})`);
  }
  if (done < kills) left = await killMidway(browser, done);
  else browser.kill();
  await browser.ended;
  if (left) left.spoiled = await logs.look();
}
server.closeAllConnections();
server.close();
await rm(profile, { recursive: true, force: true, maxRetries: 5 });
for (const failure of [...deletions, ...failures]) console.error(failure);
console.log(
  `${done - 1} kills (${JSON.stringify({ ...stops, ...pagesSaid })}); ${failures.length} corrupt reads, lost acknowledgements or failed resumes; ${logs.cuts} logs cut, ${deletions.length} databases deleted by Chromium`,
);
process.exitCode = failures.length > 0 || done <= kills / 2 ? 1 : 0;

/** Stores a new asset until the browser is killed. Gives what was promised of it. */
async function killMidway({ page, kill }, version) {
  const state = { version, flushed: 0, committed: false };
  let begin;
  const begun = new Promise((resolve) => {
    begin = resolve;
    page.on('console', (message) => {
      const [word, bytes] = message.text().split(' ');
      if (word === 'flushed') state.flushed = Number(bytes);
      if (word === 'committed') state.committed = true;
      if (word === 'begun') resolve();
      if (word in pagesSaid) pagesSaid[word]++;
    });
  });
  const pieceBytes = SLICE << (random() % 7);
  page.evaluate(([url, piece]) => globalThis.tab.acknowledge(url, piece), [urlOf(version), pieceBytes]).catch(begin); // killed, or no database in time
  await begun;
  await wait(random() % MAX_KILL_MS);
  kill();
  stops[state.committed ? 'afterCommit' : state.flushed > 0 ? 'midway' : 'beforeAnyFlush']++;
  return state;
}

/** What is wrong with what a killed browser left. */
async function problemOf(page, { version, flushed, committed, spoiled }) {
  const url = urlOf(version);
  const found = await page.evaluate((url) => globalThis.tab.inspect(url), url);
  const isDeleted = spoiled.length > 0 && found.generation === 0;
  if (isDeleted) {
    deletions.push(`kill ${version + 1}: Chromium has deleted the database (${spoiled.join('; ')})`);
    logs.forget();
  }
  if (found.digest !== digestOf(version, found.held)) return `${found.held} bytes are held, and wrong`;
  if (found.damaged > 0) return `${found.damaged} runs are damaged`;
  if (found.held < flushed && !isDeleted)
    return `only ${found.held} bytes are held, ${found.heldInAll} in all, of generation ${found.generation}`;
  if (committed && !found.committed && !isDeleted) return 'the commit is gone';
  await page.evaluate((url) => globalThis.tab.start(url), url);
  taken.set(version, 0);
  const { digest } = await page.evaluate(() => globalThis.tab.completed());
  if (digest !== digestOf(version, SIZE)) return 'wrong bytes after the resume';
  const limit = SIZE - found.held;
  if (taken.get(version) > limit) return `the resume took ${taken.get(version)} bytes, of which ${limit} were missing`;
  await page.evaluate((url) => globalThis.tab.forget(url), url);
  return undefined;
}

/** Starts the browser in a process group of its own. */
async function startBrowser() {
  const child = spawn('/usr/bin/chromium', [...args, `--user-data-dir=${profile}`, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const endpoint = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const [, found] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(`chromium ended: ${said}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint);
  const page = await browser.contexts()[0].newPage();
  await page.goto(`${origin}/page`);
  await page.waitForFunction(() => 'tab' in globalThis);
  return { page, ended, kill: () => process.kill(-child.pid, 'SIGKILL') };
}

async function serve(request, response) {
  const { pathname } = new URL(request.url, origin);
  const [, name, number] = pathname.split('/');
  if (name === 'page') return response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  if (name === 'tab.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
  if (name !== 'media') return response.writeHead(404).end();
  const version = Number(number);
  const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const headers = { 'content-type': 'audio/mpeg', 'content-length': SIZE - start, etag: `"${version}"` };
  if (from !== undefined) headers['content-range'] = `bytes ${start}-${SIZE - 1}/${SIZE}`;
  response.writeHead(from === undefined ? 200 : 206, headers);
  for (let at = start; at < SIZE && !response.destroyed; at += SLICE) {
    const end = Math.min(SIZE, at + SLICE);
    response.write(bytesOf(version, at, end));
    taken.set(version, (taken.get(version) ?? 0) + end - at);
    await wait((SLICE / BYTES_PER_SECOND) * 1000);
  }
  response.end();
}

/** Each version is the same content from another offset on, so that no two agree anywhere. */
function bytesOf(version, start, end) {
  const shift = (version * 37) % SLICE;
  return content.subarray(start + shift, end + shift);
}

function digestOf(version, length) {
  return createHash('sha256')
    .update(bytesOf(version, 0, length))
    .digest('hex');
}

function urlOf(version) {
  return `${origin}/media/${version}`;
}

/** Marsaglia 2003. */
function xorshift(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
