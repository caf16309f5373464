import type { Load } from './load.ts';

interface Link {
  readonly load: Load;
  /** Second of the stretch at which it begins; undefined until the track before is decoded to its end. */
  at: number | undefined;
}

/** The tracks that the worker goes on with after the current one, as far as it was told. */
export class Following {
  #links: Link[] = [];

  /** When the next track begins, seconds of the stretch; undefined while that is not known. */
  get at(): number | undefined {
    return this.#links[0]?.at;
  }

  get next(): Load | undefined {
    return this.#links[0]?.load;
  }

  get loads(): readonly Load[] {
    return this.#links.map(({ load }) => load);
  }

  /** True if one more is to be told: the last one is being decoded, or there is none. */
  get wantsMore(): boolean {
    return this.#links.every(({ at }) => at !== undefined);
  }

  add(load: Load): void {
    this.#links.push({ load, at: undefined });
  }

  /** `id` begins at `at`; what comes after it is to be decoded anew. */
  begins(id: number, at: number): void {
    const index = this.#links.findIndex(({ load }) => load.id === id);
    if (index < 0) return;
    this.#links[index].at = at;
    for (const link of this.#links.slice(index + 1)) link.at = undefined;
  }

  /** The next track becomes the current one. */
  shift(): Load {
    return this.#links.shift()!.load;
  }

  /** Gives up all from `index` on. */
  cut(index: number): Load[] {
    return this.#links.splice(index).map(({ load }) => load);
  }

  /** The decoding begins anew: no place is known any more. */
  forgetPlaces(): void {
    for (const link of this.#links) link.at = undefined;
  }
}
