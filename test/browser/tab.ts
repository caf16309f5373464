// What the pages and workers of tabs.test.ts, of the tests of the IndexedDB store and of test/sweeps/tab-kills.mjs run: one asset, downloaded
// by the library or written to the store by hand. A page calls `tab` directly, and passes calls on to a worker that runs the same.
import type { AulosError } from '../../src/errors.ts';
import { createPageLibrary, type PageLibraryOptions } from '../../src/library.browser.ts';
import type { FileSource } from '../../src/source/source.ts';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Asset, AssetStore } from '../../src/store/store.ts';

/** What `inspect` finds. */
interface Inspection {
  /** Bytes from the start, and all. */
  readonly held: number;
  readonly heldInAll: number;
  /** 0 if there is no record of the asset. */
  readonly generation: number;
  readonly committed: boolean;
  /** Of the bytes from the start. */
  readonly digest: string;
  readonly damaged: number;
}

const forever = new AbortController().signal;
const events: string[] = [];
let source: FileSource | undefined;

export const tab = {
  /** Begins to download; gives what was held before. */
  async start(url: string, retry: PageLibraryOptions['retry'] = {}): Promise<number> {
    const library = createPageLibrary({ retry });
    for (const name of ['store.full', 'store.unavailable'] as const) library.events.on(name, () => events.push(name));
    source = await library.source(url);
    return source.held.size;
  },

  /** How many bytes from the start are held. */
  held: (): number => source?.held.heldUntil(0) ?? 0,

  /** Waits until all is held; then all of it is read back. Gives its SHA-256 and the bytes that were taken from the network. */
  async completed(): Promise<{ digest: string; network: number }> {
    await source!.completed(forever);
    const bytes = await source!.reader().read({ start: 0, end: source!.length! }, forever);
    return { digest: await digestOf(bytes), network: source!.traffic.network };
  },

  /** Reads some of it, waiting for it. Gives its SHA-256. */
  async read(start: number, end: number): Promise<string> {
    return await digestOf(await source!.reader().read({ start, end }, forever));
  },

  /** As {@link read}, the bytes themselves. */
  async readBase64(start: number, end: number): Promise<string> {
    return btoa(String.fromCharCode(...(await source!.reader().read({ start, end }, forever))));
  },

  /** The events of the store so far. */
  told: (): string[] => events,

  /** Fetches `url` into the store by hand, in pieces of about `pieceBytes`, and says on the console up to where it is flushed. */
  async acknowledge(url: string, pieceBytes: number): Promise<void> {
    const { asset } = await openPersistent(url);
    const response = await fetch(url, { cache: 'no-store' });
    const length = Number(response.headers.get('content-length'));
    await asset.begin({ url, mediaType: 'audio/mpeg', validator: { etag: response.headers.get('etag') ?? undefined }, length });
    console.log('begun');
    const reader = response.body!.getReader();
    let [at, flushedAt] = [0, 0];
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      await asset.write(asset.generation, at, read.value);
      at += read.value.length;
      if (at - flushedAt < pieceBytes && at < length) continue;
      await asset.flush();
      if (asset.volatile) return console.log('volatile'); // the database was killed before the page
      flushedAt = at;
      console.log(`flushed ${at}`);
    }
    await asset.commit(length);
    console.log(asset.volatile ? 'volatile' : 'committed');
  },

  /** Closes the download and deletes what it stored. */
  async forget(url: string): Promise<void> {
    await source?.close();
    const store = createIndexedDbStore();
    await store.delete(assetKey(url));
    await store.close();
  },

  /** Opens, writes, reads, commits, closes and deletes as many assets, one after the other; every other one in a store of its own. */
  async cycle(count: number): Promise<void> {
    const shared = createIndexedDbStore();
    for (let i = 0; i < count; i++) {
      const store = i % 2 === 0 ? shared : createIndexedDbStore();
      const url = `https://example.org/${i}`;
      const asset = await store.open(assetKey(url));
      await asset.begin({ url, mediaType: 'audio/mpeg', validator: {}, length: 300_000 });
      await asset.write(asset.generation, 0, new Uint8Array(300_000).fill(i));
      await asset.read({ start: 0, end: 300_000 }, forever);
      if (i % 3 === 0) await asset.commit(300_000);
      await asset.close();
      await store.delete(asset.key);
      if (store !== shared) await store.close();
    }
    await shared.close();
  },

  /** Does all that takes assets away: what the deletion of `url` came to, and how many assets are left in the end. */
  async takeAway(url: string): Promise<{ deletion: string; assets: number }> {
    const store = createIndexedDbStore();
    const deletion = await store.delete(assetKey(url)).then(
      () => 'done',
      (error: AulosError) => error.code,
    );
    await store.clear();
    await store.trim(0);
    const { length: assets } = await store.list();
    await store.close();
    return { deletion, assets };
  },

  /** What the store has of `url`, all of it read and verified. */
  async inspect(url: string): Promise<Inspection> {
    const { store, asset } = await openPersistent(url);
    const held = asset.held.heldUntil(0);
    const bytes = held > 0 ? await asset.read({ start: 0, end: held }, forever) : new Uint8Array(0);
    const { damaged } = await store.verify();
    const { committed, generation } = asset;
    const heldInAll = asset.held.size;
    await store.close();
    return { held, heldInAll, generation, committed, digest: bytes ? await digestOf(bytes) : 'unreadable', damaged: damaged.length };
  },
};

/** Opens an asset; a database that was killed may take longer to come back than a store waits. */
async function openPersistent(url: string): Promise<{ store: AssetStore; asset: Asset }> {
  for (;;) {
    const store = createIndexedDbStore();
    const asset = await store.open(assetKey(url));
    if (!asset.volatile) return { store, asset };
    console.log(`unavailable ${asset.failure?.message}`);
    await store.close();
  }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

type Call = { readonly name: keyof typeof tab; readonly args: readonly unknown[] };

const run = ({ name, args }: Call): Promise<unknown> => (tab[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);

if (typeof document === 'undefined') {
  self.onmessage = ({ data }: MessageEvent<Call>) => void run(data).then((result) => self.postMessage(result));
}

/** Starts a worker on the script `url`; gives what calls it, one call at a time. */
function startWorker(url: string): (call: Call) => Promise<unknown> {
  const worker = new Worker(url, { type: 'module' });
  return (call) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(call);
    });
}

Object.assign(globalThis, { tab, startWorker });
