import type { ByteRange } from '../base/ranges.ts';
import type { RangeResponse } from '../net/client.ts';
import type { Asset } from '../store/store.ts';
import { isProven, overlapEnd } from './answer.ts';

/** What a body is taken in for; a transfer is one. */
export interface Receiver {
  readonly asset: Asset;
  readonly signal: AbortSignal;
  /** Moves on: the next byte that is brought. Gives the first one at or after it that is not to be. */
  moveTo(offset: number): number;
  /** True if byte `offset` is held, or another connection is about to bring it. */
  isTaken(offset: number): boolean;
  received(bytes: number): void;
  stored(range: ByteRange): void;
  /** Another version begins with this answer. Gives its generation. */
  renew(response: RangeResponse): Promise<number>;
  distrust(): Promise<void>;
}

/** How a body is taken in. */
export interface IntakeTerms {
  readonly response: RangeResponse;
  readonly generation: number;
  /** Bytes before this offset are compared where they are held. */
  readonly compareUntil: number;
  /** Bytes after which a body without a length counts as one without an end. */
  readonly endlessAfter: number;
  /** True if the validators say that it is another version, and the bytes are to tell. */
  readonly claimsOther: boolean;
}

/**
 * A body on its way into the asset: compared where its bytes are held, stored where they are missing. Where validators prove nothing, the
 * last byte before bytes that came another way (the *seam*) is stored only when an overlap behind it was equal: so whatever ends a
 * download in between, what is held without a gap is of one version.
 */
export class Intake {
  /** Offset of the next byte of the body. */
  at: number;
  readonly #response: RangeResponse;
  readonly #receiver: Receiver;
  readonly #endlessAfter: number;
  #generation: number;
  #compareUntil: number;
  #claimsOther: boolean;
  #seam: { readonly at: number; readonly bytes: Uint8Array } | undefined;
  /** End of the overlap behind the seam. */
  #joinedUntil: number | undefined;

  constructor({ response, generation, compareUntil, endlessAfter, claimsOther }: IntakeTerms, receiver: Receiver) {
    this.#response = response;
    this.#receiver = receiver;
    this.#generation = generation;
    this.#compareUntil = compareUntil;
    this.#endlessAfter = endlessAfter;
    this.#claimsOther = claimsOther;
    this.at = response.range.start;
  }

  /**
   * Takes the body to its end, or until the rest is left to others, or until it seems to have no end: then the rest can still be read.
   * @throws AulosError of the body or the store
   */
  async run(): Promise<'ended' | 'left' | 'endless'> {
    const { range, body } = this.#response;
    for (;;) {
      const { done, value } = await body.next();
      if (done) return 'ended';
      this.#receiver.received(value.length);
      if (await this.#take(value)) return 'left';
      if (this.at < range.end && !this.#zone()) return 'left';
      const isBounded = range.end < Infinity || this.#receiver.asset.facts?.length !== undefined;
      if (!isBounded && this.at >= this.#endlessAfter) return 'endless';
    }
  }

  async #take(bytes: Uint8Array): Promise<boolean> {
    const start = this.at;
    const end = start + bytes.length;
    if (end > (this.#receiver.asset.facts?.length ?? Infinity)) await this.#renew(); // a body without a length, longer than what is known
    while (this.at < end) {
      const zone = this.#zone();
      if (!zone) return true;
      const until = Math.min(end, zone.until);
      const part = this.at === start && until === end ? bytes : bytes.subarray(this.at - start, until - start);
      if (zone.isCompared) await this.#compare(this.at, part);
      else await this.#store(this.at, part);
      if (this.#receiver.signal.aborted) return true;
      this.at = until;
      if (this.at === this.#joinedUntil) await this.#closeSeam();
    }
    return false;
  }

  /** What happens to the next bytes, and how far; undefined if they are not wanted. */
  #zone(): { until: number; isCompared: boolean } | undefined {
    const { at } = this;
    if (at < this.#compareUntil) return { until: this.#compareUntil, isCompared: true };
    const limit = this.#receiver.moveTo(this.#seam?.at ?? at);
    if (limit > at) return { until: limit, isCompared: false };
    const { facts, held } = this.#receiver.asset;
    if (at === this.#joinedUntil || !this.#receiver.isTaken(at)) return undefined;
    const takenUntil = held.heldUntil(at) > at ? held.heldUntil(at) : Infinity;
    const until = Math.min(overlapEnd(at, takenUntil, facts), facts?.length ?? Infinity, this.#response.range.end);
    if (until <= at) return undefined;
    this.#compareUntil = this.#joinedUntil = until;
    return { until, isCompared: true };
  }

  /** Holds bytes that came against the stored ones, and stores those that are missing. The first difference begins a new generation. */
  async #compare(at: number, bytes: Uint8Array): Promise<void> {
    const { asset, signal } = this.#receiver;
    const end = at + bytes.length;
    for (let from = at; from < end; ) {
      const until = Math.min(end, asset.held.heldUntil(from));
      if (until === from) {
        const gapEnd = asset.held.firstGap({ start: from, end })?.end ?? end;
        await this.#fill(from, bytes.subarray(from - at, gapEnd - at));
        from = gapEnd;
        continue;
      }
      const stored = await asset.read({ start: from, end: until }, signal);
      if (signal.aborted) return;
      if (!stored) continue; // lost meanwhile: a gap now
      if (!sameBytes(stored, bytes.subarray(from - at, until - at))) {
        await this.#renew();
        return this.#write(from, bytes.subarray(from - at));
      }
      from = until;
    }
  }

  /** A gap in bytes that are compared. Those before it were equal, so the validators lied. */
  async #fill(at: number, bytes: Uint8Array): Promise<void> {
    if (this.#claimsOther) await this.#receiver.distrust();
    this.#claimsOther = false;
    await this.#write(at, bytes);
    this.#receiver.moveTo(this.#seam?.at ?? at + bytes.length);
  }

  /** Stores bytes, up to the seam if there is one. */
  async #store(at: number, bytes: Uint8Array): Promise<void> {
    const isSeam = !isProven(this.#receiver.asset.facts) && this.#receiver.isTaken(at + bytes.length);
    if (!isSeam) return this.#write(at, bytes);
    const length = bytes.length - 1;
    await this.#write(at, bytes.subarray(0, length));
    this.#seam = { at: at + length, bytes: bytes.subarray(length) };
  }

  async #closeSeam(): Promise<void> {
    const seam = this.#seam;
    this.#seam = undefined;
    if (seam) await this.#write(seam.at, seam.bytes);
  }

  async #write(at: number, bytes: Uint8Array): Promise<void> {
    const { asset, signal } = this.#receiver;
    if (bytes.length === 0 || signal.aborted) return;
    await asset.write(this.#generation, at, bytes);
    this.#receiver.stored({ start: at, end: at + bytes.length });
  }

  async #renew(): Promise<void> {
    this.#generation = await this.#receiver.renew(this.#response);
    this.#compareUntil = 0;
    this.#claimsOther = false;
    this.#seam = undefined;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
