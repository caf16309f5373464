/**
 * Takes the titles out of a station's bytes. A server puts them in where it was asked to by `Icy-MetaData: 1`, and some do it unasked;
 * `icy-metaint` says so.
 *
 *     ┌─────────────────────┬───┬─────────────┬─────────────────────┬───┬───
 *     │ metaint audio bytes │ n │ 16 n bytes  │ metaint audio bytes │ n │ …
 *     └─────────────────────┴───┴─────────────┴─────────────────────┴───┴───
 */
export class IcyStripper {
  readonly #interval: number;
  #audioLeft: number;
  /** What is said between two stretches of audio, as far as it has come: at most 255 blocks. */
  #said = new Uint8Array(0);
  #saidLeft = 0;

  /** Lets everything pass if the headers tell of no titles. */
  constructor(headers: Readonly<Record<string, string>>) {
    const interval = Number(headers['icy-metaint']);
    this.#interval = Number.isSafeInteger(interval) && interval > 0 ? interval : Number.POSITIVE_INFINITY;
    this.#audioLeft = this.#interval;
  }

  /** The audio in the next `bytes`, as views of them, and the titles of what comes after them. */
  *strip(bytes: Uint8Array): Generator<Uint8Array | string> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#saidLeft > 0) {
        const part = bytes.subarray(at, at + this.#saidLeft);
        this.#said.set(part, this.#said.length - this.#saidLeft);
        this.#saidLeft -= part.length;
        at += part.length;
        const title = this.#saidLeft > 0 ? undefined : titleIn(this.#said);
        if (title !== undefined) yield title;
      } else if (this.#audioLeft > 0) {
        const audio = bytes.subarray(at, Math.min(bytes.length, at + this.#audioLeft));
        this.#audioLeft -= audio.length;
        at += audio.length;
        yield audio;
      } else {
        this.#saidLeft = 16 * bytes[at++];
        this.#said = new Uint8Array(this.#saidLeft);
        this.#audioLeft = this.#interval;
      }
    }
  }
}

/**
 * The title in `StreamTitle='…';StreamUrl='…';`, which zeros fill up; undefined if none is said. Quotes are not escaped in it, so it ends at
 * the quote behind which another name begins, or nothing. Text is UTF-8, or where it cannot be that, Latin-1.
 */
function titleIn(said: Uint8Array): string | undefined {
  const [, title] = /StreamTitle='(.*?)'(?:;\w+=|;?\0*$)/s.exec(textOf(said)) ?? [];
  return title?.replace(/\p{Cc}+/gu, ' ').trim();
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}
