// Child process of the sweeps: `node writer.mjs <bundle>`. Says `ready`; then runs, for each line `<scenario> <root>` on standard input (the
// scenario by its index), that scenario in that store, and tells on standard output, at once, what was acknowledged.
import { readlinkSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { findWrongByte, scenarios } from './scenarios.mjs';

const { createDiskStore, assetKey, isAulosError } = await import(process.argv[2]);
const key = assetKey('https://example.org/sweep.mp3');
const otherKey = (i) => assetKey(`https://example.org/other-${i}`);
const MAX_DESCRIPTORS = 200;

const tell = (...words) => writeSync(1, `${words.join(' ')}\n`);
const ack = (asset, { start, end }) => {
  if (!asset.volatile) tell('held', asset.key, asset.facts.validator.etag, start, end);
};
ack.forget = () => tell('forget');

tell('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const at = line.indexOf(' ');
  await run(Object.values(scenarios)[Number(line.slice(0, at))], line.slice(at + 1)).catch((error) => tell('untyped', error.stack));
  for (const leak of leaks(line.slice(at + 1))) tell('leaked', leak);
  tell('ended');
}

async function run({ durability, limits, run }, root) {
  const stores = [];
  const openStore = () => {
    stores.push(createDiskStore({ root, durability, limits }));
    return stores.at(-1);
  };
  await orTyped(() => run({ store: openStore(), openStore, key, otherKey, ack }));
  await orTyped(async () => {
    const asset = await stores[0].open(key);
    const wrong = await findWrongByte(asset);
    if (wrong !== undefined) tell('wrong', wrong);
  });
  for (const store of stores) await orTyped(() => store.close());
}

async function orTyped(action) {
  try {
    await action();
  } catch (error) {
    if (!isAulosError(error)) throw error;
    tell('typed', error.code);
  }
}

/** What is left of a store that was closed. No call that a sweep lets fail is needed to find out. */
function leaks(root) {
  const targets = Array.from({ length: MAX_DESCRIPTORS }, (_, descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // not open
    }
  });
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  return [...targets.filter((target) => target.startsWith(root)), ...timers];
}
