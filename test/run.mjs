// `npm test`: sets up what the tests need, then runs all of them. With CI=true a missing browser, encoder or corpus is a failure; without,
// it is said and only what needs it is skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { build, installPackages, root, run } from '../setup.mjs';
import { has, installPrograms } from './programs.mjs';

const isCi = process.env.CI === 'true';
/** Program → the Debian package that has it. */
const programs = { chromium: 'chromium', 'firefox-esr': 'firefox-esr', ffmpeg: 'ffmpeg', flac: 'flac', lame: 'lame', mpg123: 'mpg123' };

function checkPrograms() {
  const missing = installPrograms(programs);
  if (missing.length === 0) return;
  console.warn(`\n*** MISSING: ${missing.join(', ')}. Install them (Debian: apt-get install ${missing.join(' ')}) to run every test.\n`);
  if (isCi) throw new Error(`with CI=true these must be there: ${missing.join(', ')}`);
}

/** Runs vitest; gives how many tests passed and were skipped, and what failed. */
function vitest(report, args, env = {}) {
  const file = path.join(root, 'coverage', report);
  mkdirSync(path.dirname(file), { recursive: true });
  rmSync(file, { force: true });
  const { status } = spawnSync('npx', ['vitest', 'run', '--reporter=default', '--reporter=./test/outcome.mjs', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, OUTCOME: file, ...env },
  });
  if (!existsSync(file))
    return { passed: 0, failures: [`vitest ended with ${status} and without an outcome: ${args.join(' ')}`], skipped: 0 };
  const outcome = JSON.parse(readFileSync(file, 'utf8'));
  if (status !== 0 && outcome.failures.length === 0)
    outcome.failures.push(`vitest ended with ${status}, yet no test failed: ${args.join(' ')}`);
  return outcome;
}

installPackages();
checkPrograms();
run('npx', ['biome', 'check', '--error-on-warnings', '.']);
run('npx', ['tsc', '-p', '.']);
build();
run('npx', ['publint', '--strict']);
const canEncode = ['ffmpeg', 'flac', 'lame'].every(has);
if (canEncode) run('node', ['test/fixtures/make.mjs']);

// vitest leaves a core free for a person at an editor; nobody sits here.
const runs = [vitest('node.json', ['--project', 'node', `--maxWorkers=${availableParallelism()}`])];
runs.push(vitest('pages.json', ['--project', 'pages', '--no-file-parallelism']));
if (has('chromium') && canEncode) {
  runs.push(vitest('browser.json', ['--project', 'browser']));
  // What differs with shared memory: the way of the sound.
  const inMemory = ['player', 'queue'].map((name) => `test/browser/${name}.browser.test.ts`);
  runs.push(vitest('isolated.json', ['--project', 'browser (chromium)', ...inMemory], { COI: '1' }));
} else {
  console.warn('\n*** SKIPPED: the browser tests need chromium, ffmpeg, flac and lame.\n');
}

const sum = (key) => runs.reduce((total, counts) => total + counts[key], 0);
const [passed, skipped] = [sum('passed'), sum('skipped')];
const failures = runs.flatMap((counts) => counts.failures);
// Again at the very end: of a log this long, often only the end is kept.
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${passed} passed, ${failures.length} failed, ${skipped} skipped`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;
