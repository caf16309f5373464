// What bench/indexeddb.mjs runs in a page: the same bytes into IndexedDB and out of it, by our store and by a bare loop.
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';

const CHUNK = 256 * 1024;
/** As many as our store writes in one go. */
const CHUNKS_PER_TRANSACTION = 8;
/** What a response body comes in. */
const PIECE = 64 * 1024;
const SIZE = 64 * 1024 * 1024;

interface Times {
  readonly writeMs: number;
  readonly readMs: number;
}

const bytes = new Uint8Array(SIZE);
for (let i = 0; i < SIZE; i += PIECE) crypto.getRandomValues(bytes.subarray(i, i + PIECE));

const url = 'https://example.org/bench';
const forever = new AbortController().signal;

/** Writes, then reads what was written with a store that has not seen it: milliseconds of each. */
async function ours(): Promise<Times> {
  const writer = createIndexedDbStore({ name: 'ours' });
  const written = await writer.open(assetKey(url));
  await written.begin({ url, mediaType: 'audio/mpeg', validator: {}, length: SIZE });
  const writing = performance.now();
  for (let at = 0; at < SIZE; at += PIECE) await written.write(1, at, bytes.subarray(at, at + PIECE));
  await written.flush();
  const writeMs = performance.now() - writing;
  if (written.volatile) throw new Error('the store was full');
  await writer.close();

  const reader = createIndexedDbStore({ name: 'ours' });
  const read = await reader.open(assetKey(url));
  const reading = performance.now();
  for (let at = 0; at < SIZE; at += CHUNK) await read.read({ start: at, end: at + CHUNK }, forever);
  const readMs = performance.now() - reading;
  await reader.close();
  await settled(indexedDB.deleteDatabase('ours'));
  return { writeMs, readMs };
}

/** The same by puts of whole chunks, one transaction after the other, and by gets, one transaction for each. */
async function raw(): Promise<Times> {
  const opening = indexedDB.open('raw', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('chunks');
  const database = await settled(opening);
  const writing = performance.now();
  for (let chunk = 0; chunk < SIZE / CHUNK; chunk += CHUNKS_PER_TRANSACTION) {
    const transaction = database.transaction('chunks', 'readwrite', { durability: 'relaxed' });
    const store = transaction.objectStore('chunks');
    for (let i = chunk; i < chunk + CHUNKS_PER_TRANSACTION; i++) store.put(bytes.slice(i * CHUNK, (i + 1) * CHUNK).buffer, i);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }
  const writeMs = performance.now() - writing;
  const reading = performance.now();
  for (let chunk = 0; chunk < SIZE / CHUNK; chunk++) await settled(database.transaction('chunks').objectStore('chunks').get(chunk));
  const readMs = performance.now() - reading;
  database.close();
  await settled(indexedDB.deleteDatabase('raw'));
  return { writeMs, readMs };
}

/** Stores `count` small assets. */
async function fill(count: number): Promise<void> {
  const store = createIndexedDbStore({ name: 'many' });
  for (let i = 0; i < count; i++) {
    const asset = await store.open(assetKey(`${url}/${i}`));
    await asset.begin({ url: `${url}/${i}`, mediaType: 'audio/mpeg', validator: { etag: '"1"' }, length: 20_000 });
    await asset.write(1, 0, bytes.subarray(i * 1000, i * 1000 + 20_000));
    await asset.commit(20_000);
    await asset.close();
  }
  await store.close();
}

/** Milliseconds until a new store has one asset of many open, and until it has listed them all. */
async function browse(): Promise<{ openMs: number; listMs: number; assets: number }> {
  const from = performance.now();
  const store = createIndexedDbStore({ name: 'many' });
  await store.open(assetKey(`${url}/7`));
  const openMs = performance.now() - from;
  const { length: assets } = await store.list();
  const listMs = performance.now() - from;
  await store.close();
  return { openMs, listMs, assets };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

Object.assign(globalThis, { contenders: { raw, ours }, fill, browse });
