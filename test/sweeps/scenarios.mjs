// What a writer does while a sweep kills it, fails its system calls or cuts its power. Each scenario starts from what `prepare` left, and
// tells by `ack(asset, range)` what it was promised to keep.

const CHUNK = 256 * 1024;
export const SIZE = CHUNK + 40_000;
const url = 'https://example.org/sweep.mp3';
const forever = new AbortController().signal;

/** Facts of one version of the resource; the etag tells which. */
export const factsOf = (version) => ({ url, mediaType: 'audio/mpeg', validator: { etag: `"${version}"` } });
export const versionOf = (facts) => Number(JSON.parse(facts.validator.etag));

/** Bytes of a made-up resource; two versions differ at every offset. */
export function contentAt({ start, end }, version) {
  const bytes = new Uint8Array(end - start);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(start + i, 0x9e3779b1) >>> 21) + version;
  return bytes;
}

/** An asset whose facts could not be read (no file descriptor was left, say) is begun anew, as a source does. */
async function write(asset, range) {
  if (!asset.facts) await asset.begin(factsOf(1));
  await asset.write(asset.generation, range.start, contentAt(range, versionOf(asset.facts)));
}

async function fill(asset, ack, { from = 0, to = SIZE, step }) {
  for (let start = from; start < to; start += step) {
    const range = { start, end: Math.min(to, start + step) };
    await write(asset, range);
    await asset.flush();
    ack(asset, range);
  }
}

async function storeHalf(store, key) {
  const asset = await store.open(key);
  await asset.begin(factsOf(1));
  await fill(asset, () => {}, { to: CHUNK + 5000, step: 50_000 });
  await asset.close();
}

export const scenarios = {
  'new asset, in order': {
    durability: 'strict',
    run: async ({ store, key, ack }) => {
      const asset = await store.open(key);
      await asset.begin(factsOf(1));
      await fill(asset, ack, { step: 9000 });
      await asset.commit(SIZE);
      await asset.close();
    },
  },
  'new asset, backwards and without syncs': {
    durability: 'none',
    run: async ({ store, key, ack }) => {
      const asset = await store.open(key);
      await asset.begin(factsOf(1));
      for (let end = SIZE; end > 0; end -= 9000) {
        const range = { start: Math.max(0, end - 9000), end };
        await write(asset, range);
        await asset.flush();
        ack(asset, range);
      }
      await asset.commit(SIZE);
      await asset.close();
    },
  },
  'resume of a half asset': {
    durability: 'batched',
    prepare: storeHalf,
    run: async ({ store, key, ack }) => {
      const asset = await store.open(key);
      await fill(asset, ack, { from: CHUNK + 5000, step: 1500 });
      await asset.commit(SIZE);
      await asset.close();
    },
  },
  'changed resource: generation after generation': {
    durability: 'batched',
    prepare: storeHalf,
    run: async ({ store, key, ack }) => {
      const asset = await store.open(key);
      for (let version = 2; version < 14; version++) {
        await asset.begin(factsOf(version));
        await fill(asset, ack, { to: 20_000, step: 10_000 });
      }
      await asset.close();
    },
  },
  'sidecars, pins and facts': {
    durability: 'batched',
    prepare: storeHalf,
    run: async ({ store, key, ack }) => {
      const asset = await store.open(key);
      for (let i = 0; i < 8; i++) {
        await asset.writeSidecar('peaks', contentAt({ start: 0, end: 5000 + i }, 1));
        await asset.pin(i % 2 === 0);
        await asset.describe({ length: SIZE });
        await fill(asset, ack, { from: CHUNK + 5000 + i * 100, to: CHUNK + 5100 + i * 100, step: 100 });
      }
      await asset.close();
    },
  },
  'open, write and close in turn, until the journal is rewritten': {
    durability: 'batched',
    prepare: async (store, key) => {
      const asset = await store.open(key);
      await asset.begin(factsOf(1));
      await fill(asset, () => {}, { to: 25_000, step: 100 });
      await asset.close(); // 250 records: not long enough yet
    },
    run: async ({ store, key, ack }) => {
      for (let i = 0; i < 12; i++) {
        const asset = await store.open(key);
        await fill(asset, ack, { from: 25_000 + i * 1000, to: 26_000 + i * 1000, step: 500 });
        await asset.close();
      }
    },
  },
  'deleted and begun again': {
    durability: 'batched',
    prepare: storeHalf,
    run: async ({ store, key, ack }) => {
      for (let i = 0; i < 8; i++) {
        ack.forget();
        await store.delete(key);
        const asset = await store.open(key);
        await asset.begin(factsOf(1));
        await fill(asset, ack, { to: 20_000, step: 10_000 });
        await asset.close();
      }
    },
  },
  'a small store evicts others': {
    durability: 'batched',
    limits: { maxBytes: SIZE + 100_000 },
    prepare: storeHalf,
    run: async ({ store, key, otherKey, ack }) => {
      for (let i = 0; i < 6; i++) {
        const other = await store.open(otherKey(i));
        await other.begin(factsOf(1));
        await fill(other, () => {}, { to: 60_000, step: 60_000 });
        await other.close();
      }
      const asset = await store.open(key);
      if (!asset.facts) await asset.begin(factsOf(1));
      await fill(asset, ack, { step: 30_000 });
      await asset.commit(SIZE);
      await asset.close();
    },
  },
  'two assets at a time, one of them pinned': {
    durability: 'batched',
    run: async ({ store, key, otherKey, ack }) => {
      const assets = [await store.open(key), await store.open(otherKey(0))];
      await Promise.all(
        assets.map(async (asset, i) => {
          await asset.begin(factsOf(i + 1));
          await asset.pin(i === 1);
          await fill(asset, ack, { step: 15_000 });
          await asset.commit(SIZE);
        }),
      );
      // The pinned one first: the other one might be evicted, once it is closed, when there is no room for what closing writes.
      for (const asset of assets.reverse()) await asset.close();
    },
  },
  'a follower takes over': {
    durability: 'batched',
    prepare: storeHalf,
    run: async ({ store, openStore, key, ack }) => {
      const first = await store.open(key);
      const second = await openStore().open(key);
      await fill(first, ack, { from: CHUNK + 5000, to: CHUNK + 15_000, step: 1000 });
      const leads = new Promise((resolve) => {
        second.onChanged = () => second.follows || resolve();
      });
      if (!second.follows) second.onChanged();
      await first.close();
      await leads;
      await fill(second, ack, { from: CHUNK + 15_000, step: 2500 });
      await second.commit(SIZE);
      await second.close();
    },
  },
};

/** The first held byte that is not what the resource has there, if any. What reads as damaged is dropped by the reading. */
export async function findWrongByte(asset) {
  if (!asset.facts) return undefined;
  for (const { start, end } of asset.held.toArray()) {
    for (let at = start; at < end; at += CHUNK) {
      const range = { start: at, end: Math.min(end, at + CHUNK) };
      const bytes = await asset.read(range, forever);
      const expected = contentAt(range, versionOf(asset.facts));
      if (bytes && Buffer.compare(bytes, expected) !== 0) return at + expected.findIndex((byte, i) => byte !== bytes[i]);
    }
  }
  return undefined;
}

/** Fetches what is missing until all of it is held and sound, as a source does. */
export async function complete(asset) {
  if (!asset.facts) await asset.begin(factsOf(1));
  const whole = { start: 0, end: SIZE };
  for (let round = 0; round < 10; round++) {
    for (const gap of asset.held.gaps(whole)) await write(asset, gap);
    await asset.commit(SIZE);
    if ((await asset.read(whole, forever)) && asset.committed) return;
  }
  throw new Error('the asset is not mended by fetching what is missing');
}
