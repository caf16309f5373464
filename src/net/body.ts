import type { Clock } from '../base/clock.ts';
import type { Digest, DigestCheck } from '../base/digest.ts';
import { loadPart } from '../base/part.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { NetTimeouts, RangeRequest, RangeResponse } from './client.ts';
import { parseDigest } from './digest-field.ts';
import type { Transfer } from './transfer.ts';

/** A body that brings less than this share of what the media plays is given up: another connection may do better. */
const SLOW_SHARE = 0.25;

/** How far a body had come when its connection failed. */
export interface BodyProgress {
  readonly url: string;
  /** Offset in the resource of the next byte. */
  readonly offset: number;
  readonly received: number;
  /** Bytes announced, if any were. */
  readonly expected: number | undefined;
}

/** What a body has to live up to. */
export interface BodyTerms {
  readonly response: Omit<RangeResponse, 'body'>;
  readonly transfer: Transfer;
  readonly timeouts: NetTimeouts;
  readonly clock: Clock;
  /** As {@link RangeRequest.bitRate}. */
  readonly bitRate: (() => number | undefined) | undefined;
  /** Names an error of the platform. */
  readonly nameError: (error: unknown, progress: BodyProgress) => AulosError;
}

/**
 * Bytes off the wire, held to their announced length and digest and to the time limits. Ends well or throws, and in both cases has ended the
 * transfer; the contract is {@link RangeResponse.body}.
 */
export class CheckedBody implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #terms: BodyTerms;
  readonly #expected: number | undefined;
  readonly #promised: Digest | undefined;
  #digest: DigestCheck | undefined;
  #received = 0;
  #ended = false;
  #peeked: Promise<IteratorResult<Uint8Array>> | undefined;
  #window = { bytes: 0, waitedMs: 0 };

  constructor(chunks: AsyncIterator<Uint8Array>, terms: BodyTerms) {
    const { start, end } = terms.response.range;
    this.#promised = parseDigest(terms.response.headers['content-digest']);
    this.#chunks = chunks;
    this.#terms = terms;
    this.#expected = Number.isFinite(end) ? end - start : undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The first bytes, which `next` will give; empty if there are none. @throws as `next` */
  async peek(): Promise<Uint8Array> {
    this.#peeked = this.#next();
    const { value } = await this.#peeked;
    return value ?? new Uint8Array(0);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    return peeked ?? this.#next();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#ended) return { done: true, value: undefined };
    const { transfer, timeouts, clock } = this.#terms;
    const since = clock.now();
    transfer.arm(timeouts.stallMs, () => this.#stallError());
    try {
      if (this.#promised) this.#digest ??= await checkOf(this.#promised);
      const result = await this.#chunks.next(); // both platforms reject it at once when the transfer aborts
      transfer.signal.throwIfAborted();
      if (result.done) this.#finish();
      else this.#count(result.value, clock.now() - since);
      return result;
    } catch (error) {
      throw this.#fail(error);
    } finally {
      transfer.disarm();
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#ended) this.#terms.transfer.abort(new DOMException('the body is not wanted any more', 'AbortError'));
    this.#ended = true;
    return { done: true, value: undefined };
  }

  #count(bytes: Uint8Array, waitedMs: number): void {
    this.#received += bytes.length;
    if (this.#expected !== undefined && this.#received > this.#expected) throw this.#lengthError();
    this.#refuseTrickle(bytes.length, waitedMs);
    this.#digest?.update(bytes);
  }

  #fail(error: unknown): unknown {
    const { transfer, nameError } = this.#terms;
    this.#ended = true;
    if (transfer.signal.aborted) return transfer.signal.reason;
    const named = error instanceof AulosError ? error : nameError(error, this.#progress());
    transfer.abort(named);
    return named;
  }

  #finish(): void {
    if (this.#expected !== undefined && this.#received < this.#expected) throw this.#truncatedError();
    if (this.#digest?.matches() === false) throw this.#integrityError();
    this.#ended = true;
    this.#terms.transfer.end();
  }

  /** Looks at the speed once per window of `slowMs`, so that one late packet is forgiven. */
  #refuseTrickle(bytes: number, waitedMs: number): void {
    const { slowMs, slowBytesPerSecond } = this.#terms.timeouts;
    this.#window.bytes += bytes;
    this.#window.waitedMs += waitedMs;
    if (this.#window.waitedMs < slowMs) return;
    const bytesPerSecond = (this.#window.bytes / this.#window.waitedMs) * 1000;
    const mediaBytesPerSecond = (this.#terms.bitRate?.() ?? 0) / 8;
    if (bytesPerSecond < Math.max(slowBytesPerSecond, SLOW_SHARE * mediaBytesPerSecond)) throw this.#slowError(bytesPerSecond);
    this.#window = { bytes: 0, waitedMs: 0 };
  }

  #progress(): BodyProgress {
    const { url, range } = this.#terms.response;
    return { url: redactUrl(url), offset: range.start + this.#received, received: this.#received, expected: this.#expected };
  }

  #stallError(): AulosError {
    const { url, offset } = this.#progress();
    const afterMs = this.#terms.timeouts.stallMs;
    return new AulosError('net.stall', { url, afterMs }, `${url} fell silent at byte ${offset}`);
  }

  #slowError(bytesPerSecond: number): AulosError {
    const { url } = this.#progress();
    return new AulosError('net.slow', { url, bytesPerSecond }, `${url} sends only ${Math.round(bytesPerSecond)} bytes per second`);
  }

  #truncatedError(): AulosError {
    const { url, expected, received } = this.#progress();
    return new AulosError('net.truncated', { url, expected, received }, `${url} ended after ${received} of ${expected} bytes`);
  }

  #lengthError(): AulosError {
    const { url, received } = this.#progress();
    const expected = this.#expected ?? 0;
    return new AulosError('http.length', { url, expected, received }, `${url} sends more than the ${expected} bytes it announced`);
  }

  #integrityError(): AulosError {
    const { url } = this.#progress();
    return new AulosError('asset.integrity', { url }, `${url} sent other bytes than its Content-Digest promised`);
  }
}

/** Hashes are a part of their own, since few servers promise any. */
async function checkOf(digest: Digest): Promise<DigestCheck> {
  const { DigestCheck } = await loadPart('digests', () => import('../base/digest.ts'));
  return new DigestCheck(digest);
}
