import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, type ErrorCode, isAulosError } from '../errors.ts';
import { OBJECT_STORE, promisifyRequest, transact, type UseStore } from './indexeddb-transaction.browser.ts';

/** A connection that is opened at first use, and once more when it turns out to be lost. */
export interface Connection {
  /**
   * Runs `callback` in one transaction and resolves when that is complete; it runs twice if the first transaction was lost with its
   * connection.
   * @throws AulosError `store.full`, `store.io`; `store.unavailable` when there is no IndexedDB that answers, and then for 30 s more
   * without asking it.
   */
  readonly use: UseStore;
  close(): Promise<void>;
}

/** Firefox in a private window, a full disk, a wedged profile: an open request may stay without an answer for ever. */
const OPEN_MS = 5000;
/** A database that cannot be had is tried again after this. */
const PROBE_MS = 30_000;
/**
 * Of a later layout of aulos, whose pages share the database with those of this one until they are reloaded, the number is higher: they
 * take the database from this one, which goes on in memory.
 */
const VERSION = 1;

/** Connects to the database `name`. */
export function connectIndexedDb(name: string, clock: Clock): Connection {
  let connecting: Promise<IDBDatabase> | undefined;
  let outage: { readonly error: AulosError; readonly until: number } | undefined;

  const forget = (lost: Promise<IDBDatabase>): void => {
    if (connecting === lost) connecting = undefined;
  };
  const connect = (): Promise<IDBDatabase> => {
    if (connecting) return connecting;
    const opening = openDatabase(name, clock, () => forget(opening));
    opening.catch(() => forget(opening));
    connecting = opening;
    return opening;
  };
  const attempt: UseStore = async (mode, callback) => {
    const opening = connect();
    const database = await opening;
    try {
      return await transact(database, mode, callback);
    } catch (error) {
      if (isLoss(error)) {
        database.close();
        forget(opening);
      }
      throw error;
    }
  };
  return {
    use: async (mode, callback) => {
      if (outage && clock.now() < outage.until) throw outage.error;
      try {
        return await attempt(mode, callback).catch((error) => {
          if (isLoss(error)) return attempt(mode, callback);
          throw error;
        });
      } catch (reason) {
        const error = asAulosError(reason);
        if (error.code === 'store.unavailable') outage = { error, until: clock.now() + PROBE_MS };
        throw error;
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
    return indexedDB.open(name, VERSION);
  } catch (error) {
    throw unavailable(`IndexedDB is denied: ${error}`, error);
  }
}

/**
 * What is said when the connection is gone: InvalidStateError by one that the browser has closed (Safari does, and every one under disk
 * pressure), AbortError by a transaction that was running then, UnknownError when the disk or the process behind it fails.
 */
const LOSSES = new Set(['InvalidStateError', 'AbortError', 'UnknownError']);

const isLoss = (error: unknown): boolean => error instanceof Error && LOSSES.has(error.name);

/** Quota errors are known by their name: their class differs between browsers, and their messages too. */
function asAulosError(error: unknown): AulosError {
  if (isAulosError(error)) return error;
  if (isLoss(error)) return unavailable(`IndexedDB failed twice: ${error}`, error);
  const errno = error instanceof Error ? error.name : undefined;
  const code: ErrorCode & ('store.full' | 'store.io') = errno === 'QuotaExceededError' ? 'store.full' : 'store.io';
  return new AulosError(code, { errno }, `IndexedDB failed: ${error}`, { cause: error });
}

const unavailable = (reason: string, cause?: unknown): AulosError => new AulosError('store.unavailable', { reason }, reason, { cause });
