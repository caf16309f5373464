import { sleep } from '../../src/base/abort.ts';
import type { ByteRange } from '../../src/base/ranges.ts';
import { AulosError } from '../../src/errors.ts';
import type { RangeClient, RangeRequest, RangeResponse } from '../../src/net/client.ts';
import { wholeResource } from '../../src/net/client.ts';
import { checkHead } from '../../src/net/response.ts';
import { ifRangeOf } from '../../src/net/validators.ts';
import type { FakeClock } from './fake-clock.ts';

/** What a {@link ByteServer} serves. */
export interface ServedVersion {
  readonly bytes: Uint8Array;
  readonly etag?: string;
}

/** How a body comes. */
export interface Pace {
  readonly pieceBytes: number;
  /** Milliseconds from a request to its answer, and from one piece of a body to the next. */
  readonly pieceMs: number;
}

/** What goes wrong with one answer. */
export type ServerFault = { readonly status: number } | { readonly cutAfter: number };

/** A server of one resource in this process: no socket, and time passes only on the clock of the client. */
export class ByteServer {
  current: ServedVersion;
  answersRanges = true;
  /** The faults of the next answers, one each. */
  readonly faults: ServerFault[] = [];
  /** Bodies that nobody has finished or left. */
  openBodies = 0;
  readonly #pace: Pace;

  constructor(current: ServedVersion, pace: Pace) {
    this.current = current;
    this.#pace = pace;
  }

  client(clock: FakeClock): RangeClient {
    return { get: (request) => this.#get(request, clock), close: async () => {} };
  }

  async #get(request: RangeRequest, clock: FakeClock): Promise<RangeResponse> {
    await sleep(this.#pace.pieceMs, request.signal, clock);
    const { current } = this;
    const fault = this.faults.shift();
    const asked = request.range ?? wholeResource;
    const ifRange = request.validator && ifRangeOf(request.validator);
    const isPartial = this.answersRanges && !request.plain && (ifRange === undefined || ifRange === current.etag);
    const { status, range, headers } = answer(asked, isPartial, current);
    const head = { status: fault && 'status' in fault ? fault.status : status, url: request.url, headers };
    const checked = checkHead(request.plain ? 'plain' : asked, { ...head, endsWithConnection: false, hidesHeaders: false });
    const cutAt = fault && 'cutAfter' in fault ? range.start + fault.cutAfter : Number.POSITIVE_INFINITY;
    const leave = () => this.openBodies--;
    this.openBodies++;
    return { ...checked, body: new Body(current.bytes, range, cutAt, this.#pace, request, clock, leave) };
  }
}

function answer(asked: ByteRange, isPartial: boolean, { bytes, etag }: ServedVersion) {
  const headers: Record<string, string> = { 'content-type': 'audio/mpeg', ...(etag === undefined ? {} : { etag }) };
  if (!isPartial)
    return { status: 200, range: { start: 0, end: bytes.length }, headers: { ...headers, 'content-length': `${bytes.length}` } };
  const range = { start: asked.start, end: Math.min(asked.end, bytes.length) };
  if (range.start >= range.end) return { status: 416, range, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } };
  const contentRange = `bytes ${range.start}-${range.end - 1}/${bytes.length}`;
  return { status: 206, range, headers: { ...headers, 'content-range': contentRange, 'content-length': `${range.end - range.start}` } };
}

class Body implements AsyncIterableIterator<Uint8Array> {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #cutAt: number;
  readonly #pace: Pace;
  readonly #request: RangeRequest;
  readonly #clock: FakeClock;
  #leave: (() => void) | undefined;
  #at: number;

  constructor(
    bytes: Uint8Array,
    { start, end }: ByteRange,
    cutAt: number,
    pace: Pace,
    request: RangeRequest,
    clock: FakeClock,
    leave: () => void,
  ) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#cutAt = cutAt;
    this.#pace = pace;
    this.#request = request;
    this.#clock = clock;
    this.#leave = leave;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#leave || this.#at === this.#end) return this.return();
    try {
      await sleep(this.#pace.pieceMs, this.#request.signal, this.#clock);
      if (this.#at >= this.#cutAt) throw new AulosError('net.reset', { url: this.#request.url }, 'the server cut the body');
    } catch (error) {
      await this.return();
      throw error;
    }
    const start = this.#at;
    this.#at = Math.min(this.#end, this.#cutAt, start + this.#pace.pieceBytes);
    return { done: false, value: this.#bytes.subarray(start, this.#at) };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#leave?.();
    this.#leave = undefined;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
