/**
 * A disposal tree: whoever starts something adds its end here. Closing ends children and resources in reverse order, each once, also
 * when one of them throws (the first error is thrown after all were ended).
 */
export class Scope implements AsyncDisposable {
  readonly #ends: Array<() => unknown> = [];
  readonly #controller = new AbortController();
  #closing: Promise<void> | undefined;

  /** Aborts when the scope closes: the signal for every wait inside it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Registers `end`; on a closed scope it runs at once. */
  defer(end: () => unknown): void {
    if (this.#closing) void Promise.resolve().then(end);
    else this.#ends.push(end);
  }

  /** Ends everything; idempotent. `reason` becomes `signal.reason`. */
  close(reason?: unknown): Promise<void> {
    this.#closing ??= this.#endAll(reason);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #endAll(reason: unknown): Promise<void> {
    this.#controller.abort(reason);
    const errors: unknown[] = [];
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
