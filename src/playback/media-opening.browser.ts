/** Seconds that a Media Source has to open while it is to sound; only those count in which the page is seen, and gets to run. */
const OPENING_SECONDS = 10;

/** What an opening works with. */
export interface MediaOpeningParts {
  /** It should sound. */
  wantsToPlay(): boolean;
  /** The time is over; told once per wait. */
  onFailure(): void;
}

/** The wait for a Media Source to open; of one that never does, no event tells. */
export class MediaOpening {
  readonly #parts: MediaOpeningParts;
  /** Counts while it is awaited. */
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: MediaOpeningParts) {
    this.#parts = parts;
  }

  /** Waits from now on. */
  begin(): void {
    let secondsLeft = OPENING_SECONDS;
    this.end();
    this.#timer = setInterval(() => {
      if (this.#parts.wantsToPlay() && !document.hidden && --secondsLeft === 0) this.#parts.onFailure();
    }, 1_000);
  }

  /** It is open, or not needed. */
  end(): void {
    clearInterval(this.#timer);
  }
}
