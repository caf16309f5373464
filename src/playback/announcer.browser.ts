import type { MediaInfo } from '../media.ts';
import type { Load } from './load.ts';
import type { SourceProgress } from './messages.ts';
import type { MediaEventName, PlayerEventDetails } from './player-events.ts';

/** Whom an announcer tells. */
export interface Audience {
  fire(name: MediaEventName): void;
  fireOwn<N extends keyof PlayerEventDetails>(name: N, detail: PlayerEventDetails[N]): void;
}

/** Least time between two `timeupdate`s while it plays, ms (HTML allows 15 to 250). */
const TIMEUPDATE_MS = 200;

/** Tells of a track that plays and of its download what is news by now. */
export class Announcer {
  readonly #audience: Audience;
  #timeToldAt = 0;
  #underruns = 0;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  fire(name: MediaEventName): void {
    if (name === 'timeupdate') this.#timeToldAt = performance.now();
    this.#audience.fire(name);
  }

  /** Second `time` of it is heard. */
  heard(load: Load, time: number): void {
    load.heard(time);
    const tags = load.newTagsAt(time);
    if (tags) this.#audience.fireOwn('tags', { tags });
    const levels = load.stretch?.takeLevels(time + load.origin);
    if (levels) this.#audience.fireOwn('levels', { ...levels, time: levels.time - load.origin });
    if (performance.now() - this.#timeToldAt >= TIMEUPDATE_MS) this.fire('timeupdate');
  }

  /** Its tags are others than those `before`, at second `time`. */
  info(load: Load, before: MediaInfo | undefined, time: number): void {
    if (before && textOf(before) !== textOf(load.info!))
      this.#audience.fireOwn('tags', { tags: load.newTagsAt(time) ?? load.tagsAt(time) });
  }

  progress(progress: SourceProgress, isNewPhase: boolean): void {
    this.fire('progress');
    this.#audience.fireOwn('cached', progress);
    if (isNewPhase) this.#audience.fireOwn('phase', progress);
  }

  /** So many holes were in the sound so far. */
  holes(underruns: number): void {
    if (underruns === this.#underruns) return;
    this.#underruns = underruns;
    this.#audience.fireOwn('underrun', { underruns });
  }
}

/** What a file says of itself, to be compared. */
const textOf = ({ tags, chapters, pictures }: MediaInfo): string => JSON.stringify([tags, chapters, pictures]);
