// What bench/indexeddb.mjs runs in a page: the same bytes into IndexedDB, by our store and by a bare loop.
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';

const CHUNK = 256 * 1024;
/** As many as our store writes in one go. */
const CHUNKS_PER_TRANSACTION = 8;
/** What a response body comes in. */
const PIECE = 64 * 1024;
const SIZE = 64 * 1024 * 1024;

const bytes = new Uint8Array(SIZE);
for (let i = 0; i < SIZE; i += PIECE) crypto.getRandomValues(bytes.subarray(i, i + PIECE));

/** Milliseconds from the first write to the end of the flush. */
async function ours(): Promise<number> {
  const store = createIndexedDbStore({ name: 'ours' });
  const asset = await store.open(assetKey('https://example.org/bench'));
  await asset.begin({ url: 'https://example.org/bench', mediaType: 'audio/mpeg', validator: {}, length: SIZE });
  const from = performance.now();
  for (let at = 0; at < SIZE; at += PIECE) await asset.write(1, at, bytes.subarray(at, at + PIECE));
  await asset.flush();
  const ms = performance.now() - from;
  if (asset.volatile) throw new Error('the store was full');
  await store.close();
  await settled(indexedDB.deleteDatabase('ours'));
  return ms;
}

/** The same by puts of whole chunks, one transaction after the other. */
async function raw(): Promise<number> {
  const opening = indexedDB.open('raw', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('chunks');
  const database = await settled(opening);
  const from = performance.now();
  for (let chunk = 0; chunk < SIZE / CHUNK; chunk += CHUNKS_PER_TRANSACTION) {
    const transaction = database.transaction('chunks', 'readwrite', { durability: 'relaxed' });
    const store = transaction.objectStore('chunks');
    for (let i = chunk; i < chunk + CHUNKS_PER_TRANSACTION; i++) store.put(bytes.slice(i * CHUNK, (i + 1) * CHUNK).buffer, i);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }
  const ms = performance.now() - from;
  database.close();
  await settled(indexedDB.deleteDatabase('raw'));
  return ms;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

Object.assign(globalThis, { contenders: { ours, raw } });
