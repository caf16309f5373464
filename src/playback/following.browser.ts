import type { Load } from './load.ts';
import type { Loads } from './loads.browser.ts';
import type { ToSession } from './messages.ts';
import type { Successor } from './programme.ts';

/** What it takes to follow a track. */
export interface FollowingParts {
  readonly loads: Loads;
  /** What follows `load` by itself. */
  successorOf(load: Load): Successor | undefined;
  /** Tells the worker. */
  tell(message: ToSession): void;
}

interface Link {
  readonly load: Load;
  /** Second of the stretch at which it begins; undefined until the track before is decoded to its end. */
  at: number | undefined;
}

/** The tracks that the worker goes on with after the current one, as far as it was told; and the telling. */
export class Following {
  readonly #parts: FollowingParts;
  readonly #links: Link[] = [];

  constructor(parts: FollowingParts) {
    this.#parts = parts;
  }

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

  /** Tells the worker what follows `current`, where that has changed, and one more when the last one that it knows is being decoded. */
  update(current: Load): void {
    let before = current;
    for (const [index, { load }] of this.#links.entries()) {
      if (!isOf(load, this.#parts.successorOf(before))) {
        this.#follow(before, index);
        return;
      }
      before = load;
    }
    if (this.#links.every(({ at }) => at !== undefined) && this.#parts.successorOf(before)) this.#follow(before, this.#links.length);
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

  /** Has what now follows `before` stand at `index`. */
  #follow(before: Load, index: number): void {
    const { loads, successorOf, tell } = this.#parts;
    const dropped = this.cut(index);
    const successor = successorOf(before);
    const next = successor && loads.create(successor.item, successor.part, successor.isAgain);
    tell({ type: 'follow', after: before.id, next: next && loads.tellingOf(next) });
    for (const { id } of dropped) tell({ type: 'unload', load: id });
    if (!next) return;
    next.isBegun = true;
    this.#links.push({ load: next, at: undefined });
  }
}

const isOf = (load: Load, successor: Successor | undefined): boolean =>
  successor?.item === load.item &&
  Boolean(successor.isAgain) === load.isAgain &&
  successor.part?.start === load.part.start &&
  successor.part?.end === load.part.end;
