import { sleep } from '../base/abort.ts';
import { createBreather } from '../base/breathe.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { MediaInfo, SeekPoint } from '../media.ts';
import type { FileSource } from '../source/source.ts';
import type { Demuxer } from './demuxer.ts';
import type { FrameIndex } from './frame-index.ts';

/** From opening what is held to its first sound, ms, with some to spare: nobody waits for what is read for the index, so that begins after it. */
const HEAD_START_MS = 100;

/** How long the thread and the disk belong to others, ms, before each 4 ms of it. */
const REST_MS = 16;

/**
 * Keeps the frame index of an asset from one run to the next, and completes it: what does not pass by in playing is read once all of the
 * resource is held.
 */
export class FrameIndexKeeper {
  readonly #demuxer: Demuxer;
  readonly #index: FrameIndex;
  readonly #source: FileSource;
  /** That of the bytes which the index is about. */
  readonly #generation: number;
  readonly #clock: Clock;
  #saved: number;
  #saving: Promise<void> | undefined;

  /** Gives `demuxer`, which reads `source`, what is kept for it. Undefined if its format has tables of its own. */
  static async open(demuxer: Demuxer, source: FileSource, clock = systemClock): Promise<FrameIndexKeeper | undefined> {
    const { frameIndex, container } = demuxer;
    if (!frameIndex) return undefined;
    const { generation } = source;
    const stored = await source.sidecars?.readSidecar(sidecarOf(container)).catch(() => undefined); // without it the index grows anew
    if (stored && source.generation === generation) frameIndex.adopt(stored);
    return new FrameIndexKeeper(demuxer, frameIndex, source, clock);
  }

  private constructor(demuxer: Demuxer, index: FrameIndex, source: FileSource, clock: Clock) {
    this.#demuxer = demuxer;
    this.#index = index;
    this.#source = source;
    this.#generation = source.generation;
    this.#clock = clock;
    this.#saved = index.covered;
  }

  /** Completes the index as soon as the resource is, until `signal` aborts. `onExact` is given what is known once it is whole. */
  follow(signal: AbortSignal, onExact: (info: MediaInfo) => void): void {
    if (this.#index.isWhole) return;
    this.#index.onWhole = () => {
      void this.save();
      this.#demuxer.info(signal).then(onExact, () => {}); // closed meanwhile
    };
    const complete = () => void this.#complete(signal).catch(() => {}); // what cannot be read to its end has no whole index
    if (this.#source.phase === 'complete') complete();
    else this.#source.events.on('source.phase', ({ payload }) => payload.to === 'complete' && complete(), { signal });
  }

  /** Keeps what the index has learnt since the last time. Never rejects: where nothing can be kept, it grows anew. */
  async save(): Promise<void> {
    await this.#saving;
    const { sidecars, generation } = this.#source;
    const { covered } = this.#index;
    if (!sidecars || generation !== this.#generation || covered === this.#saved) return;
    this.#saved = covered;
    this.#saving = sidecars.writeSidecar(sidecarOf(this.#demuxer.container), this.#index.toBytes()).catch(() => {});
    await this.#saving;
  }

  async #complete(signal: AbortSignal): Promise<void> {
    const { durationIsExact } = await this.#demuxer.info(signal);
    if (durationIsExact && !this.#index.isOnlyWay) return;
    await sleep(HEAD_START_MS, signal, this.#clock);
    const breathe = createBreather(() => sleep(REST_MS, signal, this.#clock));
    for await (const _ of this.#demuxer.packets(signal, pointOf(this.#index))) {
      if (this.#index.isWhole) return; // it has been played to its end meanwhile
      await breathe();
    }
  }
}

/** The container tells what the places are of. */
const sidecarOf = (container: string): string => `frames-${container}`;

/** From where an index goes on. */
function pointOf({ last }: FrameIndex): SeekPoint | undefined {
  return last && { offset: last.offset, index: 0, timestamp: last.timestamp, target: last.timestamp, exact: true, errorBound: 0 };
}
