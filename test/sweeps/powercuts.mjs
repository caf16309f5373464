// `npm run powercuts [-- --cuts 400 --minutes 9]`: cuts the power while the store writes, at each of its calls to the file system: before it,
// and while it and those after it run. Mounted again, and its log replayed, the disk must hold all that was acknowledged, and nothing wrong.
// Needs root on Linux, mkfs.ext4 and perl.
import { cp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { problemAfter } from './aftermath.mjs';
import { CutDisk } from './cut-disk.mjs';
import { onCall } from './file-calls.mjs';
import { runScenario } from './run-scenario.mjs';
import { scenarios } from './scenarios.mjs';
import { layOut } from './templates.mjs';

const { values } = parseArgs({ options: { cuts: { type: 'string', default: '400' }, minutes: { type: 'string', default: '9' } } });
const began = Date.now();
const until = began + Number(values.minutes) * 60_000;

const MOMENTS = ['before', 'during'];

const { base, bundle, createDiskStore, key } = await layOut('powercuts');
const library = await import(bundle);
const disk = mountOrExplain();
const root = path.join(disk.folder, 'store');

const failures = [];
let cuts = 0;
let acknowledged = 0;
let calls = 0;

for (const name of Object.keys(scenarios)) {
  const made = (await cut(name, 'before', Number.POSITIVE_INFINITY)).calls;
  calls += made;
  // As many cuts in each scenario, spread evenly over its calls.
  const step = Math.max(1, (made * MOMENTS.length * Object.keys(scenarios).length) / Number(values.cuts));
  for (let n = 1; n <= made && Date.now() < until; n += step) for (const moment of MOMENTS) await cut(name, moment, Math.floor(n));
}
disk.remove();
await rm(base, { recursive: true, force: true });
for (const failure of failures) console.error(failure);

const minutes = (Date.now() - began) / 60_000;
const left = Date.now() > until ? ', out of time' : '';
console.log(
  `${cuts} power cuts over ${calls} calls in ${minutes.toFixed(1)} minutes${left}, after which ${acknowledged} acknowledged ranges were looked for`,
);
console.log(`${failures.length} lost acknowledgements or wrong reads`);
process.exit(failures.length > 0 || cuts === 0 ? 1 : 0);

/** Cuts the power once, unless the scenario makes fewer than `n` calls, and looks at what is left. */
async function cut(name, moment, n) {
  const scenario = scenarios[name];
  await cp(path.join(base, `template-${Object.keys(scenarios).indexOf(name)}`), root, { recursive: true });
  disk.sync();
  const lines = [];
  let cutting;
  let promised = [];
  const { pid } = process;
  const restore = onCall(n, () => {
    // Linux lets a sync that meets the shutdown itself succeed, though it did nothing: what counts is what was acknowledged until here.
    promised = scenario.durability === 'none' ? [] : [...lines];
    cutting = moment === 'before' ? disk.cut() : disk.cutSoon();
    return undefined; // the disk itself fails from now on
  });
  // This process goes on; to the store it is one that died, whose temporary files are nobody's.
  Object.defineProperty(process, 'pid', { value: 2 ** 22 + 1 });
  const untyped = await runScenario(scenario, root, library, (...words) => lines.push(words.join(' '))).catch((error) => error.stack);
  Object.defineProperty(process, 'pid', { value: pid });
  const made = restore();
  await cutting;
  const isCut = cutting !== undefined;
  if (lines.lastIndexOf('forget') >= promised.length) promised = []; // taken back before the power went
  disk.unmount();
  disk.mount();
  const wrong = untyped ?? lines.find((line) => line.startsWith('wrong'));
  const problem = wrong ?? (await problemAfter(createDiskStore, root, key, promised).catch((error) => error.stack));
  if (problem) failures.push(`${name}: cut ${moment} call ${n}: ${problem}`);
  if (isCut) cuts++;
  if (isCut) acknowledged += promised.filter((line) => line.startsWith('held')).length;
  await rm(root, { recursive: true, force: true });
  return { calls: made };
}

function mountOrExplain() {
  try {
    return new CutDisk(base);
  } catch (error) {
    console.error(`\n*** NOTHING WAS TESTED: no disk of which the power can be cut (root on ${os.type()}, mkfs.ext4?): ${error.message}\n`);
    process.exit(1);
  }
}
