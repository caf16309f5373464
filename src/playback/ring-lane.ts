import { PcmRing } from '../base/pcm-ring.ts';
import type { LaneFeed, LaneReply, LaneSender } from './lane.ts';

/** Writes frames into shared memory. The port only brings replies: "look again, there is room". */
export class RingLaneSender implements LaneSender {
  readonly #ring: PcmRing;

  constructor(ring: SharedArrayBuffer, port: MessagePort, onReply: (reply: LaneReply) => void) {
    this.#ring = new PcmRing(ring);
    port.onmessage = ({ data }: MessageEvent<LaneReply>) => onReply(data);
  }

  get room(): number {
    return this.#ring.room;
  }

  write(planes: readonly Float32Array[], start: number, frames: number, timestampUs: number): void {
    this.#ring.write(planes, start, frames, timestampUs);
  }

  flush(epoch: number): void {
    this.#ring.flush(epoch);
  }

  complete(): void {
    this.#ring.complete();
  }

  async takeBack(frames: number): Promise<boolean> {
    return this.#ring.takeBack(frames);
  }
}

/** Reads frames from shared memory: no message stands between the worker and the sound. */
export class RingLaneFeed implements LaneFeed {
  readonly #ring: PcmRing;
  readonly #port: MessagePort;
  readonly #sampleRate: number;
  #settledTaken = 0;

  constructor(ring: SharedArrayBuffer, port: MessagePort, sampleRate: number) {
    this.#ring = new PcmRing(ring);
    this.#port = port;
    this.#sampleRate = sampleRate;
  }

  get epoch(): number {
    return this.#ring.epoch;
  }

  get position(): number {
    return this.#ring.timestampUs(this.#sampleRate) / 1e6;
  }

  get queued(): number {
    return this.#ring.available;
  }

  get isComplete(): boolean {
    return this.#ring.isComplete;
  }

  read(planes: readonly Float32Array[]): number {
    return this.#ring.read(planes);
  }

  settle(): void {
    this.#ring.skip();
    const { taken } = this.#ring;
    const frames = (taken - this.#settledTaken) | 0;
    if (frames === 0) return;
    this.#settledTaken = taken;
    this.#reply({ type: 'taken', frames, buffers: [] });
  }

  finish(epoch: number): void {
    this.#reply({ type: 'ended', epoch });
  }

  #reply(reply: LaneReply): void {
    this.#port.postMessage(reply);
  }
}
