import { type Clock, systemClock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { BodyProgress } from './body.ts';
import { defaultTimeouts, type NetTimeouts, type RangeClient, type RangeRequest, type RangeResponse, wholeResource } from './client.ts';
import type { ResponseHead } from './response.ts';
import { Transfer } from './transfer.ts';

/** What a platform does for a {@link RangeClient}: it carries one request and gives the answer as it comes, unchecked. */
export interface Transport {
  /** Resolves at the head. Arms the deadlines of `transfer` until then, and stops for good when its signal aborts. */
  send(request: Sent, transfer: Transfer): Promise<Arrival>;
  /** Names an error that the body threw. */
  nameBodyError(error: unknown, progress: BodyProgress): AulosError;
  close(): Promise<void>;
}

/** A request with nothing left open. */
export interface Sent extends RangeRequest {
  readonly target: URL;
  /** Everything, where `plain` is set. */
  readonly range: ByteRange;
  /** Of the application, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: NetTimeouts;
}

/** An answer: the head, and the body that begins to come. */
export interface Arrival extends ResponseHead {
  /** Rejects at once when the transfer aborts. */
  readonly body: AsyncIterator<Uint8Array>;
}

/** Has a station say what it plays, between its sound. */
export const askForTitles = { 'icy-metadata': '1' };

/** A {@link RangeClient} over `transport`, which it owns. */
export function clientOver(transport: Transport, timeouts: Partial<NetTimeouts> = {}, clock: Clock = systemClock): RangeClient {
  return new CheckedClient(transport, { ...defaultTimeouts, ...timeouts }, clock);
}

class CheckedClient implements RangeClient {
  readonly #transport: Transport;
  readonly #timeouts: NetTimeouts;
  readonly #clock: Clock;
  readonly #closed = new AbortController();

  constructor(transport: Transport, timeouts: NetTimeouts, clock: Clock) {
    this.#transport = transport;
    this.#timeouts = timeouts;
    this.#clock = clock;
  }

  async get(request: RangeRequest): Promise<RangeResponse> {
    const transfer = new Transfer([request.signal, this.#closed.signal], this.#clock);
    try {
      transfer.signal.throwIfAborted();
      const sent = settle(request, this.#timeouts);
      const sending = transfer.race(this.#transport.send(sent, transfer));
      // While the answer comes, not before: the first import of a worker takes it milliseconds.
      const checking = loadPart('answers', () => import('./checked-answer.ts'));
      checking.catch(() => {}); // who has an answer hears of it
      const arrival = await sending;
      transfer.disarm();
      const { checkedAnswer } = await transfer.race(checking);
      const nameError = (error: unknown, progress: BodyProgress) => this.#transport.nameBodyError(error, progress);
      return await checkedAnswer(arrival, sent, transfer, { clock: this.#clock, nameError });
    } catch (error) {
      transfer.abort(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new AulosError('source.closed', { url: '' }, 'the client is closed'));
    await this.#transport.close();
  }
}

function settle(request: RangeRequest, timeouts: NetTimeouts): Sent {
  const { range = wholeResource } = request;
  if (range.start >= range.end) throw new RangeError('an empty range cannot be asked for');
  const { target, headers } = targetOf(request.url);
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  return { ...request, target, range, headers, timeouts };
}

/** User and password of a URL go as a header (RFC 7617), since neither platform takes them from there. */
function targetOf(url: string): { target: URL; headers: Record<string, string> } {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:') {
    const input = redactUrl(url);
    throw new AulosError('input.invalid', { input }, `${input} is not an http or https URL`);
  }
  if (target.username === '' && target.password === '') return { target, headers: {} };
  const pair = new TextEncoder().encode(`${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`);
  target.username = target.password = '';
  return { target, headers: { authorization: `Basic ${btoa(String.fromCharCode(...pair))}` } };
}
