// Runs one scenario of the sweeps, to its end or to that of its disk.
import { findWrongByte } from './scenarios.mjs';

/**
 * Runs a scenario in the store at `root` and closes it; `tell` gets words on what was acknowledged, which errors were typed and whether a
 * wrong byte was read. `library` is the bundle of the store. Rejects with an error that has no type.
 */
export async function runScenario({ durability, limits, run }, root, { createDiskStore, assetKey, isAulosError }, tell) {
  const key = assetKey('https://example.org/sweep.mp3');
  const otherKey = (i) => assetKey(`https://example.org/other-${i}`);
  const ack = (asset, { start, end }) => {
    if (!asset.volatile) tell('held', asset.key, asset.facts.validator.etag, start, end);
  };
  ack.forget = () => tell('forget');
  const stores = [];
  const openStore = () => {
    stores.push(createDiskStore({ root, durability, limits }));
    return stores.at(-1);
  };
  const orTyped = async (action) => {
    try {
      await action();
    } catch (error) {
      if (!isAulosError(error)) throw error;
      tell('typed', error.code);
    }
  };
  await orTyped(() => run({ store: openStore(), openStore, key, otherKey, ack }));
  await orTyped(async () => {
    const wrong = await findWrongByte(await stores[0].open(key));
    if (wrong !== undefined) tell('wrong', wrong);
  });
  for (const store of stores) await orTyped(() => store.close());
}
