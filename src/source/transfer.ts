import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import { type RangeRequest, type RangeResponse, wholeResource } from '../net/client.ts';
import type { RetryPolicy } from '../net/retry.ts';
import type { Asset } from '../store/store.ts';
import { OVERLAP_BYTES, overlapEnd, overlapStart } from './answer.ts';
import type { Receiver } from './intake.ts';
import type { LiveReceiver } from './live.ts';
import type { LiveRing } from './live-ring.ts';
import type { Fetch, Purpose, Running } from './plan.ts';
import type { Setbacks } from './setbacks.ts';

/** What the transfers of one asset share; its fetching is one. */
export interface TransferHost {
  readonly asset: Asset;
  readonly clock: Clock;
  /** One request of `transfer`, counted; it waits for its turn. */
  get(wanted: Pick<RangeRequest, 'range' | 'plain'>, transfer: Transfer): Promise<RangeResponse>;
  /** Bytes after which a body without a length counts as one without an end. */
  readonly endlessAfter: number;
  readonly isLive: boolean;
  /** The resource has no end: ends all transfers but this one, and gives where its bytes go, behind `start` bytes that are stored. */
  goLive(response: RangeResponse, start: number, transfer: Transfer): Promise<LiveRing>;
  isAlone(transfer: Transfer): boolean;
  /** The first byte at or after the next one of `transfer` that is not its to bring. */
  limitOf(transfer: Transfer): number;
  /** True if byte `offset` is held, or another transfer is about to bring it. */
  isTaken(offset: number, transfer: Transfer): boolean;
  /** Begins a generation with this answer, and ends all transfers but this one. Gives its number. */
  begin(response: RangeResponse, transfer: Transfer): Promise<number>;
  /** Notes what an accepted answer tells of server and resource. */
  accepted(response: RangeResponse, isNewVersion: boolean): Promise<void>;
  /** The server answered a range with the whole, while the bytes arrive in order already. */
  refused(): void;
  /** Neither validators nor heads of this server are believed any more: bytes decide. */
  distrust(): Promise<void>;
  /** A digest says that what is held is not what the server has: all of it goes, and all transfers end. True if it may be fetched once more. */
  disproved(error: AulosError): Promise<boolean>;
  /** The resource ended cleanly after `length` bytes. */
  ended(length: number): Promise<void>;
  /** So many bytes came from the network. */
  received(bytes: number): void;
  /** Bytes of `range` are held now. */
  stored(range: ByteRange): void;
  retrying(attempt: number, delayMs: number, error: AulosError): void;
}

/**
 * Pursues one range through drops and restarts, one connection at a time, until all of it is held. Each attempt asks for what is missing
 * then, so nothing is fetched twice but the overlap that proves the version.
 */
export class Transfer implements Running, Receiver, LiveReceiver {
  purpose: Purpose;
  /** The next byte that it brings. */
  start: number;
  end: number;
  /** The server said that there is nothing where we miss bytes: its next answer must tell the length. */
  doubtsLength = false;
  /** The server answers ranges wrongly, so it is asked without. */
  isPlain = false;
  /** Where a body ended together with its connection, which may have been an accident. */
  seenEnd: number | undefined;
  readonly #host: TransferHost;
  readonly #retry: Partial<RetryPolicy> | undefined;
  readonly #controller = new AbortController();
  /** What went wrong so far; nothing for most. */
  #setbacks: Setbacks | undefined;

  constructor({ purpose, start, end }: Fetch, host: TransferHost, retry: Partial<RetryPolicy> | undefined) {
    this.purpose = purpose;
    this.start = start;
    this.end = end;
    this.#host = host;
    this.#retry = retry;
  }

  get cancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  cancel(): void {
    this.#controller.abort();
  }

  get asset(): Asset {
    return this.#host.asset;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  moveTo(offset: number): number {
    this.start = offset;
    return this.#host.limitOf(this);
  }

  isTaken(offset: number): boolean {
    return this.#host.isTaken(offset, this);
  }

  received(bytes: number): void {
    this.#host.received(bytes);
  }

  stored(range: ByteRange): void {
    this.#setbacks?.progress(range.end - range.start);
    this.#host.stored(range);
  }

  appended(bytes: number, end: number): void {
    this.start = end;
    this.stored({ start: end - bytes, end });
  }

  renew(response: RangeResponse): Promise<number> {
    return this.#host.begin(response, this);
  }

  distrust(): Promise<void> {
    return this.#host.distrust();
  }

  /** Resolves when the range is held or left to others, or after `cancel`. @throws AulosError what ended it for good. */
  async run(): Promise<void> {
    for (let isLeft = false; !isLeft && !this.cancelled; ) {
      try {
        const gap = this.#gap();
        if (!gap) return;
        isLeft = await this.#attempt(gap);
      } catch (error) {
        if (!this.cancelled) await this.#recover(error);
      }
    }
  }

  /** Resolves when it may be tried again. @throws AulosError when it is of no use. */
  async #recover(error: unknown): Promise<void> {
    const { Setbacks } = await import('./setbacks.ts').catch(() => {
      throw error; // nothing of the rest came either
    });
    this.#setbacks ??= new Setbacks(this, this.#host, this.#retry);
    if (!this.cancelled) await this.#setbacks.pauseAfter(error);
  }

  /** The next missing part of the range. */
  #gap(): ByteRange | undefined {
    const { held, facts } = this.#host.asset;
    return held.firstGap({ start: this.start, end: Math.min(this.end, facts?.length ?? Infinity) });
  }

  /** One request and its body. True if the rest of the range is somebody else's. */
  async #attempt(gap: ByteRange): Promise<boolean> {
    const asked = this.#ask(gap);
    const response = await this.#host.get(this.isPlain ? { plain: true } : { range: asked }, this);
    try {
      const { receive } = await loadPart('downloads', () => import('./reception.ts')); // it came while the answer did
      return await receive({ response, gap, asked, transfer: this, host: this.#host });
    } finally {
      await response.body.return?.();
    }
  }

  #ask(gap: ByteRange): ByteRange {
    const { held, facts } = this.#host.asset;
    if (this.isPlain || this.#host.isLive) return wholeResource;
    this.start = gap.start;
    if (this.doubtsLength) return { start: 0, end: OVERLAP_BYTES };
    const before = { start: Math.max(0, gap.start - OVERLAP_BYTES), end: gap.start };
    const heldFrom = held.gaps(before).at(-1)?.end ?? before.start;
    const heldUntil = held.heldUntil(gap.end);
    const takenUntil = heldUntil === gap.end && this.isTaken(gap.end) ? Infinity : heldUntil;
    const end = gap.end === facts?.length ? this.end : overlapEnd(gap.end, takenUntil, facts);
    return { start: overlapStart(gap.start, heldFrom, facts), end: Math.min(end, gap.start + (this.#setbacks?.nextReach() ?? Infinity)) };
  }
}
