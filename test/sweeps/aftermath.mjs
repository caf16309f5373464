// What the next process finds after a fault: nothing wrong, nothing lost that was acknowledged, and whatever is missing can be fetched.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { complete, findWrongByte, SIZE, versionOf } from './scenarios.mjs';

/**
 * Opens all that lies in the store at `root`, reads it, fetches what is missing of `key` and reads again. `lines` are what the writer told.
 * Gives what is wrong, if anything.
 */
export async function problemAfter(createDiskStore, root, key, lines) {
  const broken = await inStore(createDiskStore, root, (store) => problemWhenOpened(store, key, lines));
  return broken ?? (await inStore(createDiskStore, root, (store) => problemWhenWhole(store, key, root)));
}

async function inStore(createDiskStore, root, look) {
  const store = createDiskStore({ root });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

async function problemWhenOpened(store, key, lines) {
  const kept = acknowledged(lines);
  for (const each of new Set([key, ...kept.keys(), ...(await store.list()).map((stat) => stat.key)])) {
    const asset = await store.open(each);
    if (asset.volatile) return `${each} cannot be opened`;
    const wrong = await findWrongByte(asset);
    if (wrong !== undefined) return `wrong byte at ${wrong} of ${each}`;
    const lost = kept.get(each)?.find(({ etag, start, end }) => isLost(asset, etag, { start, end }));
    if (lost) return `acknowledged and gone: ${JSON.stringify(lost)} of ${each}`;
    if (each === key) await complete(asset);
    await asset.close();
  }
  return undefined;
}

async function problemWhenWhole(store, key, root) {
  const { damaged } = await store.verify();
  if (damaged.length > 0) return `damaged after it was completed: ${JSON.stringify(damaged)}`;
  const asset = await store.open(key);
  if (!asset.committed || asset.held.size !== SIZE) return 'not complete after it was completed';
  const leftovers = await readdir(path.join(root, 'tmp'));
  return leftovers.length > 0 ? `left ${leftovers}` : undefined;
}

/** Key → the ranges that the writer was promised to keep. */
function acknowledged(lines) {
  const kept = new Map();
  for (const [word, key, etag, start, end] of lines.slice(lines.lastIndexOf('forget') + 1).map((line) => line.split(' '))) {
    if (word === 'held') kept.set(key, [...(kept.get(key) ?? []), { etag, start: Number(start), end: Number(end) }]);
  }
  return kept;
}

/** A newer version of the resource may have taken the place of the acknowledged one; no version at all may not. */
function isLost(asset, etag, range) {
  if (!asset.facts) return true;
  return `"${versionOf(asset.facts)}"` === etag && !asset.held.contains(range);
}
