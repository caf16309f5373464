import type { Clock } from '../base/clock.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { BodyProgress } from './body.ts';
import { ChunkQueue } from './chunk-queue.ts';
import type { NetTimeouts, RangeClient } from './client.ts';
import { formatRange } from './range-header.ts';
import type { Transfer } from './transfer.ts';
import { type Arrival, askForTitles, clientOver, type Sent, type Transport } from './transport.ts';
import { ifChangedHeaders, ifRangeOf } from './validators.ts';

/** Options of {@link createBrowserClient}. */
export interface BrowserClientOptions {
  /** There is no telling when a connection stands: `connectMs` and `firstByteMs` together bound the wait for the head. */
  readonly timeouts?: Partial<NetTimeouts>;
  readonly clock?: Clock;
}

/** A client for pages and workers, by fetch. Application headers in a request to another origin cause a CORS preflight. */
export function createBrowserClient(options: BrowserClientOptions = {}): RangeClient {
  return clientOver(new FetchTransport(), options.timeouts, options.clock);
}

class FetchTransport implements Transport {
  /** URLs of our own origin that were seen to redirect to another one. */
  readonly #leaving = new Set<string>();

  async send(sent: Sent, transfer: Transfer): Promise<Arrival> {
    const { target, timeouts } = sent;
    const url = redactUrl(target.href);
    const afterMs = timeouts.connectMs + timeouts.firstByteMs;
    transfer.arm(afterMs, () => new AulosError('net.stall', { url, afterMs }, `${url} does not answer`));
    const response = (sent.titles && (await this.#fetchWithTitles(sent, transfer.signal))) || (await this.#fetch(sent, transfer.signal));
    const hidesHeaders = response.type === 'cors';
    if (hidesHeaders && isOwnOrigin(target)) this.#leaving.add(target.href);
    const headers = Object.fromEntries(response.headers);
    // A body that is cut makes fetch fail where a length or chunks tell. HTTP/2 always tells, but which version it is is hidden.
    const endsWithConnection = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
    return { status: response.status, headers, url: response.url, hidesHeaders, endsWithConnection, body: chunksOf(response) };
  }

  nameBodyError(error: unknown, { url, offset }: BodyProgress): AulosError {
    return new AulosError('net.reset', { url, offset }, `${url} broke off at byte ${offset}`, { cause: error });
  }

  async close(): Promise<void> {}

  /** Undefined where another origin does not allow to ask for titles, or hides whether it puts any in. */
  async #fetchWithTitles(sent: Sent, signal: AbortSignal): Promise<Response | undefined> {
    const response = await this.#fetch({ ...sent, headers: { ...sent.headers, ...askForTitles } }, signal).catch(() => undefined);
    if (response?.type !== 'cors' || response.headers.has('icy-metaint')) return response;
    await response.body?.cancel();
    return undefined;
  }

  async #fetch(sent: Sent, signal: AbortSignal): Promise<Response> {
    const credentials = sent.crossOrigin === 'use-credentials' ? 'include' : 'same-origin';
    try {
      // no-store: the HTTP cache would keep the bytes a second time, and lets only one connection at a time read a cacheable URL.
      return await fetch(sent.target, { headers: this.#headers(sent), cache: 'no-store', credentials, signal });
    } catch (error) {
      const url = redactUrl(sent.target.href);
      const hint = isOwnOrigin(sent.target) ? '' : ', or it does not allow this page to read it (Access-Control-Allow-Origin)';
      throw new AulosError('net.unreachable', { url }, `${url} cannot be reached: offline, no such host, no trust${hint}`, {
        cause: error,
      });
    }
  }

  /** Range makes fetch ask for identity encoding. Conditions, unlike a simple Range, would cause a preflight, which most CDNs refuse. */
  #headers({ target, range, plain, headers, validator, ifChanged }: Sent): Record<string, string> {
    if (plain) return { ...headers };
    const staysHere = isOwnOrigin(target) && !this.#leaving.has(target.href);
    if (ifChanged) return { ...headers, range: formatRange(range), ...(staysHere && validator && ifChangedHeaders(validator)) };
    const ifRange = staysHere && validator && ifRangeOf(validator);
    return { ...headers, range: formatRange(range), ...(ifRange && { 'if-range': ifRange }) };
  }
}

function isOwnOrigin(target: URL): boolean {
  return target.origin === globalThis.location?.origin;
}

/**
 * Reads ahead of the receiver, as far as the queue has room: when a connection breaks, fetch throws away what lies unread in its stream. By a
 * reader, since streams are not async iterable everywhere; the signal of the fetch ends it.
 */
function chunksOf({ body }: Response): AsyncIterator<Uint8Array> {
  let goOn = () => {};
  const queue = new ChunkQueue(() => goOn());
  const pump = async (reader: ReadableStreamDefaultReader<Uint8Array>) => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return queue.end();
      const room = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      if (!queue.push(value)) await room;
    }
  };
  if (body) pump(body.getReader()).catch((error) => queue.end(error));
  else queue.end();
  return queue;
}
