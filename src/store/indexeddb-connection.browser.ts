import { promisifyRequest, type UseStore } from 'idb-keyval';
import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, type ErrorCode, isAulosError } from '../errors.ts';

/** Firefox in a private window, a full disk, a wedged profile: an open request may stay without an answer for ever. */
const OPEN_MS = 5000;
const OBJECT_STORE = 'assets';

/** A connection that is opened at first use, and once more when it turns out to be closed. */
export interface Connection {
  /**
   * Runs `callback` in one transaction and resolves when that is complete. `relaxed` durability: the data is with the operating
   * system, which is what the default of Chromium means too, while that of Firefox waits for the disk.
   * @throws AulosError `store.full`, `store.io`; `store.unavailable` when there is no IndexedDB that answers.
   */
  readonly use: UseStore;
  close(): Promise<void>;
}

/** What a request comes to; idb-keyval has one importer. */
export { promisifyRequest };

/** Connects to the database `name`. */
export function connectIndexedDb(name: string, clock: Clock): Connection {
  let connecting: Promise<IDBDatabase> | undefined;

  const forget = (closed: Promise<IDBDatabase>): void => {
    if (connecting === closed) connecting = undefined;
  };
  const connect = (): Promise<IDBDatabase> => {
    if (connecting) return connecting;
    const opening = openDatabase(name, clock, () => forget(opening));
    opening.catch(() => forget(opening));
    connecting = opening;
    return opening;
  };
  const transact: UseStore = async (mode, callback) => {
    const database = connect();
    try {
      const transaction = (await database).transaction(OBJECT_STORE, mode, { durability: 'relaxed' });
      const [result] = await Promise.all([runOrAbort(transaction, callback), completionOf(transaction)]);
      return result;
    } catch (error) {
      // A connection that the browser has closed (Safari does, and every one under disk pressure) says InvalidStateError ever after.
      if (hasName(error, 'InvalidStateError')) forget(database);
      throw error;
    }
  };
  return {
    use: async (mode, callback) => {
      try {
        return await transact(mode, callback).catch((error) => {
          if (hasName(error, 'InvalidStateError')) return transact(mode, callback);
          throw error;
        });
      } catch (error) {
        throw asAulosError(error);
      }
    },
    close: async () => {
      const closing = connecting;
      connecting = undefined;
      await closing?.then(
        (database) => database.close(),
        () => {},
      );
    },
  };
}

async function openDatabase(name: string, clock: Clock, onClosed: () => void): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined') throw unavailable('this browser has no IndexedDB here');
  const answered = new AbortController();
  const request = requestOpening(name);
  request.onupgradeneeded = () => request.result.createObjectStore(OBJECT_STORE);
  const opening = promisifyRequest(request);
  try {
    const database = await Promise.race([opening, sleep(OPEN_MS, answered.signal, clock)]);
    if (!database) {
      opening.then((late) => late.close()).catch(() => {});
      throw unavailable(`IndexedDB gave no answer in ${OPEN_MS} ms`);
    }
    // Another page wants to delete or upgrade the database: do not stand in its way.
    database.onversionchange = () => {
      database.close();
      onClosed();
    };
    database.onclose = onClosed;
    return database;
  } catch (error) {
    throw isAulosError(error) ? error : unavailable(`IndexedDB does not open: ${error}`, error);
  } finally {
    answered.abort();
  }
}

/** Opaque origins (a sandboxed frame, a data: page) throw here. */
function requestOpening(name: string): IDBOpenDBRequest {
  try {
    return indexedDB.open(name, 1);
  } catch (error) {
    throw unavailable(`IndexedDB is denied: ${error}`, error);
  }
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

/** Quota errors are known by their name: their class differs between browsers, and their messages too. */
function asAulosError(error: unknown): AulosError {
  if (isAulosError(error)) return error;
  const code: ErrorCode & ('store.full' | 'store.io') = hasName(error, 'QuotaExceededError') ? 'store.full' : 'store.io';
  const errno = error instanceof Error ? error.name : undefined;
  return new AulosError(code, { errno }, `IndexedDB failed: ${error}`, { cause: error });
}

const hasName = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

const unavailable = (reason: string, cause?: unknown): AulosError => new AulosError('store.unavailable', { reason }, reason, { cause });
