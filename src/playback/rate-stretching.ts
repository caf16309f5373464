import { Stretch } from '@soundtouchjs/core';
import type { ReadAhead } from './rate-read-ahead.ts';
import type { RateWay } from './rate-way.ts';

/**
 * Speed without pitch: SoundTouch's WSOLA, which lays windows of 50 to 125 ms over each other where they match. It knows two channels; of
 * more, each pair is matched by itself, and an odd one is a pair of its own.
 */
export class Stretching implements RateWay {
  readonly #pairs: readonly Stretch[];
  readonly #tempo: { next: number; made: number };
  /** The frame to be given to it next; it may lie behind the end of the sound. */
  #given: number;
  /** The frame at which what it has made ends. */
  #madeTo: number;
  #isBegun = false;
  #scratch = new Float32Array(0);

  constructor(at: number, rate: number, sampleRate: number, channels: number) {
    this.#given = at;
    this.#madeTo = at;
    this.#tempo = { next: rate, made: rate };
    this.#pairs = Array.from({ length: Math.ceil(channels / 2) }, () => new Stretch({ createBuffers: true, sampleRate }));
    this.rate = rate;
  }

  /** Of what it has made: another rate begins with the next window. */
  get rate(): number {
    return this.#tempo.made;
  }

  set rate(rate: number) {
    this.#tempo.next = rate;
    for (const pair of this.#pairs) pair.tempo = rate;
  }

  get at(): number {
    return this.#madeTo - this.#made * this.#tempo.made;
  }

  get reserve(): number {
    return this.#pairs[0].sampleReq + this.#pairs[0].overlapLength;
  }

  render(planes: readonly Float32Array[], ahead: ReadAhead): number {
    const wanted = planes[0].length;
    let done = 0;
    while (done < wanted) {
      if (this.#given > ahead.end && !ahead.isComplete) this.#restart(ahead.end);
      if (ahead.isComplete && this.at >= ahead.end) break;
      if (this.#made === 0 && !this.#makeWindow(ahead)) break;
      const left = ahead.isComplete ? Math.ceil((ahead.end - this.at) / this.rate) : wanted;
      const frames = Math.min(wanted - done, this.#made, left);
      this.#take(planes, done, frames);
      done += frames;
    }
    return done;
  }

  /** Frames made and not taken. */
  get #made(): number {
    return this.#pairs[0].outputBuffer!.frameCount;
  }

  #makeWindow(ahead: ReadAhead): boolean {
    const { sampleReq, overlapLength, inputBuffer } = this.#pairs[0];
    const needed = sampleReq + (this.#isBegun ? 0 : overlapLength) - inputBuffer!.frameCount;
    const isEnough = ahead.reach(this.#given + needed) >= this.#given + needed;
    if (!isEnough && !ahead.isComplete) return false;
    for (const [pair, { inputBuffer }] of this.#pairs.entries()) inputBuffer!.putSamples(this.#interleave(ahead, 2 * pair, needed));
    for (const pair of this.#pairs) pair.process();
    this.#isBegun = true;
    this.#given += needed;
    this.#madeTo = this.#given - inputBuffer!.frameCount - overlapLength;
    this.#tempo.made = this.#tempo.next;
    return true;
  }

  /** The next frames of a pair of channels; behind the last the sound goes back, for at slow rates a window reaches beyond where it will be cut. */
  #interleave({ planes, start, end }: ReadAhead, channel: number, frames: number): Float32Array {
    const samples = new Float32Array(2 * frames);
    const pair = [planes[channel], planes[channel + 1] ?? planes[channel]];
    for (let i = 0; i < frames; i++) {
      const frame = this.#given + i;
      const from = frame < end ? frame - start : Math.max(0, 2 * end - 1 - frame - start);
      samples[2 * i] = pair[0][from];
      samples[2 * i + 1] = pair[1][from];
    }
    return samples;
  }

  #take(planes: readonly Float32Array[], at: number, frames: number): void {
    if (this.#scratch.length < 2 * frames) this.#scratch = new Float32Array(2 * frames);
    for (const [pair, { outputBuffer }] of this.#pairs.entries()) {
      outputBuffer!.extract(this.#scratch, 0, frames);
      outputBuffer!.receive(frames);
      for (const [side, plane] of planes.slice(2 * pair, 2 * pair + 2).entries()) {
        for (let i = 0; i < frames; i++) plane[at + i] = this.#scratch[2 * i + side];
      }
    }
  }

  /** What looked like the end was none: what it was given behind it goes. */
  #restart(end: number): void {
    const at = Math.min(Math.round(this.at), end);
    for (const pair of this.#pairs) pair.clear();
    this.#isBegun = false;
    this.#given = at;
    this.#madeTo = at;
  }
}
