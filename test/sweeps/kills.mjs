// `npm run kills [-- --minutes 10]`: kills a writer process at its every write, sync, rename … system call; then opens what it left, reads
// all of it, resumes and reads again. Prints how many distinct (system call, N, scenario) points were hit. Needs strace.
import { cp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { problemAfter } from './aftermath.mjs';
import { scenarios } from './scenarios.mjs';
import { layOut } from './templates.mjs';
import { requireStrace, TracedWriter } from './traced-writer.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const began = Date.now();
const until = began + Number(values.minutes) * 60_000;
const CALLS = [
  'pwrite64',
  'fdatasync',
  'fsync',
  'rename',
  'write',
  'openat',
  'unlink',
  'mkdir',
  'close',
  'rmdir',
  'ftruncate',
  'link',
  'pread64',
];

requireStrace();
const { base, bundle, createDiskStore, key } = await layOut('kills');

/** One call of one scenario; `n` counts up until the writer reaches its end unharmed. */
const lanes = CALLS.flatMap((call) => Object.keys(scenarios).map((_, scenario) => ({ call, scenario, n: 1 })));
const points = new Map(CALLS.map((call) => [call, 0]));
const failures = [];

// One more than there are processors: a writer that is starting waits for the disk now and then.
await Promise.all(Array.from({ length: os.availableParallelism() + 1 }, (_, i) => work(path.join(base, `root-${i}`))));
await rm(base, { recursive: true, force: true });
for (const failure of failures) console.error(failure);

const minutes = (Date.now() - began) / 60_000;
const killed = [...points.values()].reduce((sum, hit) => sum + hit, 0);
const left = lanes.length > 0 ? `, out of time with ${lanes.length} calls unfinished` : '';
console.log([...points].map(([call, hit]) => `${hit} ${call}`).join(', '));
console.log(`${killed} kill points in ${minutes.toFixed(1)} minutes (${Math.round(killed / minutes)} a minute${left})`);
console.log(`${failures.length} wrong reads or lost acknowledgements`);
process.exit(failures.length > 0 ? 1 : 0);

async function work(root) {
  let writer = new TracedWriter(bundle);
  for (let lane = lanes.shift(); lane && Date.now() < until; lane = lanes.shift()) {
    const next = new TracedWriter(bundle); // starts while this one is killed and looked after
    if (await kill(lane, writer, root)) lanes.push({ ...lane, n: lane.n + 1 });
    await writer.end();
    writer = next;
  }
  await writer.end();
}

/** Kills a writer once and looks at what is left. False if it had ended before. */
async function kill({ call, scenario, n }, writer, root) {
  const name = Object.keys(scenarios)[scenario];
  await rm(root, { recursive: true, force: true });
  await cp(path.join(base, `template-${scenario}`), root, { recursive: true, preserveTimestamps: true });
  const { lines, signal } = await writer.run(scenario, root, call, `signal=KILL:when=${n}`);
  const isKilled = signal === 'SIGKILL';
  if (isKilled) points.set(call, points.get(call) + 1);
  const told = lines.find((line) => /^(wrong|untyped|leaked|typed)/.test(line));
  const problem = told ?? (await problemAfter(createDiskStore, root, key, lines).catch((error) => error.stack));
  if (problem || (signal && !isKilled)) failures.push(`${name}: ${call} ${n}: ${problem ?? signal}`);
  return isKilled;
}
