/**
 * A condition that waiters look at again each time it is signalled. The count is read before looking, so a signal that comes between a
 * waiter's look and its wait is not lost:
 *
 *     for (;;) {
 *       const { count } = wake;
 *       if (isReady()) return;
 *       await wake.after(count, signal);
 *     }
 */
export class Wake {
  #count = 0;
  readonly #waiters = new Set<() => void>();

  /** How often this was signalled. */
  get count(): number {
    return this.#count;
  }

  /** Wakes everyone who waits now. */
  signal(): void {
    this.#count++;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /** Resolves once the count is past `count`; rejects with `signal.reason` when aborted. */
  after(count: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#count > count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiters.delete(wake);
        reject(signal?.reason);
      };
      this.#waiters.add(wake);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
