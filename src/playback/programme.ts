import type { Part } from './load.ts';
import type { TrackChangeReason } from './player-events.ts';
import { Queue } from './queue.ts';
import type { QueueItem } from './queue-json.ts';

/** What sounds after a track. */
export interface Successor {
  readonly item: QueueItem;
  readonly part?: Part;
  /** It is the same track, which goes round. */
  readonly isAgain?: boolean;
}

/** Who plays a programme. */
export interface ProgrammeListener {
  /** Another track is current. */
  onJump(item: QueueItem | undefined, reason: TrackChangeReason): void;
  /** Something else may follow what is played. */
  onFollowing(): void;
}

/** Decides what is played, and what after it: the queue, and the track or the part of it that goes round. */
export class Programme {
  readonly #listener: ProgrammeListener;
  readonly #onChange = () => this.#obey();
  #queue = new Queue();
  /** What the player was told of last. */
  #current: QueueItem | undefined;
  /** Why the queue changes, when not by itself. */
  #reason: TrackChangeReason = 'picked';
  loop: boolean | Required<Part> = false;

  constructor(listener: ProgrammeListener) {
    this.#listener = listener;
    this.#queue.addEventListener('change', this.#onChange);
  }

  get queue(): Queue {
    return this.#queue;
  }

  set queue(queue: Queue) {
    this.#queue.removeEventListener('change', this.#onChange);
    this.#queue = queue;
    queue.addEventListener('change', this.#onChange);
    this.#obey();
  }

  /** What follows `item` by itself. */
  after(item: QueueItem): Successor | undefined {
    if (this.loop === true) return { item, isAgain: true };
    if (this.loop) return { item, part: this.loop, isAgain: true };
    const next = this.#queue.after(item);
    return next && { item: next };
  }

  /** Goes to `item`; false if there is none. */
  goTo(item: QueueItem | undefined, reason: TrackChangeReason): boolean {
    if (!item) return false;
    this.#reason = reason;
    this.#queue.pick(item.id);
    this.#reason = 'picked';
    return true;
  }

  /** The sound went on to `item` by itself. */
  follow(item: QueueItem): void {
    this.#current = item;
    if (this.#queue.current !== item) this.#queue.pick(item.id);
  }

  #obey(): void {
    const { current } = this.#queue;
    if (current === this.#current) this.#listener.onFollowing();
    else {
      this.#current = current;
      if (typeof this.loop === 'object') this.loop = false; // it was a part of the other track
      this.#listener.onJump(current, this.#reason);
    }
  }
}
