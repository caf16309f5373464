import { raceAbort } from '../base/abort.ts';
import { childController } from '../base/child-controller.ts';
import { Wake } from '../base/wake.ts';
import { framesOf, type PcmBlock } from '../media.ts';
import type { Aulos, OpenOptions, SystemPlayerSink, Track } from '../node.ts';
import { soundInto } from './sounding.node.ts';

/** What the listener may want. */
export type Wish = 'pause' | 'next' | 'previous' | 'quit' | { readonly seconds: number };

/** Somewhere in a list of tracks. */
export interface Place {
  readonly index: number;
  readonly seconds: number;
}

/** Where a track begins in what sounds. */
interface Junction extends Place {
  /** Seconds of sound before it. */
  readonly at: number;
}

/** What it plays, and how. */
export interface PlayingParts {
  readonly aulos: Aulos;
  readonly urls: readonly string[];
  /** Second of the first track at which it begins. */
  readonly start: number;
  /** Second of the last track at which it ends. */
  readonly end?: number;
  readonly decoder: OpenOptions['decoder'];
  createSink(): Promise<SystemPlayerSink>;
  /** Ends it all. */
  readonly signal: AbortSignal;
}

/** The next track is opened when the one before is wholly held, or this near to its end, seconds. */
const OPEN_BEFORE_END_SECONDS = 30;
/** Later than this in a track, going back goes to its beginning, seconds. */
const RESTART_SECONDS = 3;

/**
 * Plays tracks one after the other. To pause, or to go elsewhere, ends the sound at once: what plays it cannot forget what it holds. It
 * begins anew with another decoding, which the cache makes cheap.
 */
export class Playing implements AsyncDisposable {
  readonly #parts: PlayingParts;
  readonly #tracks = new Map<number, Promise<Track>>();
  readonly #changed = new Wake();
  /** Where the sound begins that comes next. */
  #start: Place;
  /** The sound there is now. */
  #sound: { readonly controller: AbortController; place(): Place } | undefined;
  #isPaused = false;

  constructor(parts: PlayingParts) {
    this.#parts = parts;
    this.#start = { index: 0, seconds: parts.start };
  }

  /** What the listener hears, as far as is known. */
  get place(): Place {
    return this.#sound?.place() ?? this.#start;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The track of a place, once it was asked for. */
  async trackAt({ index }: Place): Promise<Track | undefined> {
    return await this.#tracks.get(index);
  }

  /** Plays to the end of the last track, or until the listener quits. @throws AulosError; `signal.reason`. */
  async play(): Promise<void> {
    const { signal } = this.#parts;
    while (this.#start.index < this.#parts.urls.length) {
      const { count } = this.#changed;
      if (this.#isPaused) await this.#changed.after(count, signal);
      else await this.#soundFrom(this.#start);
    }
  }

  steer(wish: Wish): void {
    this.#start = this.#placeFor(wish);
    if (wish === 'pause') this.#isPaused = !this.#isPaused;
    this.#sound?.controller.abort();
    this.#sound = undefined;
    this.#changed.signal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const track of this.#tracks.values()) await track.then((open) => open.close()).catch(() => {});
  }

  #placeFor(wish: Wish): Place {
    const { index, seconds } = this.place;
    if (wish === 'pause') return { index, seconds };
    if (wish === 'next') return { index: index + 1, seconds: 0 };
    if (wish === 'quit') return { index: this.#parts.urls.length, seconds: 0 };
    if (wish === 'previous') return { index: seconds > RESTART_SECONDS ? index : Math.max(0, index - 1), seconds: 0 };
    return { index, seconds: Math.max(0, seconds + wish.seconds) };
  }

  async #soundFrom(from: Place): Promise<void> {
    const { signal } = this.#parts;
    const { controller, release } = childController(signal);
    const junctions: Junction[] = [];
    await using sink = await this.#parts.createSink();
    this.#sound = { controller, place: () => placeIn(junctions, sink.heardSeconds) ?? from };
    try {
      const { info } = await this.#open(from.index, controller.signal);
      const blocks = (both: AbortSignal) => this.#blocksFrom(from, junctions, both);
      await soundInto(sink, { ...info.config, blocks }, controller.signal);
      if (!controller.signal.aborted) this.#start = { index: this.#parts.urls.length, seconds: 0 };
    } catch (error) {
      signal.throwIfAborted();
      if (!controller.signal.aborted) throw error;
    } finally {
      release();
      if (this.#sound?.controller === controller) this.#sound = undefined;
    }
  }

  async *#blocksFrom(from: Place, junctions: Junction[], signal: AbortSignal): AsyncGenerator<PcmBlock> {
    const { urls, end } = this.#parts;
    let at = 0;
    for (let { index, seconds: start } = from; index < urls.length; index++, start = 0) {
      const track = await this.#open(index, signal);
      const isLast = index === urls.length - 1;
      for await (const block of track.blocks({ start, end: isLast ? end : undefined, signal })) {
        const seconds = block.timestamp / block.sampleRate;
        if (junctions.at(-1)?.index !== index) junctions.push({ index, seconds, at });
        at += framesOf(block) / block.sampleRate;
        yield block;
        if (!isLast && isNearEnd(track, seconds)) this.#open(index + 1, signal).catch(() => {}); // told when its turn comes
      }
    }
  }

  /** Opens a track, once. */
  #open(index: number, signal: AbortSignal): Promise<Track> {
    const { aulos, urls, decoder, signal: whole } = this.#parts;
    const opening = this.#tracks.get(index) ?? aulos.open(urls[index], { decoder, signal: whole });
    this.#tracks.set(index, opening);
    return raceAbort(opening, signal);
  }
}

const isNearEnd = ({ info, source }: Track, seconds: number): boolean =>
  source.phase === 'complete' || (info.duration ?? 0) - seconds < OPEN_BEFORE_END_SECONDS;

function placeIn(junctions: readonly Junction[], heardSeconds: number): Place | undefined {
  const junction = junctions.findLast(({ at }) => at <= heardSeconds);
  return junction && { index: junction.index, seconds: junction.seconds + heardSeconds - junction.at };
}
