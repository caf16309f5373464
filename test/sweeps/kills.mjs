// `npm run kills [-- --minutes 10 --only kills|errors]`: kills a writer process at its every write, sync, rename … system call, and fails
// each of those calls with ENOSPC, EIO, EACCES and EMFILE; then opens what it left, reads all of it, resumes and reads again. Prints how
// many distinct (system call, N, scenario) points were hit. Needs strace (Debian: apt-get install strace).
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { complete, findWrongByte, SIZE, scenarios, versionOf } from './scenarios.mjs';
import { bundleStore } from './store-bundle.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, only: { type: 'string' } } });
const until = Date.now() + Number(values.minutes) * 60_000;
const KILLED_CALLS = ['pwrite64', 'fdatasync', 'fsync', 'rename', 'write', 'openat', 'unlink', 'mkdir', 'close'];
const FAILED_CALLS = { pwrite64: ['ENOSPC', 'EIO'], fdatasync: ['EIO', 'ENOSPC'], rename: ['EIO', 'EACCES'], openat: ['EMFILE', 'EACCES'] };
/** A call that comes after so many of its kind is only in the way of others. */
const MAX_N = 400;
const EARLY_STEP = 4;
const WRITER_MS = 30_000;

if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0) {
  console.error('\n*** NOTHING WAS TESTED: there is no strace here (on Debian: apt-get install strace)\n');
  process.exit(1);
}

// Nothing here cuts the power, so a disk in memory tells as much as a real one, and sooner.
const inMemory = await readdir('/dev/shm').then(
  () => '/dev/shm',
  () => os.tmpdir(),
);
const base = await mkdtemp(path.join(inMemory, 'aulos-kills-'));
const bundle = await bundleStore(base);
const { createDiskStore, assetKey } = await import(bundle);
const key = assetKey('https://example.org/sweep.mp3');
const writer = fileURLToPath(new URL('writer.mjs', import.meta.url));

const isKilling = ({ fault }) => fault.startsWith('signal');

/** One way to break one scenario; `n` counts up until the writer reaches its end unharmed. */
const lanes = Object.keys(scenarios).flatMap((name) => [
  ...(values.only === 'errors' ? [] : KILLED_CALLS.map((call) => ({ name, call, fault: 'signal=KILL', n: 1 }))),
  ...(values.only === 'kills'
    ? []
    : Object.entries(FAILED_CALLS).flatMap(([call, errors]) =>
        errors.flatMap((error) => [
          { name, call, fault: `error=${error}`, n: 1 },
          { name, call, fault: `error=${error}`, isLasting: true, n: 1 },
        ]),
      )),
]);
const counts = { kills: 0, errors: 0, early: 0 };
const failures = [];

for (const [i, name] of Object.keys(scenarios).entries()) {
  const template = path.join(base, `template-${i}`);
  await mkdir(template, { mode: 0o700 });
  const { prepare, durability } = scenarios[name];
  const store = createDiskStore({ root: template, durability });
  await prepare?.(store, key);
  await store.close();
  scenarios[name].template = template;
}

await Promise.all(Array.from({ length: os.availableParallelism() }, (_, id) => work(path.join(base, `root-${id}`))));
await rm(base, { recursive: true, force: true });
for (const failure of failures) console.error(failure);
const left = lanes.length > 0 ? ` (out of time with ${lanes.length} lanes unfinished)` : '';
console.log(
  `${counts.kills} kill points and ${counts.errors} failed system calls${left}; ${counts.early} more were before the store began`,
);
console.log(`${failures.length} corrupt reads, lost acknowledgements or untyped errors`);
process.exit(failures.length > 0 ? 1 : 0);

async function work(root) {
  while (Date.now() < until) {
    const [lane] = lanes.splice(Math.max(0, lanes.findIndex(isKilling)), 1); // kills first, in turn
    if (!lane) return;
    const step = await hit(lane, root);
    lane.n += step;
    if (step > 0 && lane.n <= MAX_N) lanes.push(lane);
  }
}

/** Breaks a writer once and looks at what is left. Gives how far to go on from `n`; 0 if the fault did not come about, nor will later ones. */
async function hit({ name, call, fault, isLasting, n }, root) {
  await rm(root, { recursive: true, force: true });
  await cp(scenarios[name].template, root, { recursive: true, preserveTimestamps: true });
  const isKill = isKilling({ fault });
  // What is killed with --seccomp-bpf lives on. What is not, and fails calls, says so in the trace.
  const trace = isKill ? ['-o', '/dev/null'] : ['--seccomp-bpf', '-e', 'status=failed', '-o', '|grep -c INJECTED >&2'];
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${n}${isLasting ? '+' : ''}`];
  const { lines, signal, isHit, stderr } = await runWriter([...trace, ...inject], root, name);
  const began = lines.includes('begun');
  if (isKill ? signal !== 'SIGKILL' : !isHit) return 0;
  if (!began) {
    counts.early++; // Node itself was starting
    return EARLY_STEP;
  }
  counts[isKill ? 'kills' : 'errors']++;
  const problem = (await problemIn(lines, isKill, stderr)) ?? (await problemOf(root, lines, isKill).catch((error) => error.stack));
  if (problem) failures.push(`${name}: ${call} ${n}${isLasting ? '+' : ''} ${fault}: ${problem}`);
  return 1;
}

function runWriter(straceArgs, root, name) {
  const child = spawn('strace', ['-f', '-qq', ...straceArgs, process.execPath, writer, bundle, root, name], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    timeout: WRITER_MS,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', (_, signal) => resolve({ lines: stdout.split('\n'), signal, isHit: /^[1-9]\d*$/m.test(stderr), stderr }));
  });
}

/** What the writer itself saw. With a failing disk it must come to its end, in order. */
function problemIn(lines, isKill, stderr) {
  const wrong = lines.find((line) => line.startsWith('wrong'));
  if (wrong) return `read a wrong byte at ${wrong}`;
  // A process that cannot open its own modules, or that was cut off by strace, has not come to the store.
  return isKill || lines.includes('ended') ? undefined : `did not end:\n${stderr}`;
}

/** What the next process finds. */
async function problemOf(root, lines, isKill) {
  const store = createDiskStore({ root });
  const asset = await store.open(key);
  const wrong = await findWrongByte(asset);
  if (wrong !== undefined) return `wrong byte at ${wrong}`;
  const lost = isKill && asset.facts && lostOf(asset, lines);
  if (lost) return `acknowledged and gone: ${lost}`;
  await complete(asset);
  await store.close();
  const again = createDiskStore({ root });
  const { damaged } = await again.verify();
  if (damaged.length > 0) return `damaged after it was completed: ${JSON.stringify(damaged)}`;
  const reopened = await again.open(key);
  if (!reopened.committed || reopened.held.size !== SIZE) return 'not complete after it was completed';
  await again.close();
  const leftovers = await readdir(path.join(root, 'tmp')).catch(() => []);
  return leftovers.length > 0 ? `left ${leftovers}` : undefined;
}

/** The first acknowledged range of the present version that is not held any more. */
function lostOf(asset, lines) {
  const since = lines.slice(lines.lastIndexOf('forget') + 1);
  const etag = `"${versionOf(asset.facts)}"`;
  return since.find((line) => {
    const [word, version, start, end] = line.split(' ');
    return word === 'held' && version === etag && !asset.held.contains({ start: Number(start), end: Number(end) });
  });
}
