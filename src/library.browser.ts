import { createBrowserClient } from './net/client.browser.ts';
import type { RetryPolicy } from './net/retry.ts';
import { createLibrary, type Library, type OpenOptions } from './playback/library.ts';
import { createIndexedDbStore } from './store/indexeddb.browser.ts';
import { pageAssetKey } from './store/key.browser.ts';

/** Options of {@link createPageLibrary}. */
export interface PageLibraryOptions {
  readonly retry?: Partial<RetryPolicy>;
  /** What an opening does that says nothing else: see {@link OpenOptions.revalidate}. @default 'never' */
  readonly revalidate?: OpenOptions['revalidate'];
  /** Whether its store is opened before anything is asked of it. @default false */
  readonly isEager?: boolean;
}

/** A library over fetch and IndexedDB, for a page or its worker. */
export function createPageLibrary({ retry, revalidate, isEager }: PageLibraryOptions = {}): Library {
  return createLibrary({ client: createBrowserClient(), store: createIndexedDbStore({ isEager }), keyOf: pageAssetKey, retry, revalidate });
}
