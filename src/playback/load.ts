import type { AulosError } from '../errors.ts';
import { type MediaInfo, type Tags, tagsAt } from '../media.ts';
import type { SourceProgress } from './messages.ts';
import type { QueueItem } from './queue-json.ts';
import { HAVE_METADATA, HAVE_NOTHING, type ReadyState, readinessEvents, readyStateFor } from './readiness.ts';
import { SecondsRanges, type Span, withSpan } from './seconds-ranges.ts';
import { type Settle, Stretch } from './stretch.ts';

/** Nearer to the end than this is the end, seconds: places are rounded to frames of the output. */
const END_SECONDS = 0.001;

/** Part of a track that sounds, seconds; by default all of it. */
export interface Part {
  readonly start?: number;
  readonly end?: number;
}

/** A resource that a player was given, and what the page knows of it. Decides; tells nobody. */
export class Load {
  readonly id: number;
  readonly item: QueueItem;
  /** The URL of the item, absolute where it can be. */
  readonly url: string;
  /** What sounds of it. */
  part: Part;
  /** It sounds the same again as the one before. */
  readonly isAgain: boolean;
  /** The worker was told of it. */
  isBegun = false;
  info: MediaInfo | undefined;
  /** Seconds; NaN while unknown. */
  duration = Number.NaN;
  durationIsExact = false;
  progress: SourceProgress | undefined;
  error: AulosError | undefined;
  readyState: ReadyState = HAVE_NOTHING;
  stretch: Stretch | undefined;
  /** Second of the stretch at which its own time 0 lies. */
  origin = 0;
  /** When it should sound first, and how long it took, ms. */
  playRequestedAt: number | undefined;
  firstSoundMs: number | undefined;
  #lastTags: Tags = {};
  #wasLoaded = false;
  /** What was heard of the track, milliseconds. */
  #played: readonly Span[] = [];
  #playedTo: number | undefined;

  constructor(id: number, item: QueueItem, url: string, part: Part = {}, isAgain = false) {
    this.id = id;
    this.item = item;
    this.url = url;
    this.part = part;
    this.isAgain = isAgain;
  }

  /** More of it is on its way. */
  get isFetching(): boolean {
    return this.isBegun && !this.error && this.progress?.phase !== 'complete';
  }

  get played(): SecondsRanges {
    return new SecondsRanges(this.#played.map(([start, end]) => [start / 1e3, end / 1e3]));
  }

  /** Where the listener is, seconds, while `heardTime` of the context is being heard. */
  positionAt(heardTime: number): number {
    return Math.max(0, (this.stretch?.positionAt(heardTime) ?? 0) - this.origin);
  }

  /** Decoded sound after `position`, seconds, that of following tracks included. */
  aheadOf(position: number): number {
    return this.stretch?.landed ? Math.max(0, this.stretch.until - this.origin - position) : 0;
  }

  /** The tags of what is heard at `position`. */
  tagsAt(position: number): Tags {
    return this.info ? tagsAt(this.info, position) : {};
  }

  /** As {@link tagsAt}, if they are others than at the last call. */
  newTagsAt(position: number): Tags | undefined {
    const tags = this.tagsAt(position);
    const before = this.#lastTags;
    this.#lastTags = tags;
    return tags === before || JSON.stringify(tags) === JSON.stringify(before) ? undefined : tags;
  }

  /** Whether `position` is the last one that it has. */
  isEnd(position: number): boolean {
    return this.durationIsExact && position > this.duration - END_SECONDS;
  }

  /** Begins a stretch in it, in place of the one before. */
  start(id: number, target: number, seek?: Settle<number>): void {
    this.stretch?.seek?.reject(new DOMException('a later seek took its place', 'AbortError'));
    this.stretch = new Stretch(id, target, seek);
    this.origin = 0;
    this.#playedTo = undefined;
  }

  /** Goes on with the stretch of `before`, in which it begins at second `at`. */
  goOn(before: Load, at: number): void {
    this.stretch = before.stretch;
    this.origin = at - (this.part.start ?? 0);
    before.heard(at - before.origin);
    before.stretch = undefined;
    this.#playedTo = Math.round((this.part.start ?? 0) * 1e3);
    if (!this.isAgain) return;
    this.readyState = before.readyState;
    this.#wasLoaded = true;
    this.info ??= before.info;
    this.#lastTags = before.#lastTags;
    this.progress ??= before.progress;
    if (this.info) this.learnDuration(this.info);
  }

  /** Brings the ready state up to the facts; gives the events to fire. */
  updateReadyState(position: number, hasNext: boolean): ReturnType<typeof readinessEvents> {
    const from = this.readyState;
    const { stretch } = this;
    this.readyState = readyStateFor({
      hasHead: this.info !== undefined,
      isSeeking: stretch !== undefined && !stretch.landed,
      isStarved: stretch?.report?.state === 'starved',
      isPlaying: stretch?.report?.state === 'playing',
      aheadSeconds: this.aheadOf(position),
      isEndDecoded: hasNext || (stretch?.isEnd ?? false),
      isComplete: this.progress?.phase === 'complete',
    });
    const events = readinessEvents(from, this.readyState, this.#wasLoaded);
    if (this.readyState > HAVE_METADATA) this.#wasLoaded = true;
    return events;
  }

  /** Remembers that it was heard up to `position`. */
  heard(position: number): void {
    const end = Math.round(position * 1e3);
    if (this.#playedTo !== undefined) this.#played = withSpan(this.#played, [this.#playedTo, end]);
    this.#playedTo = end;
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
