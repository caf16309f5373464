// Child process of the sweeps: `node writer.mjs <bundle> <root> <scenario>`. Tells on standard output, at once, what was acknowledged.
import { writeSync } from 'node:fs';
import { findWrongByte, scenarios } from './scenarios.mjs';

const [bundle, root, name] = process.argv.slice(2);
const { createDiskStore, assetKey, isAulosError } = await import(bundle);
const { durability, limits, run } = scenarios[name];
const key = assetKey('https://example.org/sweep.mp3');
const otherKey = (i) => assetKey(`https://example.org/other-${i}`);

const tell = (...words) => writeSync(1, `${words.join(' ')}\n`);
const ack = (asset, { start, end }) => {
  if (!asset.volatile) tell('held', asset.facts.validator.etag, start, end);
};
ack.forget = () => tell('forget');

tell('begun');
const store = createDiskStore({ root, durability, limits });
try {
  await run({ store, key, otherKey, ack });
} catch (error) {
  if (!isAulosError(error)) throw error;
  tell('typed', error.code);
}
const asset = await store.open(key).catch((error) => {
  if (!isAulosError(error)) throw error;
});
const wrong = asset && (await findWrongByte(asset));
if (wrong !== undefined) tell('wrong', wrong);
await store.close().catch((error) => {
  if (!isAulosError(error)) throw error;
});
tell('ended');
