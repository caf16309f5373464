import { RangeSet } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { Levels } from './levels.ts';
import type { SourceProgress } from './messages.ts';
import { playheadAt } from './playhead.ts';
import type { PumpReport } from './pump.ts';
import { HAVE_METADATA, HAVE_NOTHING, type ReadyState, readinessEvents, readyStateFor } from './readiness.ts';
import { SecondsRanges } from './seconds-ranges.ts';

/** How a promise that was given out is settled. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A start of decoding: the first one, or a seek. */
export interface Run {
  readonly id: number;
  /** Second that was asked for. */
  readonly target: number;
  /** Where its first frame lies, and the epoch under which the worklet reports it. */
  landed?: { readonly epoch: number; readonly seconds: number };
  /** Media time up to which it is decoded, seconds. */
  until: number;
  isEnd: boolean;
  /** Levels of moments that are not heard yet. */
  readonly levels: Levels[];
  /** Present while a seek waits to land. */
  seek?: Settle<number>;
}

/** A resource that a player was given, and what the page knows of it. Decides; tells nobody. */
export class Load {
  readonly id: number;
  readonly url: string;
  /** The worker was told to open it. */
  isBegun = false;
  info: MediaInfo | undefined;
  /** Seconds; NaN while unknown. */
  duration = Number.NaN;
  durationIsExact = false;
  progress: SourceProgress | undefined;
  error: AulosError | undefined;
  readyState: ReadyState = HAVE_NOTHING;
  run: Run | undefined;
  /** When `play()` was called first, and how long it took to sound, ms. */
  playRequestedAt: number | undefined;
  firstSoundMs: number | undefined;
  #report: PumpReport | undefined;
  #wasLoaded = false;
  /** Milliseconds of the track that were heard. */
  readonly #played = new RangeSet();
  #playedTo: number | undefined;

  constructor(id: number, url: string) {
    this.id = id;
    this.url = url;
  }

  /** The worklet's last word about the current run. */
  get report(): PumpReport | undefined {
    return this.run?.landed && this.#report?.epoch === this.run.landed.epoch ? this.#report : undefined;
  }

  set report(report: PumpReport | undefined) {
    this.#report = report;
  }

  get played(): SecondsRanges {
    return new SecondsRanges(this.#played.toArray().map(({ start, end }) => [start / 1e3, end / 1e3] as const));
  }

  /** True if nothing of the run is left to be heard, nor on its way to be. */
  get isSilent(): boolean {
    return !this.run?.landed || this.report?.state === 'ended';
  }

  /** Where the listener is, seconds, while `heardTime` of the context is being heard. */
  positionAt(heardTime: number): number {
    if (!this.run?.landed) return this.run?.target ?? 0;
    const { report } = this;
    return report && !Number.isNaN(report.position) ? playheadAt(report, heardTime) : this.run.landed.seconds;
  }

  /** Decoded sound after `position`, seconds. */
  aheadOf(position: number): number {
    return this.run?.landed ? Math.max(0, this.run.until - position) : 0;
  }

  /** Takes the place of the run before. */
  start(run: Run): void {
    this.run?.seek?.reject(new DOMException('a later seek took its place', 'AbortError'));
    this.run = run;
    this.#playedTo = undefined;
  }

  /** Brings the ready state up to the facts; gives the events to fire. */
  updateReadyState(position: number): ReturnType<typeof readinessEvents> {
    const from = this.readyState;
    const { run, report } = this;
    this.readyState = readyStateFor({
      hasHead: this.info !== undefined,
      isSeeking: run !== undefined && !run.landed,
      isStarved: report?.state === 'starved',
      isPlaying: report?.state === 'playing',
      aheadSeconds: this.aheadOf(position),
      isEndDecoded: run?.isEnd ?? false,
      isComplete: this.progress?.phase === 'complete',
    });
    const events = readinessEvents(from, this.readyState, this.#wasLoaded);
    if (this.readyState > HAVE_METADATA) this.#wasLoaded = true;
    return events;
  }

  /** Remembers that the run was heard up to `position`. */
  heard(position: number): void {
    const end = Math.round(position * 1e3);
    if (this.#playedTo !== undefined) this.#played.add({ start: this.#playedTo, end });
    this.#playedTo = end;
  }

  /** The levels of the moment at `position`; earlier ones are dropped. */
  takeLevels(position: number): Levels | undefined {
    const levels = this.run?.levels ?? [];
    const due = levels.findLastIndex(({ time }) => time <= position);
    return levels.splice(0, due + 1).at(-1);
  }

  /** Takes the duration of `info`; true if it says anything new. */
  learnDuration({ duration = Number.NaN, durationIsExact }: MediaInfo): boolean {
    const isNew = !Object.is(duration, this.duration) || durationIsExact !== this.durationIsExact;
    this.duration = duration;
    this.durationIsExact = durationIsExact;
    return isNew;
  }

  /** The end was reached at `position`, which settles an estimated duration; true if it changes it. */
  endedAt(position: number): boolean {
    if (this.durationIsExact) return false;
    this.duration = position;
    this.durationIsExact = true;
    return true;
  }
}
