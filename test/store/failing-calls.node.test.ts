import { cp, mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isAulosError } from '../../src/errors.ts';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import { problemAfter } from '../sweeps/aftermath.mjs';
import { onCall } from '../sweeps/file-calls.mjs';
import { runScenario } from '../sweeps/run-scenario.mjs';
import { scenarios } from '../sweeps/scenarios.mjs';

/** Points in each scenario; `npm run errnos` takes all, and lets the system itself fail. */
const POINTS = 3;
const ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'EROFS'];

const base = await mkdtemp(path.join(os.tmpdir(), 'aulos-failing-'));
const root = path.join(base, 'store');
const template = path.join(base, 'template');
const { pid } = process;
const key = assetKey('https://example.org/sweep.mp3');
const library = { createDiskStore, assetKey, isAulosError };
afterAll(() => rm(base, { recursive: true, force: true }));

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: made up`), { code, syscall: 'made up' });

async function openFiles(): Promise<string[]> {
  const links = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(links.map((link) => readlink(`/proc/self/fd/${link}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(root));
}

/** Runs a scenario in which the `n`-th call to the file system fails. Gives how many calls there were. */
async function run(name: string, n: number, code: string, isLasting: boolean): Promise<number> {
  await rm(root, { recursive: true, force: true });
  await cp(template, root, { recursive: true });
  const lines: string[] = [];
  const restore = onCall(n, () => errorOf(code), isLasting);
  let calls: number;
  Object.defineProperty(process, 'pid', { value: 2 ** 22 + 1 }); // to the store that heals, the one that failed is a process that died
  try {
    await runScenario(scenarios[name], root, library, (...words) => lines.push(words.join(' ')));
  } finally {
    calls = restore();
    Object.defineProperty(process, 'pid', { value: pid });
  }
  const what = `call ${n} ${code}`;
  expect(
    lines.filter((line) => line.startsWith('wrong')),
    what,
  ).toEqual([]);
  expect(await openFiles(), what).toEqual([]);
  // What the disk did not give back when it was asked counts as damaged, and is fetched again.
  expect(await problemAfter(createDiskStore, root, key, code === 'EIO' ? [] : lines), what).toBe(undefined);
  return calls;
}

describe('a call to the file system that fails leaves the asset in memory, nothing open, and a store that heals', () => {
  test.each(Object.keys(scenarios))('%s', async (name) => {
    await rm(template, { recursive: true, force: true });
    const store = createDiskStore({ root: template });
    await scenarios[name].prepare?.(store, key);
    await store.list();
    await store.close();
    const calls = await run(name, Number.POSITIVE_INFINITY, '', false);
    for (let point = 0; point < POINTS; point++) {
      const n = 1 + Math.floor((calls * point) / POINTS);
      await run(name, n, ERRORS[point % ERRORS.length], point % 2 === 0);
    }
  });
});
