import { watchGestures } from './gestures.browser.ts';

/** What a wish asks, and whom it tells. */
export interface WishParts {
  /** Has sound allowed. @throws AulosError `output.notAllowed` where it takes a gesture, and this is none. */
  wake(): Promise<void>;
  /** It may play now. */
  onGranted(): void;
  /** What the browser had refused without a gesture, it does now. */
  onUnlocked(): void;
}

/** A player that the browser lets play in a gesture only, and that was told to play outside of one: the next gesture plays it. */
export class GestureWish {
  readonly #parts: WishParts;
  /** The browser refused to play without a gesture, and did not play since. */
  #isLocked = false;
  /** It was told to play, and waits for a gesture; aborts when it is told something else. */
  #wish: AbortController | undefined;

  constructor(parts: WishParts) {
    this.#parts = parts;
  }

  /** Waits for a gesture: to play was refused. */
  make(): void {
    this.#isLocked = true;
    this.#wish = new AbortController();
    const { signal } = this.#wish;
    let waking: Promise<void> | undefined;
    const wake = () => {
      waking = this.#parts.wake();
      waking.catch(() => {}); // it was no gesture to the browser; another one will come
    };
    const grant = () => void waking?.then(() => signal.aborted || this.#grant()).catch(() => {});
    watchGestures(wake, grant, signal);
  }

  /** The player was told something else. */
  withdraw(): void {
    this.#wish?.abort();
    this.#wish = undefined;
  }

  /** Has sound allowed, in a gesture, and grants what was wished before. @throws AulosError `output.notAllowed`. */
  async unlock(isRunning: boolean): Promise<void> {
    this.#isLocked ||= !isRunning;
    await this.#parts.wake();
    this.#grant();
  }

  /** The output runs. */
  unlocked(): void {
    if (this.#isLocked) this.#parts.onUnlocked();
    this.#isLocked = false;
  }

  #grant(): void {
    if (this.#wish) this.#parts.onGranted();
  }
}
