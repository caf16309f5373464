import { promisifyRequest, type UseStore } from 'idb-keyval';

// idb-keyval has one importer.
export { promisifyRequest, type UseStore };

/** The one object store of the database. */
export const OBJECT_STORE = 'assets';

/**
 * Runs `callback` in one transaction of `database` and resolves when that is complete; one that only reads need not be. `relaxed` durability: the data is with the
 * operating system, which is what the default of Chromium means too, while that of Firefox waits for the disk. Whatever `callback` throws
 * undoes the transaction and is thrown; else it is the error of the transaction.
 */
export async function transact<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  callback: (store: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  const transaction = database.transaction(OBJECT_STORE, mode, { durability: 'relaxed' });
  if (mode === 'readonly') return await runOrAbort(transaction, callback);
  const [result] = await Promise.all([runOrAbort(transaction, callback), completionOf(transaction)]);
  return result;
}

/** Not `promisifyRequest`: that one rejects at the first failed request, when the transaction does not know its error yet. */
function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException('the transaction was aborted', 'AbortError'));
  });
}

/** A callback that fails must leave nothing behind: without the abort, what it had put would be committed. */
async function runOrAbort<T>(transaction: IDBTransaction, callback: (store: IDBObjectStore) => T | PromiseLike<T>): Promise<T> {
  try {
    const result = await callback(transaction.objectStore(OBJECT_STORE));
    commit(transaction);
    return result;
  } catch (error) {
    if (!transaction.error) abort(transaction);
    throw transaction.error ?? error;
  }
}

/** Nothing more comes: the database need not wait until the page has heard of each request. */
function commit(transaction: IDBTransaction): void {
  try {
    transaction.commit();
  } catch {
    // It has ended already.
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
