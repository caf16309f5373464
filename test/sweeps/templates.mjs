// What each scenario of the sweeps starts from, laid out once and copied for every point.
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { scenarios } from './scenarios.mjs';
import { bundleStore } from './store-bundle.mjs';

/** Gives a new folder with a bundle of the store and `template-<i>`, the store that scenario `i` starts from. */
export async function layOut(name) {
  // A disk in memory tells as much about killed processes and failed calls as a real one, and sooner.
  const inMemory = await readdir('/dev/shm').then(
    () => '/dev/shm',
    () => os.tmpdir(),
  );
  const base = await mkdtemp(path.join(inMemory, `aulos-${name}-`));
  const bundle = await bundleStore(base);
  const { createDiskStore, assetKey } = await import(bundle);
  const key = assetKey('https://example.org/sweep.mp3');
  for (const [i, { prepare, durability }] of Object.values(scenarios).entries()) {
    const root = path.join(base, `template-${i}`);
    await mkdir(root, { mode: 0o700 });
    const store = createDiskStore({ root, durability });
    await prepare?.(store, key);
    await store.close();
  }
  return { base, bundle, createDiskStore, key };
}
