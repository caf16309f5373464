import type { Levels } from './levels.ts';
import type { OutputReport } from './output.ts';
import { playheadAt } from './playhead.ts';

/** Outputs report where they are so exactly, seconds, that an end which lies further before that of the sound is not its end. */
const GRAIN_SECONDS = 0.2;

/** How a promise that was given out is settled. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Sound without a break, from the first play, a seek or a jump on, through all tracks that follow; what the page knows of a run of the worker. */
export class Stretch {
  /** Of the run. */
  readonly id: number;
  /** Second that was asked for. */
  readonly target: number;
  /** Where its first frame lies, and the epoch under which the worklet reports it. */
  landed: { readonly epoch: number; readonly seconds: number } | undefined;
  /** Time up to which it is decoded, seconds. */
  until: number;
  /** Nothing follows what is decoded. */
  isEnd = false;
  /** Present while a seek waits to land. */
  seek: Settle<number> | undefined;
  #levels: Levels[] = [];
  #report: OutputReport | undefined;

  constructor(id: number, target: number, seek: Settle<number> | undefined) {
    this.id = id;
    this.target = target;
    this.until = target;
    this.seek = seek;
  }

  /** The worklet's last word about it. */
  get report(): OutputReport | undefined {
    return this.landed && this.#report?.epoch === this.landed.epoch ? this.#report : undefined;
  }

  set report(report: OutputReport | undefined) {
    this.#report = report;
  }

  /** True if nothing of it is left to be heard, nor on its way to be. */
  get isSilent(): boolean {
    return !this.landed || this.report?.state === 'ended';
  }

  /** Its end was heard. What ended before more came is no end. */
  get hasEnded(): boolean {
    const { report } = this;
    return this.isEnd && report?.state === 'ended' && !(report.position < this.until - GRAIN_SECONDS);
  }

  /** Which second of it the listener is at while `heardTime` of the context is being heard. */
  positionAt(heardTime: number): number {
    if (!this.landed) return this.target;
    const { report } = this;
    return report && !Number.isNaN(report.position) ? playheadAt(report, heardTime) : this.landed.seconds;
  }

  /** Levels of moments that are not heard yet. */
  addLevels(levels: readonly Levels[]): void {
    this.#levels.push(...levels);
  }

  /** The levels of the moment at `position`; earlier ones are dropped. */
  takeLevels(position: number): Levels | undefined {
    const due = this.#levels.findLastIndex(({ time }) => time <= position);
    return this.#levels.splice(0, due + 1).at(-1);
  }

  /** From `position` on it is other sound. */
  dropLevels(position: number): void {
    this.#levels = this.#levels.filter(({ time }) => time < position);
  }
}
