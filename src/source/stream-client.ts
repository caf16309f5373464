import { raceAbort } from '../base/abort.ts';
import { AulosError } from '../errors.ts';
import { type RangeClient, type RangeRequest, type RangeResponse, wholeResource } from '../net/client.ts';

/**
 * A client of one resource: a stream, which comes once and in order, as fast as it is stored. Leaving its body cancels the stream.
 * A second request fails with what the first one did, or with `store.full`: only bytes that were lost are asked for again.
 * @throws AulosError `input.invalid` if somebody else reads the stream.
 */
export function clientOfStream(stream: ReadableStream<Uint8Array>): RangeClient {
  if (stream.locked) throw new AulosError('input.invalid', { input: 'stream' }, 'the stream is locked: somebody else reads it');
  return new StreamClient(stream.getReader());
}

class StreamClient implements RangeClient {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #body: StreamBody | undefined;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  async get({ url, signal }: RangeRequest): Promise<RangeResponse> {
    signal.throwIfAborted();
    if (this.#body) throw this.#body.failure ?? new AulosError('store.full', {}, 'a stream comes once, and the store could not keep it');
    this.#body = new StreamBody(this.#reader, signal);
    const facts = { unverifiedRange: false, endsWithConnection: false, validator: {}, mediaType: '', url, headers: {} };
    return { ...facts, status: 200, range: wholeResource, total: undefined, body: this.#body };
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // it has failed already, and that was told
  }
}

class StreamBody implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signal: AbortSignal;
  failure: AulosError | undefined;
  #at = 0;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const { done, value } = await raceAbort(this.#reader.read(), this.#signal).catch((cause) => {
      throw this.#signal.aborted ? cause : this.#fail('failed', cause);
    });
    if (done) return { done, value: undefined };
    if (!ArrayBuffer.isView(value)) throw this.#fail('gave something that is no bytes');
    this.#at += value.byteLength;
    return { done, value: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#reader.cancel().catch(() => {});
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #fail(what: string, cause?: unknown): AulosError {
    this.failure = new AulosError('input.failed', { offset: this.#at }, `the stream ${what} after ${this.#at} bytes`, { cause });
    return this.failure;
  }
}
