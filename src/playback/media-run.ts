import { raceAbort } from '../base/abort.ts';
import { childController } from '../base/child-controller.ts';
import { Scope } from '../base/scope.ts';
import { Wake } from '../base/wake.ts';
import type { MediaInfo } from '../media.ts';
import type { Deck } from './deck.ts';
import type { MediaLane } from './media-lane.ts';
import { mediaPieces } from './media-pieces.ts';
import type { MediaSender } from './media-sender.ts';
import type { FromSession } from './messages.ts';
import type { SessionRun } from './session-run.ts';

/** What a run works with. */
export interface MediaRunParts {
  readonly lane: MediaLane;
  readonly sender: MediaSender;
  /** The factor of a track's samples. */
  gainOf(info: MediaInfo): number;
  tell(message: FromSession): void;
}

/** Where a track ends, and what follows it in what was sent; undefined: nothing yet. */
interface Junction {
  readonly deck: Deck;
  readonly at: number;
  next: Deck | undefined;
}

/** The next track is opened when the one before is wholly held, or this near to its end, seconds. */
const OPEN_BEFORE_END_SECONDS = 30;

/**
 * The run of a page that plays by Media Source: sends the packets as they are, from a place in a track on, through the tracks that follow it.
 * Tracks are joined without a gap, and never faded into each other. It ends before a track that the page cannot play in this way.
 */
export class MediaRun implements SessionRun {
  readonly id: number;
  readonly #parts: MediaRunParts;
  readonly #scope = new Scope();
  readonly #changed = new Wake();
  #junctions: Junction[] = [];
  /** What is being sent, and the second of the run at which its own time 0 lies. */
  #deck: Deck;
  #origin = 0;
  /** Second of the run up to which it was sent. */
  #until: number;
  #hasLanded = false;
  /** Ends the sending that is under way. */
  #going: AbortController;
  #reverting: Promise<void> = Promise.resolve();

  /** Begins at once, at second `seconds` of `deck`. */
  constructor(id: number, deck: Deck, seconds: number, parts: MediaRunParts) {
    this.id = id;
    this.#parts = parts;
    this.#deck = deck;
    this.#until = seconds;
    this.#going = this.#begin();
    this.#scope.defer(() => parts.sender.stop());
    void this.#go((signal) => this.#send(this.#deck, seconds, undefined, signal)); // not `deck`: what is captured here lasts as long as the scope
  }

  look(): void {
    const { next, isComplete, end, info } = this.#deck;
    const secondsLeft = (end ?? info?.duration ?? Infinity) - (this.#until - this.#origin);
    if (next && (isComplete || secondsLeft < OPEN_BEFORE_END_SECONDS)) next.open().catch(() => {}); // its turn will tell
  }

  changeNext(deck: Deck): void {
    this.look();
    this.#changed.signal();
    const junction = this.#junctions.find((each) => each.deck === deck);
    if (junction?.next && junction.next !== deck.next) void this.#revert(junction);
  }

  forget(deck: Deck): void {
    this.#junctions = this.#junctions.filter((junction) => junction.deck !== deck);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  /** A sending, in place of the one before, which looks at its signal after every wait. */
  #begin(): AbortController {
    const { controller, release } = childController(this.#scope.signal);
    controller.signal.addEventListener('abort', release, { once: true });
    return controller;
  }

  /** Does `first`, and then, in a call of its own, so that this one holds no track for longer, what is behind the junction that it gives, if any. */
  async #go(first: (signal: AbortSignal) => Promise<Junction | undefined>): Promise<void> {
    const { signal } = this.#going;
    try {
      const junction = await first(signal);
      signal.throwIfAborted();
      if (junction) void this.#go((signal) => this.#join(junction, signal));
    } catch (error) {
      if (signal.aborted) return;
      this.#deck.fail(error);
      this.#parts.sender.end(this.#until); // what was sent is heard
    }
  }

  /** Sends a track from `start` to its end, to sound from second `at` of the run on; `at` is undefined for the first. */
  async #send(deck: Deck, start: number, at: number | undefined, signal: AbortSignal): Promise<Junction> {
    const { lane, sender, gainOf, tell } = this.#parts;
    this.#deck = deck;
    const track = await raceAbort(deck.open(), signal);
    const gain = gainOf(track.info);
    if (at !== undefined) this.#origin = at - start;
    for await (const piece of mediaPieces(track, { start, end: deck.end, at }, lane.types, signal)) {
      signal.throwIfAborted();
      if (piece.type === 'splice') {
        this.#land(piece.start);
        sender.splice(piece, gain);
      } else {
        this.#until = piece.until;
        tell({ type: 'decoded', run: this.id, until: piece.until, isEnd: false });
        this.look();
        await sender.segment(piece.bytes, piece.until, signal);
      }
    }
    signal.throwIfAborted();
    this.#land(start);
    const junction: Junction = { deck, at: this.#until, next: undefined };
    this.#junctions.push(junction);
    return junction;
  }

  /** The sound begins at `seconds`. */
  #land(seconds: number): void {
    if (this.#hasLanded) return;
    this.#hasLanded = true;
    this.#until = seconds;
    this.#parts.sender.begin(this.id, seconds);
    this.#parts.tell({ type: 'landed', run: this.id, epoch: this.id, seconds });
  }

  /** Sends what follows, as soon as anything does; undefined if it cannot be sent: then the run is over. */
  async #join(junction: Junction, signal: AbortSignal): Promise<Junction | undefined> {
    const { deck, at } = junction;
    const { lane, sender, tell } = this.#parts;
    if (!deck.next) this.#end(at);
    while (!deck.next) await this.#changed.after(this.#changed.count, signal);
    const { next } = deck;
    junction.next = next;
    this.#deck = next;
    tell({ type: 'junction', run: this.id, after: deck.id, load: next.id, at });
    if (!next.info) sender.edge(at);
    const { info } = await raceAbort(next.open(), signal);
    if (info.config.codecString in lane.types) return this.#send(next, next.start, at, signal);
    this.#end(at);
    return undefined;
  }

  /** Takes back what was sent behind `junction`, and joins anew. */
  #revert(junction: Junction): Promise<void> {
    this.#reverting = this.#reverting.then(async () => {
      if (this.#scope.signal.aborted || !this.#junctions.includes(junction)) return;
      const isDone = await this.#parts.sender.cut(junction.at, () => this.#going.abort());
      const index = this.#junctions.indexOf(junction);
      if (this.#scope.signal.aborted || index < 0) return;
      if (isDone) {
        this.#junctions = this.#junctions.slice(0, index + 1);
        this.#until = junction.at;
        junction.next = undefined;
        this.#going = this.#begin();
        void this.#go((signal) => this.#join(junction, signal));
      } else if (junction.next) this.#parts.tell({ type: 'late', load: junction.deck.id });
    });
    return this.#reverting;
  }

  #end(at: number): void {
    this.#parts.sender.end(at);
    this.#parts.tell({ type: 'decoded', run: this.id, until: at, isEnd: true });
  }
}
