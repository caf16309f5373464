import { childController, sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import { type RangeRequest, type RangeResponse, wholeResource } from '../net/client.ts';
import type { RetryBudget } from '../net/retry.ts';
import type { Asset } from '../store/store.ts';
import { claimsOther, judge, OVERLAP_BYTES, overlapEnd, overlapStart } from './answer.ts';
import { isStation } from './endless.ts';
import type { Receiver } from './intake.ts';
import type { LiveReceiver } from './live.ts';
import type { LiveRing } from './live-ring.ts';
import type { Fetch, Purpose, Running } from './plan.ts';

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
  readonly #host: TransferHost;
  readonly #budget: RetryBudget;
  readonly #controller = new AbortController();
  /** The server said that there is nothing where we miss bytes: its next answer must tell the length. */
  #doubtsLength = false;
  /** The server answers ranges wrongly, so it is asked without. */
  #isPlain = false;
  /** Where a body ended together with its connection, which may have been an accident. */
  #seenEnd: number | undefined;

  constructor({ purpose, start, end }: Fetch, host: TransferHost, budget: RetryBudget) {
    this.purpose = purpose;
    this.start = start;
    this.end = end;
    this.#host = host;
    this.#budget = budget;
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
    this.#budget.progress(range.end - range.start);
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
        if (!this.cancelled) await this.#pauseAfter(error);
      }
    }
  }

  /** The next missing part of the range. */
  #gap(): ByteRange | undefined {
    const { held, facts } = this.#host.asset;
    return held.firstGap({ start: this.start, end: Math.min(this.end, facts?.length ?? Infinity) });
  }

  /** One request and its body. True if the rest of the range is somebody else's. */
  async #attempt(gap: ByteRange): Promise<boolean> {
    const { asset } = this.#host;
    const asked = this.#ask(gap);
    const response = await this.#host.get(this.#isPlain ? { plain: true } : { range: asked }, this);
    try {
      if (this.#host.isLive || (response.status === 200 && isStation(response.headers))) return await this.#pour(response);
      const { facts } = asset;
      const verdict = judge(response, {
        purpose: this.purpose,
        start: gap.start,
        plain: this.#isPlain,
        alone: this.#host.isAlone(this),
        facts,
        heldBytes: asset.held.size,
      });
      if (verdict === 'invalid') throw contradicts(response, asked);
      if (verdict === 'doubt') {
        await this.#host.distrust();
        return false; // and asks again, with an overlap
      }
      if (verdict === 'refuse') {
        this.#host.refused();
        return true;
      }
      if (response.status === 200) {
        this.purpose = 'fill';
        this.end = Infinity;
      }
      const isNew = verdict === 'begin' || verdict === 'renew';
      const isOther = claimsOther(response, facts);
      const isWhole = facts?.length === undefined && response.total === gap.start; // nothing was missing but the certainty
      if (!isNew && !isWhole && response.range.end <= gap.start && !this.#doubtsLength) throw bringsNothing(response, asked);
      const generation = isNew ? await this.#host.begin(response, this) : asset.generation;
      await this.#host.accepted(response, isNew || isOther);
      const compareUntil = verdict !== 'compare' ? 0 : response.status === 200 ? Infinity : gap.start;
      this.#doubtsLength = false;
      const { endlessAfter } = this.#host;
      const { Intake } = await loadPart('downloads', () => import('./intake.ts'));
      const intake = new Intake({ response, generation, compareUntil, endlessAfter, claimsOther: isOther && !isNew }, this);
      const end = await intake.run();
      if (end === 'endless') return await this.#pour(response, intake.at);
      if (end === 'left') return true;
      await this.#conclude(intake.at, response, asked);
      return false;
    } finally {
      await response.body.return?.();
    }
  }

  /** Goes on without an end, at the start of a body or where its rest is; true when it has one after all. */
  async #pour(response: RangeResponse, restFrom?: number): Promise<boolean> {
    const { pour } = await loadPart('live streams', () => import('./live.ts'));
    const ring = await this.#host.goLive(response, restFrom ?? 0, this);
    await pour(response, restFrom !== undefined, ring, this);
    return true;
  }

  #ask(gap: ByteRange): ByteRange {
    const { held, facts } = this.#host.asset;
    if (this.#isPlain || this.#host.isLive) return wholeResource;
    this.start = gap.start;
    if (this.#doubtsLength) return { start: 0, end: OVERLAP_BYTES };
    const before = { start: Math.max(0, gap.start - OVERLAP_BYTES), end: gap.start };
    const heldFrom = held.gaps(before).at(-1)?.end ?? before.start;
    const heldUntil = held.heldUntil(gap.end);
    const takenUntil = heldUntil === gap.end && this.isTaken(gap.end) ? Infinity : heldUntil;
    const end = gap.end === facts?.length ? this.end : overlapEnd(gap.end, takenUntil, facts);
    return { start: overlapStart(gap.start, heldFrom, facts), end };
  }

  /** The end of a body is that of the resource where it was asked for to the end, and where it was no accident. */
  async #conclude(at: number, response: RangeResponse, asked: ByteRange): Promise<void> {
    const { status, total, endsWithConnection, url } = response;
    if (status === 206 && (total !== undefined || asked.end < Infinity)) return;
    const { length } = this.#host.asset.facts ?? {};
    const isDoubtful = length === undefined ? endsWithConnection && at !== this.#seenEnd : at < length;
    this.#seenEnd = at;
    if (!isDoubtful) return this.#host.ended(at);
    const details = { url: redactUrl(url), expected: length, received: at - response.range.start };
    throw new AulosError('net.truncated', details, `${details.url} may have been cut at byte ${at}`);
  }

  async #pauseAfter(error: unknown): Promise<void> {
    const failure = this.#understand(error);
    if (isAulosError(failure, 'asset.integrity') && (await this.#host.disproved(failure))) return;
    if (isAulosError(failure, 'http.length')) await this.#host.distrust(); // what came before the excess may be as wrong
    const isOneTooMany = isOverload(failure) && !this.#host.isAlone(this);
    const delayMs = isOneTooMany ? undefined : (this.#budget.next(failure) ?? this.#lastResort(failure));
    if (delayMs === undefined) throw failure;
    this.#host.retrying(this.#budget.failures, delayMs, failure as AulosError);
    await pause(delayMs, this.#controller.signal, this.#host.clock);
  }

  /**
   * A server that answers ranges wrongly may still give the whole, which is compared with what is held. Only for who must go on: others leave
   * their bytes to the fill.
   */
  #lastResort(failure: unknown): number | undefined {
    const isNeeded = this.purpose === 'fill' || this.#host.isAlone(this);
    if (!isAulosError(failure, 'http.range') || this.#isPlain || !isNeeded) return undefined;
    this.#isPlain = true;
    this.#doubtsLength = false;
    this.#budget.reset();
    return 0;
  }

  /** A 416 where bytes are missing means that the length is not what we think, or that the server errs: the start of the resource tells. */
  #understand(error: unknown): unknown {
    if (!isAulosError(error, 'http.status') || error.details.status !== 416) return error;
    this.#doubtsLength = this.#host.asset.held.size > 0;
    const details = { url: error.details.url, asked: { start: this.start, end: this.end }, answered: '416' };
    return new AulosError('http.range', details, `${details.url}: nothing at byte ${this.start}, says the server`, { cause: error });
  }
}

/** True if the server says that it is asked too much: it may still answer one connection. */
export function isOverload(error: unknown): boolean {
  return isAulosError(error, 'http.status') && [429, 503].includes(error.details.status);
}

/** The validators say that nothing changed, and the length is another. */
function contradicts({ url, total }: RangeResponse, asked: ByteRange): AulosError {
  const details = { url: redactUrl(url), asked, answered: `${total} bytes in all` };
  return new AulosError('http.range', details, `${details.url}: the same version cannot have another length (${total} bytes)`);
}

/** A server may send less than was asked, but an answer that ends inside the overlap would be asked for for ever. */
function bringsNothing({ url, range }: RangeResponse, asked: ByteRange): AulosError {
  const details = { url: redactUrl(url), asked, answered: `bytes ${range.start}-${range.end - 1}` };
  return new AulosError('http.range', details, `${details.url}: asked for bytes from ${asked.start} on, got only up to ${range.end}`);
}

/** Waits, but not on when the network comes back; an abort ends it too. */
export async function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  const { controller, release } = childController(signal);
  const wake = () => controller.abort();
  globalThis.addEventListener?.('online', wake);
  await sleep(ms, controller.signal, clock).catch(() => {});
  globalThis.removeEventListener?.('online', wake);
  release();
}
