import { Demand } from './demand.ts';

/** Who plays from where, and what it reads next. */
export interface Playing {
  readonly playing: number | undefined;
  readonly position: number;
}

/** For whom an asset is fetched: who waits for which of its bytes, who plays it, and who wants all of it. */
export class Audience {
  readonly demand = new Demand();
  readonly readers = new Set<Playing>();
  /** Bits per second of the media, when known: how fast playing goes on. */
  bitRate: number | undefined;
  #wishes = 0;

  /** From where readers play. */
  get playing(): number[] {
    return [...this.readers].flatMap(({ playing }) => playing ?? []);
  }

  /** What readers read next. */
  get positions(): number[] {
    return [...this.readers].map(({ position }) => position);
  }

  get wantsWhole(): boolean {
    return this.#wishes > 0;
  }

  /** Wants every byte, until the function it gives is called. */
  wish(): () => void {
    this.#wishes++;
    let isWanted = true;
    return () => {
      if (isWanted) this.#wishes--;
      isWanted = false;
    };
  }
}
