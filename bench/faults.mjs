// `npm run faults`: serves every fault of test/fakes/faults.ts to aulos, and to curl, wget and aria2 where they are installed, and prints
// what became of the download. Ends badly when aulos is below its bar.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build, root } from '../setup.mjs';

/** Longer than this is hung. */
const LIMIT_MS = 30_000;
const AT_ONCE = 6;
/** Of the faults, this many must be recovered from. */
const BAR = 34 / 40;
/** A user of a program tries again when it failed; aulos gets one run. */
const RUNS = 3;

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-faults-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The test fakes are TypeScript. */
async function importFakes() {
  const outfile = path.join(folder, 'fakes.mjs');
  const stdin = {
    contents: ['faults', 'fault-server', 'content'].map((name) => `export * from './test/fakes/${name}.ts';`).join('\n'),
    resolveDir: root,
  };
  await bundle({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  return import(pathToFileURL(outfile).href);
}

build();
const { httpFaults, startFaultServer, virtualBytes, firstDifference } = await importFakes();
const { createAulos } = await import('../dist/node.js');

const isOf = (bytes, { seed, size }) => bytes.length === size && firstDifference(bytes, virtualBytes(0, size, seed)) < 0;
const isOneOf = (bytes, versions) => versions.some((version) => isOf(bytes, version));

/** What aulos made of a fault, by its public options. */
async function withAulos({ versions, refreshTo }, server, file) {
  const aulos = createAulos({
    cacheDir: file,
    durability: 'none',
    timeouts: { connectMs: 1000, firstByteMs: 1000, stallMs: 1000, slowMs: 1000 },
    retry: { baseMs: 50, maxDelayMs: 1000 },
  });
  try {
    const refreshUrl = refreshTo && (async () => server.url + refreshTo);
    const source = await aulos.source(`${server.url}/a`, { refreshUrl });
    const error = await source.completed(AbortSignal.timeout(LIMIT_MS)).then(
      () => undefined,
      (reason) => reason,
    );
    if (error?.name === 'TimeoutError') return 'HUNG';
    const runs = [];
    for (const { start, end } of source.held) runs.push({ start, bytes: await source.reader().tryRead({ start, end }) });
    const isSound = versions.some(
      ({ seed, size }) =>
        (error || source.length === size) &&
        runs.every(({ start, bytes }) => firstDifference(bytes, virtualBytes(start, start + bytes.length, seed)) < 0),
    );
    if (!isSound) return 'WRONG';
    return error ? error.code : 'recovered';
  } finally {
    await aulos.close();
  }
}

/** The programs with the options that make them retry and resume, and as impatient as aulos is here. */
const programs = {
  curl: (url, file) =>
    `curl -sS -L -f -C - --retry 5 --retry-all-errors --retry-delay 1 --connect-timeout 2 --speed-limit 100 --speed-time 2 -o ${file} ${url}`,
  wget: (url, file) =>
    `wget -q -c --tries=5 --timeout=2 --waitretry=1 --retry-connrefused --retry-on-http-error=408,425,429,500,502,503,504 -O ${file} ${url}`,
  aria2c: (url, file) =>
    `aria2c -q -c --max-tries=5 --retry-wait=1 --timeout=2 --connect-timeout=2 --lowest-speed-limit=100 --allow-overwrite=true -d ${path.dirname(file)} -o ${path.basename(file)} ${url}`,
};

const withProgram =
  (program) =>
  async ({ versions }, server, file) => {
    const deadline = AbortSignal.timeout(LIMIT_MS);
    for (let run = 1; run <= RUNS; run++) {
      const status = await exitOf(programs[program](`${server.url}/a`, file), deadline);
      if (deadline.aborted) return 'HUNG';
      if (status === 0) return existsSync(file) && isOneOf(readFileSync(file), versions) ? 'recovered' : 'WRONG';
      if (run === RUNS) return `exit ${status}`;
    }
  };

function exitOf(command, signal) {
  const [program, ...args] = command.split(' ');
  const child = spawn(program, args, { stdio: 'ignore', signal, killSignal: 'SIGKILL' });
  return new Promise((resolve) => {
    child.on('error', () => {}); // the deadline
    child.on('close', resolve);
  });
}

const has = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
const missing = Object.keys(programs).filter((program) => !has(program));
const contestants = { aulos: withAulos };
for (const program of Object.keys(programs)) if (!missing.includes(program)) contestants[program] = withProgram(program);

/** Each contestant has a server, and so a first request, of its own. */
async function meet(fault, number, name) {
  const server = await startFaultServer(fault.versions, fault.answer);
  try {
    return await contestants[name](fault, server, path.join(folder, `${name}-${number}`));
  } finally {
    await server.close();
  }
}

const results = httpFaults.map(() => ({}));
const jobs = httpFaults.flatMap((fault, number) => Object.keys(contestants).map((name) => ({ fault, number, name })));
const worker = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) results[job.number][job.name] = await meet(job.fault, job.number, job.name);
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));

const names = Object.keys(contestants);
const line = (cells) =>
  cells
    .map((cell, i) => String(cell).padEnd(i === 0 ? 56 : 20))
    .join('')
    .trimEnd();
const count = (name, isSo) => results.filter((result) => isSo(result[name])).length;
const kinds = {
  recovered: (outcome) => outcome === 'recovered',
  'typed error': (outcome) => !['recovered', 'WRONG', 'HUNG'].includes(outcome),
  'silently wrong': (outcome) => outcome === 'WRONG',
  hung: (outcome) => outcome === 'HUNG',
};
console.log(`${httpFaults.length} faults; a program that fails is run up to ${RUNS} times, aulos once\n`);
console.log(line(['', ...names]));
for (const [number, { name }] of httpFaults.entries()) console.log(line([name, ...names.map((each) => results[number][each])]));
console.log();
for (const [kind, isSo] of Object.entries(kinds)) console.log(line([kind, ...names.map((name) => count(name, isSo))]));
if (missing.length > 0) console.log(`\nnot installed, so not measured: ${missing.join(', ')}`);

const recovered = count('aulos', kinds.recovered);
const isBelow = recovered < BAR * httpFaults.length || count('aulos', kinds['silently wrong']) > 0 || count('aulos', kinds.hung) > 0;
console.log(
  `\naulos: ${isBelow ? 'BELOW' : 'within'} the bar (nothing silently wrong or hung, at least ${Math.ceil(BAR * httpFaults.length)} recovered)`,
);
process.exitCode = isBelow ? 1 : 0;
