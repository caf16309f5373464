import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { Asset } from '../store/store.ts';
import { Audience, type Playing } from './audience.ts';
import { Completion } from './completion.ts';
import { Fetching, type FetchingOptions } from './fetching.ts';
import type { Origin } from './origin.ts';
import type { PhaseMachine } from './phase.ts';
import { Resource } from './resource.ts';
import type { Finding } from './revalidation.ts';
import { endOf, Standing } from './standing.ts';

/** What a driver works with; it owns the asset. */
export interface DriverOptions extends FetchingOptions {
  readonly asset: Asset;
  readonly phase: PhaseMachine;
  readonly events: EventScope;
  /** Nothing of the asset outlives the driver. */
  readonly isTemporary: boolean;
  /** Called on each Complete edge, and when a new generation began. */
  readonly onComplete: () => void;
  readonly onGeneration: () => void;
  /** Called when something else changed that a wait for Complete depends on. */
  readonly onChange: () => void;
}

/**
 * Gets an asset to Complete for its audience: has it fetched by the plan whenever a fact changed that the plan depends on, commits it when
 * all is held, and tells how it stands. One per asset, shared by all who read it.
 */
export class Driver {
  readonly asset: Asset;
  readonly standing: Standing;
  readonly #options: DriverOptions;
  readonly #audience = new Audience();
  readonly #resource: Resource;
  readonly #fetching: Fetching;
  readonly #completion: Completion;
  readonly #tasks = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  /** Set while a complete asset is being mended: ends the wish for every byte. */
  #mendingDone: (() => void) | undefined;
  #isPlanning = false;
  #closed: Promise<void> | undefined;

  constructor(origin: Origin, options: DriverOptions) {
    const { asset, events, phase } = options;
    this.asset = asset;
    this.#options = options;
    this.#resource = new Resource(asset, events, {
      onGeneration: options.onGeneration,
      onLength: (length) => this.#lookedAt(length),
      onLive: () => this.#changed(),
    });
    this.#fetching = new Fetching(origin, options, this.#resource, this.#audience, {
      onNews: () => this.replan(),
      onStart: () => phase.move('downloading'),
      onTask: (task) => this.#spawn(task),
      onStored: (range) => this.#audience.demand.arrived(range, (need) => this.standing.readinessOf(need).name !== 'waiting'),
      onFailed: (error) => this.#fail(error),
    });
    this.standing = new Standing(this.#resource, phase, events);
    this.#completion = new Completion({
      resource: this.#resource,
      fetching: this.#fetching,
      phase,
      retry: options.retry,
      onComplete: () => this.#complete(),
      onMore: () => this.replan(),
    });
    asset.onHealed = (range) => this.#healed(range);
    asset.onFull = (cause) => this.#filledUp(cause);
    asset.onChanged = () => this.#othersWrote();
  }

  get traffic(): Fetching['traffic'] {
    return this.#fetching.traffic;
  }

  /** In bits per second. */
  set bitRate(bitRate: number | undefined) {
    this.#audience.bitRate = bitRate;
  }

  /** A reader comes. */
  join(reader: Playing): void {
    this.#audience.readers.add(reader);
  }

  /** A reader goes, and with it what it asked for. */
  leave(reader: Playing): void {
    this.#audience.readers.delete(reader);
    this.#audience.demand.changed();
    this.moved();
    this.replan();
  }

  /** A reader has moved on, which a live stream waits for. */
  moved(): void {
    this.#resource.live?.moved();
  }

  /** Wants every byte, until the function it gives is called. */
  wantWhole(): () => void {
    const unwish = this.#audience.wish();
    this.replan();
    return () => {
      unwish();
      this.replan();
    };
  }

  /** Waits for a change of the readiness of `need`, and asks for `wish`. @throws `signal.reason` */
  wait(need: ByteRange, wish: ByteRange, signal: AbortSignal): Promise<void> {
    const change = this.#audience.demand.wait(need, wish, signal);
    this.replan();
    return change;
  }

  /** Looks again at what to fetch, once the present turn is over. */
  replan(): void {
    if (this.#isPlanning) return;
    this.#isPlanning = true;
    queueMicrotask(() => {
      this.#isPlanning = false;
      this.#goOn();
    });
  }

  /** Fetches from `origin` from the next request on. */
  moveTo(origin: Origin): void {
    this.#fetching.origin.moveTo(origin);
  }

  /** Asks whether what is held is still the server's version, unless a download is about to find out. Readers that come now wait for it. */
  revalidate(): void {
    const { generation, held, follows } = this.asset;
    const isIdle = !this.standing.isClosed && !this.standing.isHeldBack && !this.standing.isLive && this.#fetching.isIdle;
    if (isIdle && generation > 0 && held.size > 0 && !follows) this.#spawn(this.#revalidate());
  }

  /** Leaves Failed with fresh budgets. */
  retry(): void {
    if (!this.standing.recover()) return;
    this.#fetching.forgive();
    this.#resource.forgive();
    this.replan();
  }

  /** Ends all transfers, and lets go of the asset. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    this.standing.isClosed = true;
    return this.#closed;
  }

  #goOn(): void {
    if (this.standing.isOver || this.standing.isHeldBack || this.#completion.isUnderWay) return;
    if (!this.standing.isLive && this.#resource.isWhole) this.#finish();
    else this.#fetching.follow();
    this.#options.connections.look(); // who waits in the queue may be waited for by now
  }

  /** All bytes are held, and none is on its way any more. */
  #finish(): void {
    if (!this.#fetching.isIdle) return;
    if (this.asset.committed) this.#completion.reach();
    else if (!this.asset.follows) this.#spawn(this.#completion.commit(this.#ending.signal));
  }

  #complete(): void {
    this.#mendingDone?.();
    this.#mendingDone = undefined;
    this.#options.onComplete();
    this.#audience.demand.changed();
  }

  async #revalidate(): Promise<void> {
    this.standing.isHeldBack = this.#audience.readers.size === 0; // who reads already goes on
    const finding = await loadPart('revalidation', () => import('./revalidation.ts')).then(
      ({ revalidate }) => revalidate(this.#resource, this.#fetching, this.#ending.signal),
      (error: AulosError): Finding => ({ result: 'unknown', error }),
    );
    if (this.standing.isClosed) return;
    if (finding.result === 'changed') this.#options.phase.move('downloading');
    this.standing.isHeldBack = false;
    this.#options.events.publish('source.revalidated', finding);
    this.#changed();
    this.replan();
  }

  #fail(reason: unknown): void {
    if (this.standing.isOver) return;
    const error = endOf(this.#fetching.origin.url, reason);
    this.#fetching.stop();
    this.#spawn(this.#keepWhatIsSound(error));
    this.#fetching.meter.flush();
    this.standing.fail(error);
    this.#audience.demand.changed();
  }

  /** What is verified stays held, to be resumed; an answer that is not the media leaves nothing behind. */
  async #keepWhatIsSound(error: AulosError): Promise<void> {
    const wasNeverMedia = error.code.startsWith('media.') && this.asset.held.size === 0;
    await (wasNeverMedia ? this.asset.evict() : this.asset.flush()).catch(() => {}); // the download's error is the one that is told
  }

  #lookedAt(length: number | undefined): void {
    this.#audience.demand.changed();
    if (length === 0) this.#fail(new AulosError('media.truncated', { offset: 0, what: 'file' }, 'the file is empty'));
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
    this.#resource.fullCause = cause;
    if (cause.code === 'store.full') this.#options.events.publish('store.full', { key: this.asset.key });
    else this.#options.events.publish('store.unavailable', { key: this.asset.key, error: cause });
    this.#options.onChange();
    this.replan();
  }

  /** Another process stored bytes of this asset, finished it, or let go of it. */
  #othersWrote(): void {
    if (this.standing.isClosed || this.standing.isLive) return;
    this.#resource.tell(); // wakes whoever waits, too
    this.#fetching.meter.add(0);
    this.replan();
  }

  /** Wakes whoever waits for whatever. */
  #changed(): void {
    this.#options.onChange();
    this.#audience.demand.changed();
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    this.#fetching.close();
    this.#audience.demand.changed();
    this.#fetching.meter.flush();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    const isKept = !this.standing.isLive && !this.#options.isTemporary;
    if (!isKept && this.asset.generation > 0) await this.asset.evict();
    await this.asset.close();
    this.#options.events.publish('source.closed', { url: redactUrl(this.#fetching.origin.url) });
  }

  /** Keeps a task that is not awaited where it is started, so that closing can wait for it. */
  #spawn(task: Promise<void>): void {
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }
}
