import type { Clock } from '../base/clock.ts';

/**
 * A leader that is silent for so long is paused, frozen or as badly connected as can be. Whoever waits for its bytes had better fetch
 * them: two that write one asset do no harm, they only fetch more than they need.
 */
const SILENCE_MS = 5000;

/** What a lease asks of the asset that it is for. */
export interface LeaseHost<Hint> {
  /** Another tab has told something; without a hint: this one leads now, or something was told that did not get here. */
  onChange(hint?: Hint): void;
  /** Looks whether more is stored than this tab has heard of. */
  hasGrown(): Promise<boolean>;
}

/**
 * Who writes an asset, seen from one tab or worker: the *leader*, who has the Web Lock of that name, while the others *follow*. They wait
 * for the lock in a queue, so that one takes over when the leader lets go, is closed or is killed, and hear over a BroadcastChannel what
 * was stored. A channel may lose a hint, and a lock may lie (stolen, or of a frozen page): a follower that hears nothing for
 * {@link SILENCE_MS} looks at the store itself, and leads without the lock if nothing has happened there either.
 *
 * Where there are no Web Locks (a page over plain http) everyone leads until {@link yield} is called.
 */
export class TabLease<Hint> {
  readonly #name: string;
  readonly #host: LeaseHost<Hint>;
  readonly #clock: Clock;
  readonly #channel: BroadcastChannel | undefined;
  readonly #closing = new AbortController();
  #isHeld = false;
  #isQueued = false;
  /** Lets go of the lock, while this has it. */
  #unlock: (() => void) | undefined;
  #silence: unknown;

  /** Takes the lease `name`, or follows who has it. `Hint` is whatever a structured clone can carry. */
  static async take<Hint>(name: string, host: LeaseHost<Hint>, clock: Clock): Promise<TabLease<Hint>> {
    const lease = new TabLease(name, host, clock);
    if (await lease.#tryLock()) lease.#isHeld = true;
    else lease.#follow();
    return lease;
  }

  private constructor(name: string, host: LeaseHost<Hint>, clock: Clock) {
    this.#name = name;
    this.#host = host;
    this.#clock = clock;
    this.#channel = openChannel(name);
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Hint>) => this.#heard(data));
  }

  /** True if this tab leads. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** True if this tab has the lock, and does not only lead because nobody else seemed to. */
  get hasLock(): boolean {
    return this.#unlock !== undefined;
  }

  /** Tells the other tabs; nothing if there are none. */
  tell(hint: Hint): void {
    this.#channel?.postMessage(hint);
  }

  /** Leaves the lead to another tab, which has taken it. */
  yield(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#letGo();
    this.#follow();
    this.#host.onChange();
  }

  /** Lets go; a follower takes over. */
  close(): void {
    this.#closing.abort();
    this.#letGo();
    this.#clock.clearTimeout(this.#silence);
    this.#channel?.close();
  }

  #letGo(): void {
    this.#unlock?.();
    this.#unlock = undefined;
  }

  #follow(): void {
    if (!this.#isQueued) void this.#queue();
    this.#watch();
  }

  async #queue(): Promise<void> {
    this.#isQueued = true;
    await this.#lock({ signal: this.#closing.signal }, (isGranted) => {
      this.#isQueued = false;
      if (isGranted) this.#lead();
    });
  }

  #lead(): void {
    this.#clock.clearTimeout(this.#silence);
    if (this.#isHeld || this.#closing.signal.aborted) return;
    this.#isHeld = true;
    this.#host.onChange();
  }

  #heard(hint: Hint): void {
    if (!this.#isHeld) this.#watch();
    this.#host.onChange(hint);
  }

  #watch(): void {
    this.#clock.clearTimeout(this.#silence);
    this.#silence = this.#clock.setTimeout(() => void this.#lookForLife(), SILENCE_MS);
  }

  async #lookForLife(): Promise<void> {
    const hasGrown = await this.#host.hasGrown().catch(() => false);
    if (this.#isHeld || this.#closing.signal.aborted) return;
    if (!hasGrown) return this.#lead();
    this.#watch();
    this.#host.onChange();
  }

  /** False if another one has the lock. */
  #tryLock(): Promise<boolean> {
    return new Promise((resolve) => void this.#lock({ ifAvailable: true }, resolve));
  }

  /** Asks for the lock and ends with it; `onAnswer` may come late. Where there are no locks they are free, but nobody ever lets go of one. */
  async #lock(options: LockOptions, onAnswer: (isGranted: boolean) => void): Promise<void> {
    const { locks }: { locks?: LockManager } = navigator;
    if (!locks) return onAnswer(options.ifAvailable === true);
    let isGranted = false;
    try {
      await locks.request(this.#name, options, (lock) => {
        isGranted = lock !== null && !this.#closing.signal.aborted;
        onAnswer(isGranted);
        return isGranted ? new Promise<void>((unlock) => (this.#unlock = unlock)) : undefined;
      });
    } catch {
      if (isGranted)
        this.yield(); // stolen
      else onAnswer(options.ifAvailable === true); // a page that may not have locks, or the end of a wait
    }
  }
}

/** Undefined where hints cannot be told; what is stored is looked at all the same. */
function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}
