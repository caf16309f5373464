import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { RangeClient, RangeResponse } from '../net/client.ts';
import type { RetryPolicy } from '../net/retry.ts';
import type { Asset } from '../store/store.ts';
import { factsOf, tellsRanges } from './answer.ts';
import type { Audience } from './audience.ts';
import type { Connections } from './connections.ts';
import type { LiveRing } from './live-ring.ts';
import { type Origin, OriginClient, type Wanted } from './origin.ts';
import { Patience } from './patience.ts';
import { type Fetch, limitOf, type Purpose, plan } from './plan.ts';
import { ProgressMeter } from './progress.ts';
import type { Resource } from './resource.ts';
import { isOverload } from './status.ts';
import { Transfer, type TransferHost } from './transfer.ts';
import { Transfers } from './transfers.ts';

const MAX_CONNECTIONS = 2;

/** What connections are made with. */
export interface FetchingOptions {
  readonly client: RangeClient;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Bytes after which a body without a length counts as one without an end. */
  readonly endlessAfter: number;
}

/** Who is told what becomes of them. */
export interface FetchingListener {
  /** A fact changed that the plan depends on. */
  readonly onNews: () => void;
  /** The first bytes of a plan are about to be asked for. */
  readonly onStart: () => void;
  /** A connection is at work until `task` settles, which it does well. */
  readonly onTask: (task: Promise<void>) => void;
  /** Bytes of `range` are held now. */
  readonly onStored: (range: ByteRange) => void;
  /** What is wanted will not be had. */
  readonly onFailed: (error: unknown) => void;
}

/** The connections of one asset: starts and ends them as the plan says, and knows what the server has shown that it can do. */
export class Fetching implements TransferHost {
  readonly traffic = { network: 0, store: 0, requests: 0 };
  readonly clock: Clock;
  readonly endlessAfter: number;
  readonly origin: OriginClient;
  readonly meter: ProgressMeter;
  readonly #retry: Partial<RetryPolicy> | undefined;
  readonly #resource: Resource;
  readonly #audience: Audience;
  readonly #listener: FetchingListener;
  readonly #patience: Patience;
  readonly #running = new Transfers();
  /** Whether the server answers ranges; undefined before it has shown. */
  #ranges: boolean | undefined;
  #maxConnections = MAX_CONNECTIONS;

  constructor(origin: Origin, options: FetchingOptions, resource: Resource, audience: Audience, listener: FetchingListener) {
    const { client, connections, clock, retry, endlessAfter } = options;
    this.clock = clock;
    this.endlessAfter = endlessAfter;
    this.origin = new OriginClient(client, connections, origin, () => this.traffic.requests++);
    this.meter = new ProgressMeter(clock, () => resource.announcer.progress(resource.bytes, this.meter.bytesPerSecond));
    this.#retry = retry;
    this.#resource = resource;
    this.#audience = audience;
    this.#listener = listener;
    this.#patience = new Patience(clock, listener.onNews);
  }

  get asset(): Asset {
    return this.#resource.asset;
  }

  get isLive(): boolean {
    return this.#resource.live !== undefined;
  }

  /** True if no connection is at work. */
  get isIdle(): boolean {
    return this.#running.isEmpty;
  }

  /** Starts and ends connections so that what is wanted comes. */
  follow(): void {
    const { live } = this.#resource;
    if (live) this.#keepLive(live);
    else this.#keepPlan();
  }

  /** Ends all connections. */
  stop(): void {
    this.#running.endAllBut();
  }

  /** Ends all connections for good. */
  close(): void {
    this.#patience.end();
    this.stop();
  }

  /** What is wanted will not be had. */
  fail(error: unknown): void {
    this.#listener.onFailed(error);
  }

  /** Whatever the server has shown, it is given another chance. */
  forgive(): void {
    this.#ranges = undefined;
    this.#maxConnections = MAX_CONNECTIONS;
  }

  // What transfers ask and tell.

  get(wanted: Wanted, transfer: Transfer): Promise<RangeResponse> {
    const known = {
      validator: this.#resource.validator,
      mayRefresh: this.asset.generation > 0 || this.isLive,
      bitRate: () => this.#audience.bitRate,
    };
    const asker = { urgency: () => this.#urgencyOf(transfer), giveWay: () => this.#giveWay(transfer) };
    return this.origin.get(wanted, known, asker, transfer.signal);
  }

  isAlone(transfer: Transfer): boolean {
    return this.#running.isAlone(transfer);
  }

  limitOf(transfer: Transfer): number {
    return limitOf(transfer, this.asset.held, this.#running.all);
  }

  isTaken(offset: number, transfer: Transfer): boolean {
    const isHeld = this.asset.held.heldUntil(offset) > offset;
    return isHeld || this.#running.isOtherAt(offset, transfer);
  }

  begin(response: RangeResponse, transfer: Transfer): Promise<number> {
    this.#running.endAllBut(transfer);
    return this.#resource.begin(response, this.origin.url);
  }

  async goLive(response: RangeResponse, start: number, transfer: Transfer): Promise<LiveRing> {
    const { LiveRing } = await loadPart('live streams', () => import('./live-ring.ts'));
    if (this.#resource.live) return this.#resource.live;
    this.#running.endAllBut(transfer);
    this.#ranges = false;
    const facts = start > 0 ? this.asset.facts! : factsOf(response, this.origin.url, this.asset);
    const ring = new LiveRing(this.asset, start, { ...facts, length: undefined }, () => this.#audience.positions);
    await this.#resource.goLive(ring, start, response.url);
    return ring;
  }

  async accepted(response: RangeResponse, isNewVersion: boolean): Promise<void> {
    this.#ranges = tellsRanges(response, isNewVersion);
    await this.#resource.learn(response);
    this.#listener.onNews();
  }

  refused(): void {
    this.#ranges = false;
  }

  distrust(): Promise<void> {
    return this.#resource.distrust();
  }

  async disproved(error: AulosError): Promise<boolean> {
    this.stop();
    const mayTryAgain = await this.#resource.disprove();
    if (mayTryAgain) this.retrying(1, 0, error);
    return mayTryAgain;
  }

  ended(length: number): Promise<void> {
    return this.#resource.ended(length);
  }

  received(bytes: number): void {
    this.traffic.network += bytes;
    this.meter.add(bytes);
  }

  stored(range: ByteRange): void {
    this.#listener.onStored(range);
  }

  retrying(attempt: number, delayMs: number, error: AulosError): void {
    this.#resource.announcer.retry(attempt, delayMs, error);
  }

  // How the plan is followed.

  #keepPlan(): void {
    const { asset, fullCause, length } = this.#resource;
    const { demand, playing, wantsWhole, bitRate } = this.#audience;
    const { cancel, start } = plan({
      held: asset.held,
      length,
      ranges: this.#ranges,
      demand: demand.ranges,
      playing,
      whole: wantsWhole && !fullCause && !asset.follows, // what another process fetches comes by itself
      led: asset.follows && this.#patience.lasts(asset.held.heldUntil(0)),
      running: this.#running.all,
      maxConnections: this.#maxConnections,
      bitRate: fullCause ? undefined : bitRate, // the least look-ahead: what is left to hold it is small
      bytesPerSecond: this.meter.bytesPerSecond,
    });
    this.#running.end(cancel);
    this.#start(start);
  }

  #keepLive({ committed, end }: LiveRing): void {
    if (this.#running.isEmpty && !committed) this.#start([{ start: end, end: Infinity, purpose: 'fill' }]);
    if (committed) this.#resource.tellLength();
  }

  #start(fetches: readonly Fetch[]): void {
    const started = fetches.map((fetch) => new Transfer(fetch, this, this.#retry));
    this.#running.add(started);
    if (started.length > 0) this.#listener.onStart();
    for (const transfer of started) this.#listener.onTask(this.#pursue(transfer));
  }

  async #pursue(transfer: Transfer): Promise<void> {
    try {
      await transfer.run();
      this.#running.remove(transfer);
    } catch (error) {
      const isNeeded = this.isAlone(transfer) || transfer.purpose === 'fill';
      this.#running.remove(transfer);
      if (isNeeded) return this.#listener.onFailed(error);
      // The bytes come without it: later, in order, or one connection after the other.
      if (isOverload(error)) this.#maxConnections = 1;
      else this.#ranges = false;
    }
    this.#listener.onNews();
  }

  /** A fill may be what readers wait for; and one that would have to start over is not interrupted. */
  #urgencyOf(transfer: Transfer): Purpose {
    if (transfer.purpose !== 'fill') return transfer.purpose;
    const isAlone = this.isAlone(transfer);
    const isWaitedFor = ({ start }: ByteRange) => isAlone || (start >= transfer.start && start < this.limitOf(transfer));
    if (this.#audience.demand.ranges.some(isWaitedFor)) return 'demand';
    const isHeard = isAlone && this.#audience.playing.length > 0;
    return isHeard || this.#ranges === false ? 'ahead' : 'fill';
  }

  /** It is planned again, and waits for its turn again. */
  #giveWay(transfer: Transfer): void {
    this.#running.end([transfer]);
    this.#listener.onNews();
  }
}
