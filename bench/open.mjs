// `npm run bench:open`: milliseconds until one asset of a store of 1,000 is open, and until all are listed, in a process of its own; the
// bar is 300 ms, of CPU time where others use the machine too.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleStore } from '../test/sweeps/store-bundle.mjs';
import { median } from './median.mjs';

const ASSETS = 1000;
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const folder = mkdtempSync(path.join(os.tmpdir(), 'aulos-open-'));
const bundle = await bundleStore(folder);
const { createDiskStore, assetKey } = await import(bundle);
const root = path.join(folder, 'store');
const urlOf = (i) => `https://example.org/${i}.mp3`;

const store = createDiskStore({ root, durability: 'none' });
for (let i = 0; i < ASSETS; i++) {
  const asset = await store.open(assetKey(urlOf(i)));
  await asset.begin({ url: urlOf(i), mediaType: 'audio/mpeg', validator: { etag: '"1"' }, length: 20_000 });
  await asset.write(1, 0, new Uint8Array(20_000).fill(i));
  await asset.commit(20_000);
  await asset.close();
}
await store.close();

const program = `
  const { createDiskStore, assetKey } = await import(${JSON.stringify(bundle)});
  const begun = performance.now();
  const used = process.cpuUsage();
  const store = createDiskStore({ root: ${JSON.stringify(root)} });
  await store.open(assetKey(${JSON.stringify(urlOf(ASSETS / 2))}));
  const openMs = performance.now() - begun;
  const { length } = await store.list();
  const { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify({ length, openMs, listMs: performance.now() - begun, cpuMs: (user + system) / 1000 }));
  await store.close();
`;
const rounds = Array.from({ length: ROUNDS }, () =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })),
);
rmSync(folder, { recursive: true });
const [openMs, listMs, cpuMs] = ['openMs', 'listMs', 'cpuMs'].map((field) => median(rounds.map((round) => round[field])));
console.log(
  `a store of ${rounds[0].length} assets, ${ROUNDS} rounds, medians: one opened after ${openMs.toFixed(1)} ms, all listed after ${listMs.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of CPU)`,
);
process.exitCode = rounds[0].length === ASSETS && Math.min(listMs, cpuMs) <= 300 ? 0 : 1;
