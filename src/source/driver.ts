import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { RangeClient, RangeResponse } from '../net/client.ts';
import { parseDigest } from '../net/digest-field.ts';
import { RetryBudget, type RetryPolicy } from '../net/retry.ts';
import type { Asset } from '../store/store.ts';
import { Announcer } from './announcer.ts';
import { factsOf, tellsRanges } from './answer.ts';
import type { Connections } from './connections.ts';
import { Demand } from './demand.ts';
import { findEnd } from './end.ts';
import type { LiveRing } from './live-ring.ts';
import { type Origin, OriginClient, type Wanted } from './origin.ts';
import { Patience } from './patience.ts';
import { type PhaseMachine, phaseAt } from './phase.ts';
import { type Fetch, limitOf, type Purpose, plan } from './plan.ts';
import { ProgressMeter } from './progress.ts';
import { isAsPromised } from './promised.ts';
import type { Finding } from './revalidation.ts';
import type { Readiness } from './source.ts';
import { isOverload, Transfer, type TransferHost } from './transfer.ts';
import { Transfers } from './transfers.ts';

const MAX_CONNECTIONS = 2;
/** New versions that are begun on the way to Complete. A resource that changes more often is not one that can be downloaded. */
const MAX_RENEWALS = 8;

/** What a driver works with; it owns the asset. */
export interface DriverOptions {
  readonly client: RangeClient;
  readonly connections: Connections;
  readonly asset: Asset;
  readonly phase: PhaseMachine;
  readonly events: EventScope;
  readonly clock: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Bytes after which a body without a length counts as one without an end. */
  readonly endlessAfter: number;
  /** Nothing of the asset outlives the driver. */
  readonly isTemporary: boolean;
  /** Called on each Complete edge, and when a new generation began. */
  readonly onComplete: () => void;
  readonly onGeneration: () => void;
  /** Called when something else changed that a wait for Complete depends on. */
  readonly onChange: () => void;
}

/** Who plays from where, and what it reads next. */
export interface Playing {
  readonly playing: number | undefined;
  readonly position: number;
}

/**
 * Fetches an asset by the plan: starts and cancels transfers whenever a fact changed that the plan depends on, and commits when all is
 * held. One per asset, shared by all who read it.
 */
export class Driver implements TransferHost {
  readonly asset: Asset;
  readonly clock: Clock;
  readonly demand = new Demand();
  readonly readers = new Set<Playing>();
  readonly traffic = { network: 0, store: 0, requests: 0 };
  /** Bits per second of the media, when known. */
  bitRate: number | undefined;
  /** True while nothing is given out, because the server is asked whether what is held is still its version. */
  isHeldBack = false;
  readonly #options: DriverOptions;
  readonly #origin: OriginClient;
  readonly #meter: ProgressMeter;
  readonly #patience: Patience;
  readonly #tasks = new Set<Promise<void>>();
  readonly #running = new Transfers();
  /** Where the bytes are once there is no end to them; nothing is planned then. */
  #live: LiveRing | undefined;
  #ranges: boolean | undefined;
  #maxConnections = MAX_CONNECTIONS;
  /** How many want every byte. */
  #wishes = 0;
  /** Set while a complete asset is being mended: ends the wish for every byte. */
  #mendingDone: (() => void) | undefined;
  #renewals = 0;
  /** A digest has said that what came was wrong; it is being fetched once more. */
  #wasDisproved = false;
  #fullCause: AulosError | undefined;
  readonly #announcer: Announcer;
  readonly #ending = new AbortController();
  #isPlanning = false;
  #isCommitting = false;
  #error: AulosError | undefined;
  #closed: Promise<void> | undefined;

  constructor(origin: Origin, options: DriverOptions) {
    this.#origin = new OriginClient(options.client, options.connections, origin, () => this.traffic.requests++);
    this.#options = options;
    this.asset = options.asset;
    this.clock = options.clock;
    this.#meter = new ProgressMeter(options.clock, () => this.#announcer.progress(this.bytes, this.#meter.bytesPerSecond));
    this.#patience = new Patience(options.clock, () => this.replan());
    this.asset.onHealed = (range) => this.#healed(range);
    this.asset.onFull = (cause) => this.#filledUp(cause);
    this.asset.onChanged = () => this.#othersWrote();
    this.#announcer = new Announcer(options.events, this.asset.generation);
  }

  /** What can be read. */
  get bytes(): Pick<Asset, 'generation' | 'facts' | 'held' | 'committed' | 'read'> {
    return this.#live ?? this.asset;
  }

  get length(): number | undefined {
    return this.bytes.facts?.length;
  }

  get isLive(): boolean {
    return this.#live !== undefined;
  }

  /** Where a reader begins that comes now. */
  get joinAt(): number {
    return this.#live?.joinAt ?? 0;
  }

  /** What a station says it plays at byte `offset`. */
  titleAt(offset: number): string | undefined {
    return this.#live?.titles.at(offset);
  }

  get endlessAfter(): number {
    return this.#options.endlessAfter;
  }

  get error(): AulosError | undefined {
    return this.#error;
  }

  /** Why the store takes no more: the asset will never be complete here. */
  get fullCause(): AulosError | undefined {
    return this.#fullCause;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  readinessOf(range: ByteRange): Readiness {
    if (this.isHeldBack && !this.isClosed) return { name: 'waiting', missing: range };
    const { held, committed } = this.bytes;
    const state = phaseAt(range, { held, length: this.length, committed, error: this.#error, closed: this.isClosed });
    const refusal = state.name === 'waiting' && this.#live?.refusal(range);
    return refusal ? { name: 'failed', error: refusal } : state;
  }

  /** A reader has come, gone or moved on, which a live stream waits for. */
  moved(): void {
    this.#live?.moved();
  }

  /** Wants every byte, until the function it gives is called. */
  wantWhole(): () => void {
    this.#wishes++;
    this.replan();
    let isWanted = true;
    return () => {
      if (isWanted) this.#wishes--;
      isWanted = false;
      this.replan();
    };
  }

  /** Waits for a change of the readiness of `need`, and asks for `wish`. @throws `signal.reason` */
  wait(need: ByteRange, wish: ByteRange, signal: AbortSignal): Promise<void> {
    const change = this.demand.wait(need, wish, signal);
    this.replan();
    return change;
  }

  /** Looks again at what to fetch, once the present turn is over. */
  replan(): void {
    if (this.#isPlanning) return;
    this.#isPlanning = true;
    queueMicrotask(() => {
      this.#isPlanning = false;
      this.#followPlan();
    });
  }

  /** Fetches from `origin` from the next request on. */
  moveTo(origin: Origin): void {
    this.#origin.moveTo(origin);
  }

  /** Asks whether what is held is still the server's version, unless a download is about to find out. Readers that come now wait for it. */
  revalidate(): void {
    const { generation, held, follows } = this.asset;
    const isIdle = !this.isClosed && !this.isHeldBack && !this.#live && this.#running.isEmpty;
    if (isIdle && generation > 0 && held.size > 0 && !follows) this.#spawn(this.#revalidate());
  }

  /** Leaves Failed with fresh budgets. */
  retry(): void {
    if (!this.#error || this.isClosed) return;
    this.#error = undefined;
    this.#ranges = undefined;
    this.#maxConnections = MAX_CONNECTIONS;
    this.#renewals = 0;
    this.#wasDisproved = false;
    this.#options.phase.move('downloading');
    this.replan();
  }

  /** Ends all transfers, and lets go of the asset. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  // What transfers ask and tell.

  get(wanted: Wanted, transfer: Transfer): Promise<RangeResponse> {
    const { facts } = this.asset;
    const known = {
      validator: facts?.unverified ? undefined : facts?.validator,
      mayRefresh: this.asset.generation > 0 || this.isLive,
      bitRate: () => this.bitRate,
    };
    const asker = { urgency: () => this.#urgencyOf(transfer), giveWay: () => this.#giveWay(transfer) };
    return this.#origin.get(wanted, known, asker, transfer.signal);
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

  async begin(response: RangeResponse, transfer?: Transfer): Promise<number> {
    const isRenewal = this.asset.generation > 0;
    this.#running.endAllBut(transfer);
    const digest = parseDigest(response.headers['repr-digest']);
    const facts = { ...factsOf(response, this.#origin.url, this.asset), digest, confirmedAt: Date.now() };
    const generation = await this.asset.begin(facts);
    if (isRenewal && transfer && ++this.#renewals > MAX_RENEWALS) throw restless(response.url);
    this.#tellGeneration();
    this.#tellLength();
    return generation;
  }

  async goLive(response: RangeResponse, start: number, transfer: Transfer): Promise<LiveRing> {
    const { LiveRing } = await loadPart('live streams', () => import('./live-ring.ts'));
    if (this.#live) return this.#live;
    this.#running.endAllBut(transfer);
    this.#ranges = false;
    const facts = start > 0 ? this.asset.facts! : factsOf(response, this.#origin.url, this.asset);
    const positions = () => [...this.readers].map(({ position }) => position);
    const ring = new LiveRing(this.asset, start, { ...facts, length: undefined }, positions);
    if (start === 0 && this.asset.generation > 0) await this.asset.evict();
    this.#live = ring;
    this.#options.events.publish('source.live', { url: redactUrl(response.url) });
    this.#tellGeneration();
    this.#options.onChange();
    this.demand.changed();
    return ring;
  }

  async accepted(response: RangeResponse, isNewVersion: boolean): Promise<void> {
    this.#ranges = tellsRanges(response, isNewVersion);
    const { facts } = this.asset;
    const isUnverified = response.unverifiedRange && !facts?.unverified;
    const { total = 0, unverifiedRange } = response;
    const isNews = facts?.length === undefined || (facts.lengthClaimed && (!unverifiedRange || total > facts.length));
    if (isUnverified) await this.asset.describe({ unverified: true });
    if (isNews && total > 0) {
      await this.asset.describe({ length: total, lengthClaimed: unverifiedRange || undefined });
      this.#tellLength();
    }
    this.replan();
  }

  refused(): void {
    this.#ranges = false;
  }

  async distrust(): Promise<void> {
    if (this.asset.generation > 0) await this.asset.describe({ unverified: true });
  }

  /** Which of the bytes are wrong is not known. Twice in a row it is the digest that is, or the server has no other bytes. */
  async disproved(error: AulosError): Promise<boolean> {
    this.#running.endAllBut();
    await this.asset.evict();
    if (this.#wasDisproved) return false;
    this.#wasDisproved = true;
    this.retrying(1, 0, error);
    return true;
  }

  async ended(length: number): Promise<void> {
    if (this.length !== undefined) return;
    await this.asset.describe({ length, unverified: true });
    this.#tellLength();
  }

  received(bytes: number): void {
    this.traffic.network += bytes;
    this.#meter.add(bytes);
  }

  stored(range: ByteRange): void {
    this.demand.arrived(range, (need) => this.readinessOf(need).name !== 'waiting');
  }

  retrying(attempt: number, delayMs: number, error: AulosError): void {
    this.#announcer.retry(attempt, delayMs, error);
  }

  // What the driver does.

  #followPlan(): void {
    if (this.isClosed || this.#error || this.#isCommitting || this.isHeldBack) return;
    if (this.#live) this.#keepLive(this.#live);
    else if (this.#isWhole()) this.#finish();
    else this.#fetch();
    this.#options.connections.look(); // who waits in the queue may be waited for by now
  }

  /** All bytes are held, and none is on its way any more. */
  #finish(): void {
    if (!this.#running.isEmpty) return;
    if (this.asset.committed) this.#complete();
    else if (!this.asset.follows) this.#spawn(this.#commit());
  }

  #fetch(): void {
    const { cancel, start } = plan({
      held: this.asset.held,
      length: this.length,
      ranges: this.#ranges,
      demand: this.demand.ranges,
      playing: [...this.readers].flatMap(({ playing }) => playing ?? []),
      whole: this.#wishes > 0 && !this.#fullCause && !this.asset.follows, // what another process fetches comes by itself
      led: this.asset.follows && this.#patience.lasts(this.asset.held.heldUntil(0)),
      running: this.#running.all,
      maxConnections: this.#maxConnections,
      bitRate: this.#fullCause ? undefined : this.bitRate, // the least look-ahead: what is left to hold it is small
      bytesPerSecond: this.#meter.bytesPerSecond,
    });
    this.#running.end(cancel);
    this.#start(start);
  }

  #start(fetches: readonly Fetch[]): void {
    const started = fetches.map((fetch) => new Transfer(fetch, this, new RetryBudget(this.#options.retry)));
    this.#running.add(started);
    if (started.length > 0) this.#options.phase.move('downloading');
    for (const transfer of started) this.#spawn(this.#follow(transfer));
  }

  #keepLive({ committed, end }: LiveRing): void {
    if (this.#running.isEmpty && !committed) this.#start([{ start: end, end: Infinity, purpose: 'fill' }]);
    if (committed) this.#tellLength();
  }

  /** A fill may be what readers wait for; and one that would have to start over is not interrupted. */
  #urgencyOf(transfer: Transfer): Purpose {
    if (transfer.purpose !== 'fill') return transfer.purpose;
    const isAlone = this.isAlone(transfer);
    const isWaitedFor = ({ start }: ByteRange) => isAlone || (start >= transfer.start && start < this.limitOf(transfer));
    if (this.demand.ranges.some(isWaitedFor)) return 'demand';
    const isHeard = isAlone && [...this.readers].some(({ playing }) => playing !== undefined);
    return isHeard || this.#ranges === false ? 'ahead' : 'fill';
  }

  /** It is planned again, and waits for its turn again. */
  #giveWay(transfer: Transfer): void {
    this.#running.end([transfer]);
    this.replan();
  }

  async #follow(transfer: Transfer): Promise<void> {
    try {
      await transfer.run();
      this.#running.remove(transfer);
    } catch (error) {
      const isNeeded = this.isAlone(transfer) || transfer.purpose === 'fill';
      this.#running.remove(transfer);
      if (isNeeded) return this.#fail(error);
      // The bytes come without it: later, in order, or one connection after the other.
      if (isOverload(error)) this.#maxConnections = 1;
      else this.#ranges = false;
    }
    this.replan();
  }

  async #revalidate(): Promise<void> {
    const { asset, clock } = this;
    this.isHeldBack = this.readers.size === 0; // who reads already goes on
    const asker = { urgency: () => 'demand' as const, giveWay: () => {} };
    const known = { validator: asset.facts?.unverified ? undefined : asset.facts?.validator, mayRefresh: true };
    const ask = (wanted: Wanted, signal: AbortSignal) => this.#origin.get(wanted, known, asker, signal);
    const finding = await loadPart('revalidation', () => import('./revalidation.ts')).then(
      ({ revalidate }) => revalidate(asset, ask, clock, this.#ending.signal),
      (error: AulosError): Finding => ({ result: 'unknown', error }),
    );
    if (this.isClosed) return;
    if (finding.result === 'same') await asset.describe({ confirmedAt: Date.now() });
    if (finding.result === 'changed') {
      await this.begin(finding.response);
      this.#options.phase.move('downloading');
    }
    this.isHeldBack = false;
    const error = finding.result === 'unknown' ? finding.error : undefined;
    this.#options.events.publish('source.revalidated', { result: finding.result, error });
    this.#options.onChange();
    this.demand.changed();
    this.replan();
  }

  #isWhole(): boolean {
    return this.length !== undefined && this.length > 0 && this.asset.held.contains({ start: 0, end: this.length });
  }

  async #commit(): Promise<void> {
    this.#isCommitting = true;
    this.#options.phase.move('downloading');
    try {
      if (this.asset.facts?.lengthClaimed && !(await this.#provesEnd(this.length!))) return this.replan();
      if (!(await isAsPromised(this.asset, this.length!, this.#ending.signal))) {
        const error = brokenPromise(this.#origin.url);
        return (await this.disproved(error)) ? this.replan() : this.#fail(error);
      }
      await this.asset.commit(this.length!);
    } catch (error) {
      if (this.#isWhole()) return this.#fail(error);
      this.replan(); // a run was lost on the way
      return;
    } finally {
      this.#isCommitting = false;
    }
    this.#complete();
  }

  /** Asks whether the resource ends where it was claimed to. False if there is more to be had. @throws AulosError `net.*`, `http.*` */
  async #provesEnd(claimed: number): Promise<boolean> {
    const { clock } = this;
    const { signal } = this.#ending;
    const asker = { urgency: () => 'fill' as const, giveWay: () => {} };
    const { length, isClaimed } = await findEnd(claimed, {
      ask: (range) => this.#origin.get({ range }, { validator: undefined, mayRefresh: true }, asker, signal),
      budget: new RetryBudget(this.#options.retry),
      retrying: (attempt, delayMs, error) => this.retrying(attempt, delayMs, error),
      clock,
      signal,
    });
    await this.asset.describe({ length, lengthClaimed: isClaimed || undefined });
    this.#tellLength();
    return length === claimed;
  }

  /** All is held and committed, here or by another process. */
  #complete(): void {
    const { phase, onComplete } = this.#options;
    if (phase.current === 'complete') return;
    this.#mendingDone?.();
    this.#mendingDone = undefined;
    this.#renewals = 0;
    this.#wasDisproved = false;
    this.#meter.flush();
    phase.move('downloading');
    if (phase.move('complete')) onComplete();
    this.demand.changed();
  }

  #fail(reason: unknown): void {
    if (this.isClosed || this.#error) return;
    this.#running.endAllBut();
    this.#error = this.#nameOf(reason);
    this.#spawn(this.#keepWhatIsSound(this.#error));
    this.#meter.flush();
    this.#options.phase.move('failed');
    this.#options.events.publish('source.failed', { error: this.#error });
    this.demand.changed();
  }

  /** What is verified stays held, to be resumed; an answer that is not the media leaves nothing behind. */
  async #keepWhatIsSound(error: AulosError): Promise<void> {
    const wasNeverMedia = error.code.startsWith('media.') && this.asset.held.size === 0;
    await (wasNeverMedia ? this.asset.evict() : this.asset.flush()).catch(() => {}); // the download's error is the one that is told
  }

  #nameOf(reason: unknown): AulosError {
    if (isAulosError(reason)) return reason;
    const url = redactUrl(this.#origin.url);
    return new AulosError('asset.integrity', { url }, `the download of ${url} broke down`, { cause: reason });
  }

  #healed(range: ByteRange): void {
    this.#options.events.publish('store.healed', { key: this.asset.key, range });
    const wasComplete = this.#options.phase.current === 'complete';
    if (wasComplete) {
      this.#options.phase.move('downloading');
      this.#mendingDone ??= this.wantWhole();
    }
    this.replan();
  }

  /** The store takes no more: only what is read and played is fetched from now on, since the asset forgets what it cannot keep. */
  #filledUp(cause: AulosError): void {
    this.#fullCause = cause;
    if (cause.code === 'store.full') this.#options.events.publish('store.full', { key: this.asset.key });
    else this.#options.events.publish('store.unavailable', { key: this.asset.key, error: cause });
    this.#options.onChange();
    this.replan();
  }

  /** Another process stored bytes of this asset, finished it, or let go of it. */
  #othersWrote(): void {
    if (this.isClosed || this.#live) return;
    this.#tellGeneration();
    this.#tellLength(); // wakes whoever waits, too
    this.#meter.add(0);
    this.replan();
  }

  #tellGeneration(): void {
    this.#announcer.generation(this.bytes.generation, this.#options.onGeneration);
  }

  #tellLength(): void {
    const { length } = this;
    this.#announcer.length(length);
    this.demand.changed();
    if (length === 0) this.#fail(new AulosError('media.truncated', { offset: 0, what: 'file' }, 'the file is empty'));
  }

  async #close(): Promise<void> {
    this.#patience.end();
    this.#ending.abort();
    this.#running.endAllBut();
    this.demand.changed();
    this.#meter.flush();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    const isKept = !this.#live && !this.#options.isTemporary;
    if (!isKept && this.asset.generation > 0) await this.asset.evict();
    await this.asset.close();
    this.#options.events.publish('source.closed', { url: redactUrl(this.#origin.url) });
  }

  /** Keeps a task that is not awaited where it is started, so that closing can wait for it. */
  #spawn(task: Promise<void>): void {
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }
}

function brokenPromise(from: string): AulosError {
  const url = redactUrl(from);
  return new AulosError('asset.integrity', { url }, `what was had of ${url} is not what its Repr-Digest promised`);
}

function restless(from: string): AulosError {
  const url = redactUrl(from);
  return new AulosError('asset.changed', { url }, `${url} changes faster than it can be downloaded`);
}
