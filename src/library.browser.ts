import { createBrowserClient } from './net/client.browser.ts';
import type { RetryPolicy } from './net/retry.ts';
import { createLibrary, type Library } from './playback/library.ts';
import { createIndexedDbStore } from './store/indexeddb.browser.ts';

/** Options of {@link createPageLibrary}. */
export interface PageLibraryOptions {
  readonly retry?: Partial<RetryPolicy>;
}

/** A library over fetch and IndexedDB, for a page or its worker. */
export function createPageLibrary({ retry }: PageLibraryOptions = {}): Library {
  return createLibrary({ client: createBrowserClient(), store: createIndexedDbStore(), retry });
}
