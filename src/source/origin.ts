import { raceAbort } from '../base/abort.ts';
import type { Validator } from '../base/validator.ts';
import { AulosError } from '../errors.ts';
import type { CrossOrigin, RangeClient, RangeRequest, RangeResponse } from '../net/client.ts';
import type { Applicant, Connections } from './connections.ts';
import { isRefusal } from './status.ts';

/** Request headers of the application, or what gives those of now: a token that is renewed, say. */
export type RequestHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** Where bytes come from: what may change while they are fetched. */
export interface Origin {
  readonly url: string;
  /** Of each request; a function is asked before each. */
  readonly headers?: RequestHeaders;
  /** Whether pages send cookies to it when it is another one. @default 'anonymous' */
  readonly crossOrigin?: CrossOrigin;
  /** Whether a station is asked to say what it plays. @default false */
  readonly titles?: boolean;
  /** Gives a new URL for the same resource when the old one is refused after part of it was had (a signed URL that expired). */
  readonly refreshUrl?: (error: AulosError) => Promise<string>;
}

/** What is asked for. */
export type Wanted = Pick<RangeRequest, 'range' | 'plain' | 'ifChanged'>;

/** What is known of the bytes that the request goes on with. */
export interface Known {
  /** Of what is held; undefined if it is not believed. */
  readonly validator: Validator | undefined;
  /** True if part of the resource was had, so that a refusal means that the access expired. */
  readonly mayRefresh: boolean;
  /** Bits per second of the media, once known. */
  readonly bitRate?: () => number | undefined;
}

/** An answer that denies access, and the URL that it denies access to. */
interface Refused {
  readonly url: string;
  readonly refusal: AulosError<'http.status'>;
}

/** On whose behalf a request is made: it waits for its turn. */
export type Asker = Pick<Applicant, 'urgency' | 'giveWay'>;

/** Asks an origin for bytes, and for a new URL when it refuses them. */
export class OriginClient {
  readonly #client: RangeClient;
  readonly #connections: Connections;
  readonly #onRequest: () => void;
  #origin: Origin;
  #refreshing: Promise<string> | undefined;

  /** `onRequest` is called for each request. */
  constructor(client: RangeClient, connections: Connections, origin: Origin, onRequest: () => void) {
    this.#client = client;
    this.#connections = connections;
    this.#onRequest = onRequest;
    this.#origin = origin;
  }

  get url(): string {
    return this.#origin.url;
  }

  /** Asks `origin` from the next request on. */
  moveTo(origin: Origin): void {
    this.#origin = origin;
  }

  /** @throws as {@link RangeClient.get}; `access.expired` when no new URL helps. */
  async get(wanted: Wanted, known: Known, asker: Asker, signal: AbortSignal): Promise<RangeResponse> {
    const first = await this.#request(wanted, known, asker, signal);
    if (!('refusal' in first)) return first;
    if (!known.mayRefresh) throw first.refusal;
    const isStale = first.url !== this.#origin.url; // another request has brought a new one meanwhile
    if (!isStale) await raceAbort(this.#refreshUrl(first.refusal), signal);
    const second = await this.#request(wanted, known, asker, signal);
    if ('refusal' in second) throw expired(second.refusal);
    return second;
  }

  /** The connection is taken until the body has ended or is left. */
  async #request(wanted: Wanted, { validator, bitRate }: Known, asker: Asker, signal: AbortSignal): Promise<RangeResponse | Refused> {
    const { origin } = new URL(this.#origin.url);
    const leave = await this.#connections.enter({ origin, ...asker }, signal);
    const { url, headers: given, crossOrigin, titles } = this.#origin; // of now: it may have been refreshed meanwhile
    try {
      const headers = typeof given === 'function' ? await raceAbort(Promise.resolve(given()), signal) : given;
      this.#onRequest();
      const response = await this.#client.get({ ...wanted, url, headers, crossOrigin, titles, validator, bitRate, signal });
      return { ...response, body: heldBody(response.body, leave) };
    } catch (error) {
      leave();
      if (!isRefusal(error)) throw error;
      return { url, refusal: error };
    }
  }

  /** Asks for a new URL, once for all who need one. */
  async #refreshUrl(error: AulosError<'http.status'>): Promise<void> {
    const { refreshUrl } = this.#origin;
    if (!refreshUrl) throw expired(error);
    this.#refreshing ??= (async () => refreshUrl(error))().finally(() => {
      this.#refreshing = undefined;
    });
    const url = await this.#refreshing.catch((cause) => {
      throw expired(error, cause);
    });
    this.#origin = { ...this.#origin, url };
  }
}

/** A body that says when its connection is free. */
function heldBody(body: AsyncIterator<Uint8Array>, leave: () => void): AsyncIterableIterator<Uint8Array> {
  const held: AsyncIterableIterator<Uint8Array> = {
    async next() {
      try {
        const result = await body.next();
        if (result.done) leave();
        return result;
      } catch (error) {
        leave();
        throw error;
      }
    },
    async return() {
      await body.return?.();
      leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => held,
  };
  return held;
}

function expired(refusal: AulosError<'http.status'>, cause: unknown = refusal): AulosError {
  const { url, status } = refusal.details;
  return new AulosError('access.expired', { url, status }, `access to ${url} ended before all of it was had`, { cause });
}
