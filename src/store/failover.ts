import { type AulosError, isAulosError } from '../errors.ts';
import type { AssetHost } from './asset-host.ts';

/** Asks a medium for things until it fails for good; from then on it is left alone. */
export class Failover {
  readonly #host: AssetHost;
  readonly #onFailed: (cause: AulosError) => void;
  #failure: AulosError | undefined;

  /** `onFailed` is called once. */
  constructor(host: AssetHost, onFailed: (cause: AulosError) => void) {
    this.#host = host;
    this.#onFailed = onFailed;
  }

  /** Why the medium is left alone; undefined while it is not. */
  get failure(): AulosError | undefined {
    return this.#failure;
  }

  /** Runs `action`, and once more after making room if there was none. Undefined if the medium has failed. */
  async run<T>(action: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 1; !this.#failure; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (!isAulosError(error)) throw error;
        const again = attempt === 1 && error.code === 'store.full' && (await this.#host.makeRoom(true));
        if (!again) this.fail(error);
      }
    }
    return undefined;
  }

  /** Leaves the medium alone from now on; the first `cause` counts, since of two actions under way both may fail. */
  fail(cause: AulosError): void {
    if (this.#failure) return;
    this.#failure = cause;
    this.#onFailed(cause);
  }
}
