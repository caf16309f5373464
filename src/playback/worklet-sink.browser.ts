import { Wake } from '../base/wake.ts';
import type { StreamConfig } from '../engine/frame.ts';
import type { PcmBlock } from '../media.ts';
import type { LaneReply, LaneSender, OutputLane } from './lane.ts';
import { PortLaneSender } from './port-lane.ts';
import { Resampler } from './resample.ts';
import { RingLaneSender } from './ring-lane.ts';
import type { RevocableSink, SinkMark } from './sink.ts';

/** Frames that are worth a write: the lane is not fed by driblets. */
const WORTHWHILE = 4_096;

/** Plays through an AudioWorklet: copies blocks into the lane, resampled and spread over its channels where they differ. */
export class WorkletSink implements RevocableSink {
  readonly output: OutputLane;
  readonly #sender: LaneSender;
  /** Frames of the lane: a ring may have fewer than were asked for. */
  readonly #capacity: number;
  readonly #changed = new Wake();
  #resampler: Resampler | undefined;
  #epoch = 0;
  #endedEpoch = -1;
  /** Frames of the epoch that are in the lane or were. */
  #written = 0;
  /** How often it went back to a mark: a write that began before is void. */
  #reverts = 0;
  #isReverting = false;
  /** Frames of the lane that are left empty. */
  #spareFrames = 0;

  constructor(output: OutputLane) {
    this.output = output;
    const { lane, sampleRate, channels } = output;
    const hear = (reply: LaneReply) => this.#hear(reply);
    if (lane.ring) this.#sender = new RingLaneSender(lane.ring, lane.port, hear);
    else this.#sender = new PortLaneSender(lane.port, sampleRate, channels, hear);
    this.#capacity = this.#sender.room;
  }

  set aheadSeconds(seconds: number) {
    this.#spareFrames = Math.max(0, this.#capacity - Math.round(seconds * this.output.sampleRate));
    this.#changed.signal();
  }

  async configure({ sampleRate }: StreamConfig): Promise<void> {
    const { sampleRate: rate, channels } = this.output;
    this.#resampler = sampleRate === rate ? undefined : new Resampler(sampleRate, rate, channels);
  }

  async write({ planes, sampleRate, timestamp }: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    if (epoch < this.#epoch) return;
    const spread = spreadOver(planes, this.output.channels);
    await this.#send(this.#resampler?.process(spread) ?? spread, (timestamp * 1e6) / sampleRate, epoch, signal);
  }

  flush(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#written = 0;
    this.#resampler?.reset();
    this.#sender.flush(epoch);
    this.#changed.signal();
  }

  async drain(signal: AbortSignal): Promise<void> {
    const epoch = this.#epoch;
    if (this.#resampler) await this.#send(this.#resampler.finish(), 0, epoch, signal);
    signal.throwIfAborted();
    if (epoch === this.#epoch) this.#sender.complete();
    for (;;) {
      const { count } = this.#changed;
      if (epoch !== this.#epoch || this.#endedEpoch === epoch) return;
      await this.#changed.after(count, signal);
    }
  }

  mark(): SinkMark {
    return { epoch: this.#epoch, frames: this.#written, memory: this.#resampler?.memory };
  }

  async revert({ epoch, frames, memory }: SinkMark, onDone: () => void): Promise<boolean> {
    if (epoch !== this.#epoch) return false;
    this.#isReverting = true;
    const done = (await this.#sender.takeBack(this.#written - frames)) && epoch === this.#epoch;
    this.#isReverting = false;
    if (done) {
      this.#written = frames;
      if (this.#resampler && memory) this.#resampler.memory = memory;
      this.#endedEpoch = -1;
      this.#reverts++;
      onDone();
    }
    this.#changed.signal();
    return done;
  }

  async close(): Promise<void> {
    this.#epoch = Number.POSITIVE_INFINITY; // releases a waiting write and refuses later ones
    this.#changed.signal();
    this.output.lane.port.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(planes: readonly Float32Array[], timestampUs: number, epoch: number, signal: AbortSignal): Promise<void> {
    const frames = planes[0].length;
    const reverts = this.#reverts;
    for (let at = 0; at < frames; ) {
      const { count } = this.#changed;
      if (epoch < this.#epoch || reverts !== this.#reverts) return;
      const room = this.#sender.room - this.#spareFrames;
      if (this.#isReverting || room < Math.min(WORTHWHILE, frames - at)) await this.#changed.after(count, signal);
      else {
        const part = Math.min(room, frames - at);
        this.#sender.write(planes, at, part, timestampUs + (at * 1e6) / this.output.sampleRate);
        this.#written += part;
        at += part;
      }
    }
  }

  #hear(reply: LaneReply): void {
    if (reply.type === 'ended') this.#endedEpoch = reply.epoch;
    this.#changed.signal();
  }
}

/** Mono sounds on every channel; else channels that the output lacks are dropped, and those that the sound lacks are silent. */
function spreadOver(planes: readonly Float32Array[], channels: number): readonly Float32Array[] {
  if (planes.length === channels) return planes;
  if (planes.length === 1) return Array.from({ length: channels }, () => planes[0]);
  const silent = new Float32Array(planes[0].length);
  return Array.from({ length: channels }, (_, i) => planes[i] ?? silent);
}
