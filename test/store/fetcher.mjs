// Child process of the lease tests: `node fetcher.mjs <bundle> <root> [platform]`, which is taken for the one it runs on. Opens one asset and, for every line on standard input,
// stores the next missing 64 KiB, unless it follows another process. Tells each step on standard output.
import { createInterface } from 'node:readline';
import { complete, contentAt, factsOf, findWrongByte, SIZE } from '../sweeps/scenarios.mjs';

const [bundle, root, platform = process.platform] = process.argv.slice(2);
Object.defineProperty(process, 'platform', { value: platform });
const { createDiskStore, assetKey } = await import(bundle);
const STEP = 65_536;
const whole = { start: 0, end: SIZE };

const tell = (...words) => console.log(words.join(' '));
const store = createDiskStore({ root, durability: 'none' });
const asset = await store.open(assetKey('https://example.org/sweep.mp3'));
const state = () => tell(asset.follows ? 'follows' : 'leads', asset.generation, asset.held.size);
asset.onChanged = state;
state();

for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'end') break;
  if (word === 'complete') await complete(asset);
  else if (!asset.follows) await storeNext();
  state();
}
tell('wrong', await findWrongByte(asset));
await store.close();
process.exit();

async function storeNext() {
  if (!asset.facts) await asset.begin(factsOf(1));
  const gap = asset.held.firstGap(whole);
  if (!gap) return;
  const range = { start: gap.start, end: Math.min(gap.end, gap.start + STEP) };
  await asset.write(asset.generation, range.start, contentAt(range, 1));
  await asset.flush();
  tell('stored', range.start, range.end);
}
