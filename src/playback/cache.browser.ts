import { AulosError, reviveError } from '../errors.ts';
import { askToPersist } from '../store/persist.browser.ts';
import type { CacheAnswer, CacheCalls, CacheQuestion } from './cache-answers.ts';
import { linkWorker } from './pipeline-worker.browser.ts';

/** What the players of this origin have stored, as `openCache` gives it. */
export interface PageCache extends CacheCalls, AsyncDisposable {
  /** Asks that it outlives a shortage of space. False if the browser may still take it away, or does not answer. */
  persist(): Promise<boolean>;
  /** Lets go of the worker; what is under way is given up. Idempotent. */
  close(): Promise<void>;
}

/** Options of `openCache`. */
export interface CacheOptions {
  /** The pipeline worker, the same as that of the players. @default `worker.js` beside the module of aulos */
  readonly workerUrl?: string | URL;
}

interface Waiting {
  resolve(value: never): void;
  reject(reason: unknown): void;
}

/** The store as the worker has it, which may have some of it open: so there is one of it on a page. */
export function linkCache({ workerUrl }: CacheOptions): PageCache {
  const link = linkWorker(workerUrl, 'cache');
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let gone: AulosError | undefined;
  let isClosed = false;

  const leave = (reason: string) => {
    gone = new AulosError('store.unavailable', { reason }, `the cache cannot be reached: ${reason}`);
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  };
  const call =
    <N extends keyof CacheCalls>(name: N) =>
    (...args: Parameters<CacheCalls[N]>): ReturnType<CacheCalls[N]> =>
      new Promise<never>((resolve, reject) => {
        if (gone) return reject(gone);
        const id = ++count;
        waiting.set(id, { resolve, reject });
        link.port.postMessage({ id, name, args });
      }) as unknown as ReturnType<CacheCalls[N]>;

  link.port.onmessage = ({ data }: MessageEvent<CacheAnswer>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) asked?.reject(reviveError(data.error));
    else asked?.resolve(data.value as never);
  };
  link.onFailure = leave;

  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    leave('closed');
    link.port.postMessage({ name: 'close' } satisfies CacheQuestion);
    link.close();
  };
  return {
    list: call('list'),
    stat: call('stat'),
    pin: call('pin'),
    delete: call('delete'),
    trim: call('trim'),
    verify: call('verify'),
    persist: askToPersist,
    close,
    [Symbol.asyncDispose]: close,
  };
}
