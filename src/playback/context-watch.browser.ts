import type { ContextEvent } from './context-state.ts';
import { FrozenClock } from './frozen-clock.ts';

/** Time between two looks at the clock, ms. */
const LOOK_MS = 400;

/** Tells what happens to an AudioContext that may change whether it sounds, gestures excepted. */
export class ContextWatch {
  readonly #context: AudioContext;
  readonly #onEvent: (event: ContextEvent) => void;
  readonly #life = new AbortController();
  readonly #clock = new FrozenClock();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(context: AudioContext, onEvent: (event: ContextEvent) => void) {
    this.#context = context;
    this.#onEvent = onEvent;
    const { signal } = this.#life;
    context.addEventListener('statechange', () => onEvent('statechange'), { signal });
    for (const name of ['sinkchange', 'error']) context.addEventListener(name, () => onEvent('devicechange'), { signal });
    // Only pages of secure origins see devices.
    navigator.mediaDevices?.addEventListener('devicechange', () => onEvent('devicechange'), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && onEvent('visible'), { signal });
  }

  /** Sound is wanted: the clock should run, and is looked at. */
  set isWanted(isWanted: boolean) {
    clearInterval(this.#timer);
    this.#clock.reset();
    if (isWanted && !this.#life.signal.aborted) this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#life.abort();
  }

  #look(): void {
    const { state, currentTime } = this.#context;
    if (state !== 'running') this.#clock.reset();
    else if (this.#clock.look(currentTime, performance.now())) {
      this.#clock.reset();
      this.#onEvent('frozen');
    }
  }
}
