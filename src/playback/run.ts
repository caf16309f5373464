import { childController } from '../base/child-controller.ts';
import { Scope } from '../base/scope.ts';
import { Wake } from '../base/wake.ts';
import type { Publication } from '../engine/engine.ts';
import type { MediaInfo, PcmBlock } from '../media.ts';
import { Conformer, type ConformerMemory } from './conform.ts';
import { crossfade, LONGEST_FADE_SECONDS, Tail } from './crossfade.ts';
import type { Deck } from './deck.ts';
import type { Planes } from './downmix.ts';
import type { FromSession } from './messages.ts';
import type { Outlet } from './outlet.ts';
import { frameOf } from './pipeline.ts';

/** What a run works with. */
export interface RunParts {
  readonly publication: Publication;
  readonly outlet: Outlet;
  /** Hz and channels of all of its sound. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Seconds by which tracks overlap; 0: none. */
  fadeSeconds(): number;
  /** The factor of a track's samples. */
  gainOf(info: MediaInfo): number;
  tell(message: FromSession): void;
}

/** A track's turn in a run. */
interface Turn {
  readonly deck: Deck;
  /** Where in the track it begins, seconds. */
  readonly start: number;
  /** Frame of the run at which that lies. */
  readonly at: number;
  readonly sound: AsyncIterable<Planes>;
  /** Its first frames, which are mixed with the track before: they are not kept back for another fade. */
  readonly fadeInFrames: number;
  readonly tail: Tail;
}

/** Where a turn ends, and all that it takes to let something else follow it. */
interface Junction {
  readonly deck: Deck;
  /** What follows in what was published; undefined: nothing yet. */
  next: Deck | undefined;
  /** Number of the first block behind it. */
  readonly block: number;
  /** Frame of the run at which it lies. */
  readonly at: number;
  /** The last sound of the track, which comes behind it because it may be mixed with what follows. */
  readonly tail: readonly Planes[];
  readonly memory: ConformerMemory;
}

/** The next track is fetched when the one before is wholly held, or this near to its end, seconds. */
const CUE_BEFORE_END_SECONDS = 30;
/** Lengths may be estimated: a tail is kept back from this much earlier on, seconds. */
const LENGTH_ERROR_SECONDS = 2;

/**
 * One decoding from a place in a track on, through the tracks that follow it: one signal in one format without a gap, in the publication a
 * stretch between two flushes. Its frames count up from the media time of the first track; where one track meets the next is told in
 * them. When something else follows a track after all, what was decoded behind the junction is taken back, and what is before it stays.
 */
export class Run {
  readonly id: number;
  readonly #parts: RunParts;
  readonly #scope = new Scope();
  readonly #conformer: Conformer;
  readonly #changed = new Wake();
  /** The ends of the turns that are decoded and not known to be heard. */
  #junctions: Junction[] = [];
  #turn: Turn;
  /** Ends the decoding that is under way. */
  #going: AbortController;
  #reverting: Promise<void> = Promise.resolve();
  /** Blocks published, those included that were taken back. */
  #blocks = 0;
  /** Frame of the run at which the next block lies. */
  #at: number;
  #hasLanded = false;

  /** Begins at once; the publication was flushed in the same task, so that no block of an earlier run passes for one of this. */
  constructor(id: number, deck: Deck, seconds: number, parts: RunParts) {
    this.id = id;
    this.#parts = parts;
    this.#conformer = new Conformer(parts.sampleRate, parts.channels);
    this.#at = Math.round(seconds * parts.sampleRate);
    this.#going = this.#begin();
    this.#turn = this.#turnOf(deck, seconds, 0, [], this.#going.signal);
    void this.#go(this.#turn);
  }

  /** Makes the next track ready when its turn is near. */
  look(): void {
    const { deck } = this.#turn;
    const secondsLeft = this.#endOf(deck) - this.#position;
    if (deck.next && (deck.isComplete || secondsLeft < CUE_BEFORE_END_SECONDS)) void deck.next.cue();
  }

  /** Something else follows `deck`, or nothing. */
  changeNext(deck: Deck): void {
    this.look();
    this.#changed.signal();
    const junction = this.#junctions.find((each) => each.deck === deck);
    if (junction?.next && junction.next !== deck.next) void this.#revert(junction);
  }

  /** `deck` was heard to its end: what follows it stays. */
  forget(deck: Deck): void {
    for (const junction of this.#junctions) if (junction.deck === deck) this.#parts.outlet.unmark(junction.block);
    this.#junctions = this.#junctions.filter((junction) => junction.deck !== deck);
  }

  /** A block of it, seconds `from` to `until` of the run, is on its way to the speaker. */
  onBlock(epoch: number, from: number, until: number): void {
    if (!this.#hasLanded) this.#parts.tell({ type: 'landed', run: this.id, epoch, seconds: from });
    this.#hasLanded = true;
    this.#parts.tell({ type: 'decoded', run: this.id, until, isEnd: false });
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  /** A decoding, in place of the one before. It looks at its signal after every wait: from the abort on, what it would change is another's. */
  #begin(): AbortController {
    const { controller, release } = childController(this.#scope.signal);
    controller.signal.addEventListener('abort', release, { once: true });
    return controller;
  }

  /**
   * Decodes a turn, or what follows a junction, and then, in a call of its own, whatever follows that: a call that went on through all of
   * them would hold what it began with, and thereby, one by `next` of the other, every track since.
   */
  async #go(from: Turn | Junction): Promise<void> {
    const { signal } = this.#going;
    try {
      const turn = isTurn(from) ? from : await this.#join(from, signal);
      signal.throwIfAborted();
      this.#turn = turn;
      await this.#sound(turn, signal);
      signal.throwIfAborted();
      const junction = await this.#end(signal);
      signal.throwIfAborted();
      void this.#go(junction);
    } catch (error) {
      if (signal.aborted) return;
      this.#turn.deck.fail(error);
      await this.#playOut(signal);
    }
  }

  async #sound({ deck, at, sound, fadeInFrames, tail }: Turn, signal: AbortSignal): Promise<void> {
    for await (const planes of sound) {
      const fade = this.#fadeFrames;
      const { sampleRate } = this.#parts;
      const isNearEnd = this.#position > this.#endOf(deck) - fade / sampleRate - LENGTH_ERROR_SECONDS;
      const passed = this.#at < at + fadeInFrames ? [planes] : tail.pass(planes, isNearEnd ? fade : 0);
      for (const part of passed) await this.#put(part, signal);
      this.look();
    }
  }

  /** The turn has no more sound; what may be mixed with the next is kept back. */
  async #end(signal: AbortSignal): Promise<Junction> {
    const { deck, tail } = this.#turn;
    if (this.#blocks === 0)
      this.onBlock(this.#parts.publication.epoch, this.#at / this.#parts.sampleRate, this.#at / this.#parts.sampleRate);
    const fade = Math.min(this.#fadeFrames, tail.frames);
    if (fade > 0) for (const part of this.#conformer.finish()) tail.pass(part, Infinity);
    for (const part of tail.cut(fade)) await this.#put(part, signal);
    return { deck, next: undefined, block: this.#blocks, at: this.#at, tail: [...tail.parts], memory: this.#conformer.memory };
  }

  /** Begins the turn of what follows, as soon as anything does. */
  async #join(junction: Junction, signal: AbortSignal): Promise<Turn> {
    const { deck, tail } = junction;
    this.#junctions.push(junction);
    this.#parts.outlet.mark(junction.block);
    if (tail.length > 0 && deck.next?.isCued) return this.#fadeInto(deck.next, junction, signal);
    for (const part of tail) await this.#put(part, signal);
    const next = await this.#nextOf(junction, signal);
    signal.throwIfAborted();
    return this.#turnOf(next, next.start, 0, [], signal);
  }

  async #fadeInto(next: Deck, junction: Junction, signal: AbortSignal): Promise<Turn> {
    junction.next = next;
    const tail = new Tail();
    for (const part of junction.tail) tail.pass(part, Infinity);
    const half = Math.floor((this.#endOf(next) - next.start) * this.#parts.sampleRate * 0.5);
    for (const part of tail.cut(Math.min(tail.frames, half))) await this.#put(part, signal);
    this.#tellJunction(junction.deck, next);
    return this.#turnOf(next, next.start, tail.frames, tail.parts, signal);
  }

  /** What follows without a fade. The end is told while there is nothing; the place where it will be, when it is not ready yet. */
  async #nextOf(junction: Junction, signal: AbortSignal): Promise<Deck> {
    const { deck, tail } = junction;
    for (;;) {
      signal.throwIfAborted();
      const { next } = deck;
      if (next) {
        this.#tellJunction(deck, next);
        if (tail.length > 0) await this.#fadeLate(next, junction, signal);
        if (next === deck.next) {
          junction.next = next; // in the task in which it was looked at: another one from now on is a change
          return next;
        }
      } else {
        await this.#tellEnd(signal);
        while (!deck.next) await this.#changed.after(this.#changed.count, signal);
      }
    }
  }

  /** Fades into `next` as soon as it is ready, if there is time for it then. */
  async #fadeLate(next: Deck, junction: Junction, signal: AbortSignal): Promise<void> {
    const { count } = this.#changed;
    await Promise.race([next.cue(), this.#changed.after(count, signal)]);
    if (next === junction.deck.next && next.isCued) await this.#revert(junction);
    signal.throwIfAborted(); // it did: this decoding is over
  }

  /** Takes back what was published behind `junction`, and joins anew. */
  #revert(junction: Junction): Promise<void> {
    this.#reverting = this.#reverting.then(async () => {
      if (this.#scope.signal.aborted || !this.#junctions.includes(junction)) return;
      const commit = () => {
        this.#going.abort();
        return this.#blocks;
      };
      const isDone = await this.#parts.outlet.takeBack(junction.block, commit);
      if (this.#scope.signal.aborted) return;
      if (isDone) {
        const index = this.#junctions.indexOf(junction);
        if (index < 0) return; // the track was given up meanwhile, because one before it is to be followed by another: that comes next
        this.#junctions = this.#junctions.slice(0, index);
        this.#at = junction.at;
        this.#conformer.memory = junction.memory;
        this.#going = this.#begin();
        void this.#go({ ...junction, next: undefined, block: this.#blocks });
      } else if (junction.next) this.#parts.tell({ type: 'late', load: junction.deck.id });
    });
    return this.#reverting;
  }

  async #tellEnd(signal: AbortSignal): Promise<void> {
    const { outlet, tell, sampleRate } = this.#parts;
    for (const part of this.#conformer.finish()) await this.#put(part, signal);
    await outlet.written(this.#blocks, signal);
    signal.throwIfAborted();
    tell({ type: 'decoded', run: this.id, until: this.#at / sampleRate, isEnd: true });
    outlet.drain(signal).catch(() => {}); // it has no more to say
  }

  #tellJunction({ id: after }: Deck, { id: load }: Deck): void {
    const at = (this.#at + this.#conformer.pendingFrames) / this.#parts.sampleRate;
    this.#parts.tell({ type: 'junction', run: this.id, after, load, at });
  }

  /** After a failure: what was decoded is heard, and what follows it is an end rather than a lack. */
  async #playOut(signal: AbortSignal): Promise<void> {
    try {
      for (const part of this.#turn.tail.cut(0)) await this.#put(part, signal);
      await this.#parts.outlet.written(this.#blocks, signal);
      await this.#parts.outlet.drain(signal);
    } catch {
      // Another run took its place, or the output is what failed.
    }
  }

  async #put(planes: Planes, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const block = { planes, sampleRate: this.#parts.sampleRate, timestamp: this.#at };
    this.#at += planes[0].length;
    this.#blocks++;
    await this.#parts.publication.write(frameOf(block), signal);
  }

  /** The turn of `deck` that begins where the sound before it ends. */
  #turnOf(deck: Deck, start: number, fadeInFrames: number, fadeOut: readonly Planes[], signal: AbortSignal): Turn {
    const sound = this.#soundOf(deck, start, signal);
    return {
      deck,
      start,
      at: this.#at + this.#conformer.pendingFrames,
      sound: fadeInFrames > 0 ? crossfade(fadeOut, sound) : sound,
      fadeInFrames,
      tail: new Tail(),
    };
  }

  async *#soundOf(deck: Deck, start: number, signal: AbortSignal): AsyncGenerator<Planes> {
    let gain: number | undefined; // as it is when the track begins, to its end
    for await (const block of deck.blocks(start, signal)) {
      signal.throwIfAborted();
      gain ??= this.#parts.gainOf(deck.info!);
      yield* this.#conformer.take(amplified(block, gain));
    }
  }

  /** Second of its track up to which the turn is decoded. */
  get #position(): number {
    const { start, at, tail } = this.#turn;
    return start + (this.#at + tail.frames - at) / this.#parts.sampleRate;
  }

  /** Second at which a track ends, so far as that is known. */
  #endOf(deck: Deck): number {
    return deck.end ?? deck.info?.duration ?? Infinity;
  }

  get #fadeFrames(): number {
    return Math.round(Math.min(this.#parts.fadeSeconds(), LONGEST_FADE_SECONDS) * this.#parts.sampleRate);
  }
}

const amplified = (block: PcmBlock, gain: number): PcmBlock =>
  gain === 1 ? block : { ...block, planes: block.planes.map((plane) => plane.map((sample) => sample * gain)) };

const isTurn = (from: Turn | Junction): from is Turn => 'sound' in from;
