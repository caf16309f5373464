/** True for an answer of SHOUTcast or Icecast: a station, which has no end. */
export const isStation = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith('icy-'));

/**
 * Takes the titles out of a station's bytes. A server puts them in where it was asked to by `Icy-MetaData: 1`, which we do not send, and
 * some do it unasked; `icy-metaint` says so.
 *
 *     ┌─────────────────────┬───┬─────────────┬─────────────────────┬───┬───
 *     │ metaint audio bytes │ n │ 16 n bytes  │ metaint audio bytes │ n │ …
 *     └─────────────────────┴───┴─────────────┴─────────────────────┴───┴───
 */
export class IcyStripper {
  readonly #interval: number;
  #audioLeft: number;
  #titleLeft = 0;

  /** Lets everything pass if the headers tell of no titles. */
  constructor(headers: Readonly<Record<string, string>>) {
    const interval = Number(headers['icy-metaint']);
    this.#interval = Number.isSafeInteger(interval) && interval > 0 ? interval : Number.POSITIVE_INFINITY;
    this.#audioLeft = this.#interval;
  }

  /** The audio in the next `bytes`, as views of them. */
  *strip(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#titleLeft > 0) {
        const skipped = Math.min(this.#titleLeft, bytes.length - at);
        this.#titleLeft -= skipped;
        at += skipped;
      } else if (this.#audioLeft > 0) {
        const audio = bytes.subarray(at, Math.min(bytes.length, at + this.#audioLeft));
        this.#audioLeft -= audio.length;
        at += audio.length;
        yield audio;
      } else {
        this.#titleLeft = 16 * bytes[at++];
        this.#audioLeft = this.#interval;
      }
    }
  }
}
