import { AulosError, isAulosError, type SerializedError } from '../errors.ts';
import type { AssetStat, AssetStore, Verification } from '../store/store.ts';

/** What a page does with what is stored, which its worker does for it; keys are those of `list`. */
export interface CacheCalls {
  /** Everything that is stored, also what is only partly there. @throws AulosError `store.*`. */
  list(): Promise<readonly AssetStat[]>;
  stat(key: string): Promise<AssetStat | undefined>;
  /** Keeps an asset from eviction, or lets it be evicted again; durable. @throws AulosError `input.invalid`, `store.*`. */
  pin(key: string, pinned?: boolean): Promise<void>;
  /**
   * Deletes an asset. A player of this page that has it open gets `asset.changed`, and plays it after `load()`.
   * @throws AulosError `store.locked` while another tab has it open.
   */
  delete(key: string): Promise<void>;
  /** Evicts, least recently used first, until at most `maxBytes` are stored; gives what is stored then. Pinned and open assets stay. */
  trim(maxBytes: number): Promise<number>;
  /** Reads all that is stored. What is damaged is dropped, and fetched again when it is wanted. */
  verify(): Promise<Verification>;
}

/** From the page: `id` counts up. */
export type CacheQuestion =
  | { [N in keyof CacheCalls]: { readonly id: number; readonly name: N; readonly args: Parameters<CacheCalls[N]> } }[keyof CacheCalls]
  | { readonly name: 'close' };

export type CacheAnswer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: SerializedError });

/** The worker's end: does to `store` what comes over `port`, until the page closes it; then `onClosed` is called. */
export function answerCache(port: MessagePort, store: AssetStore, onClosed: () => void): void {
  const closing = new AbortController();
  port.onmessage = async ({ data }: MessageEvent<CacheQuestion>) => {
    if (data.name === 'close') {
      closing.abort();
      port.close();
      return onClosed();
    }
    const { id } = data;
    const answer: CacheAnswer = await perform(store, data, closing.signal).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, error: serialized(error) }),
    );
    port.postMessage(answer);
  };
}

function perform(store: AssetStore, question: Exclude<CacheQuestion, { name: 'close' }>, signal: AbortSignal): Promise<unknown> {
  if (question.name === 'pin') return pin(store, ...question.args);
  if (question.name === 'list') return store.list();
  if (question.name === 'verify') return store.verify(signal);
  if (question.name === 'trim') return store.trim(...question.args);
  return question.name === 'stat' ? store.stat(...question.args) : store.delete(...question.args);
}

async function pin(store: AssetStore, key: string, pinned = true): Promise<void> {
  const asset = await store.open(key);
  try {
    await asset.pin(pinned);
  } finally {
    await asset.close();
  }
}

const serialized = (error: unknown): SerializedError =>
  (isAulosError(error) ? error : new AulosError('store.unavailable', { reason: String(error) }, String(error), { cause: error })).toJSON();
