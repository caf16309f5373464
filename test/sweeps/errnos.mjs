// `npm run errnos [-- --minutes 8]`: lets each system call of the store's writer fail, once or from the N-th on, with each error that it can
// meet. The writer must come to its end in order and leave nothing open; what it left must heal. Needs strace.
import { cp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { problemAfter } from './aftermath.mjs';
import { scenarios } from './scenarios.mjs';
import { layOut } from './templates.mjs';
import { requireStrace, TracedWriter } from './traced-writer.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '8' } } });
const began = Date.now();
const until = began + Number(values.minutes) * 60_000;
const ERRORS = {
  pwrite64: ['ENOSPC', 'EIO', 'EROFS', 'EINTR'],
  fdatasync: ['EIO', 'ENOSPC'],
  fsync: ['EIO'],
  openat: ['EMFILE', 'EACCES', 'EIO', 'ENOSPC', 'EROFS'],
  rename: ['EIO', 'EACCES', 'ENOSPC', 'EROFS'],
  mkdir: ['ENOSPC', 'EACCES', 'EROFS'],
  unlink: ['EIO', 'EACCES', 'EROFS'],
  rmdir: ['EIO', 'EACCES'],
  pread64: ['EIO', 'EINTR'],
  getdents64: ['EIO'],
  statx: ['EIO', 'EACCES'],
};
/** Reading what was stored fails with these as if it were damaged, which costs a fetch. */
const LOSES_BYTES = { openat: ['EIO'], pread64: ['EIO', 'EINTR'] };

/** Without these nothing can be removed. */
const GOES_LATER = new Set(['unlink', 'openat', 'getdents64', 'statx', 'rmdir']);

requireStrace();
const { base, bundle, createDiskStore, key } = await layOut('errnos');

/** One error of one call of one scenario; `n` counts up until the writer does not make so many. */
const lanes = Object.entries(ERRORS).flatMap(([call, errors]) =>
  errors.flatMap((error) =>
    Object.keys(scenarios).flatMap((_, scenario) =>
      // A call that is interrupted each time is made for ever: by libuv, not by the store.
      (error === 'EINTR' ? [false] : [false, true]).map((isLasting) => ({ call, error, scenario, isLasting, n: 1 })),
    ),
  ),
);
const points = new Map(Object.entries(ERRORS).flatMap(([call, errors]) => errors.map((error) => [`${call} ${error}`, 0])));
const failures = [];

await Promise.all(Array.from({ length: os.availableParallelism() + 1 }, (_, i) => work(path.join(base, `root-${i}`))));
await rm(base, { recursive: true, force: true });
for (const failure of failures) console.error(failure);

const minutes = (Date.now() - began) / 60_000;
const failed = [...points.values()].reduce((sum, hit) => sum + hit, 0);
const left = lanes.length > 0 ? `, out of time with ${lanes.length} errors of calls unfinished` : '';
console.log([...points].map(([point, hit]) => `${hit} ${point}`).join(', '));
console.log(`${failed} failed system calls in ${minutes.toFixed(1)} minutes (${Math.round(failed / minutes)} a minute${left})`);
console.log(`${failures.length} wrong reads, lost acknowledgements, leaks or untyped errors`);
process.exit(failures.length > 0 ? 1 : 0);

async function work(root) {
  let writer = new TracedWriter(bundle);
  for (let lane = lanes.shift(); lane && Date.now() < until; lane = lanes.shift()) {
    const { isHit, hasEnded } = await fail(lane, writer, root);
    if (isHit) lanes.push({ ...lane, n: lane.n + 1 });
    if (hasEnded) writer = new TracedWriter(bundle);
  }
  await writer.end();
}

/** Lets a call fail and looks at what the writer does, and leaves. */
async function fail({ call, error, scenario, isLasting, n }, writer, root) {
  await rm(root, { recursive: true, force: true });
  await cp(path.join(base, `template-${scenario}`), root, { recursive: true, preserveTimestamps: true });
  const { lines, signal, hits } = await writer.run(scenario, root, call, `error=${error}:when=${n}${isLasting ? '+' : ''}`);
  if (hits > 0) points.set(`${call} ${error}`, points.get(`${call} ${error}`) + 1);
  // What the writer could not take out of tmp goes when it is gone.
  if (isLasting && GOES_LATER.has(call)) await writer.end();
  const problem = signal ?? problemIn(lines) ?? (await problemOf(root, call, error, lines));
  if (problem) failures.push(`${Object.keys(scenarios)[scenario]}: ${call} ${n}${isLasting ? '+' : ''} ${error}: ${problem}`);
  return { isHit: hits > 0, hasEnded: writer.hasEnded };
}

/** What the writer itself saw. */
function problemIn(lines) {
  return lines.find((line) => /^(wrong|untyped|leaked)/.test(line));
}

async function problemOf(root, call, error, lines) {
  const promised = LOSES_BYTES[call]?.includes(error) ? [] : lines;
  return await problemAfter(createDiskStore, root, key, promised).catch((thrown) => thrown.stack);
}
