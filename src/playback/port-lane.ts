import { type LaneFeed, type LaneReply, type LaneSender, laneFrames } from './lane.ts';

/** Frames in one transferred buffer: about 90 ms, so that a second costs eleven messages. */
const CHUNK_FRAMES = 4_096;

/** From the sender to the feed. Ports keep order, so an epoch needs no number on its chunks. */
type PortLaneMessage =
  /** `samples` holds one plane of {@link CHUNK_FRAMES} per channel, of which the first `frames` count. */
  | { readonly type: 'pcm'; readonly timestampUs: number; readonly frames: number; readonly samples: ArrayBuffer }
  | { readonly type: 'flush'; readonly epoch: number }
  | { readonly type: 'complete' }
  | { readonly type: 'takeBack'; readonly frames: number };

/** Sends frames in transferred buffers, which the feed gives back: once warm, nothing is allocated. */
export class PortLaneSender implements LaneSender {
  readonly #port: MessagePort;
  readonly #sampleRate: number;
  readonly #channels: number;
  readonly #onReply: (reply: LaneReply) => void;
  readonly #pool: ArrayBuffer[] = [];
  readonly #asked: ((done: boolean) => void)[] = [];
  #room: number;

  constructor(port: MessagePort, sampleRate: number, channels: number, onReply: (reply: LaneReply) => void) {
    this.#port = port;
    this.#sampleRate = sampleRate;
    this.#channels = channels;
    this.#onReply = onReply;
    this.#room = laneFrames(sampleRate, channels);
    port.onmessage = ({ data }: MessageEvent<LaneReply>) => this.#hear(data);
  }

  get room(): number {
    return this.#room;
  }

  write(planes: readonly Float32Array[], start: number, frames: number, timestampUs: number): void {
    this.#room -= frames;
    for (let done = 0; done < frames; done += CHUNK_FRAMES) {
      const count = Math.min(CHUNK_FRAMES, frames - done);
      const samples = this.#pool.pop() ?? new ArrayBuffer(CHUNK_FRAMES * this.#channels * 4);
      for (let channel = 0; channel < this.#channels; channel++) {
        const from = start + done;
        new Float32Array(samples, channel * CHUNK_FRAMES * 4, count).set(planes[channel].subarray(from, from + count));
      }
      this.#post({ type: 'pcm', timestampUs: timestampUs + (done * 1e6) / this.#sampleRate, frames: count, samples }, [samples]);
    }
  }

  flush(epoch: number): void {
    this.#post({ type: 'flush', epoch });
  }

  complete(): void {
    this.#post({ type: 'complete' });
  }

  takeBack(frames: number): Promise<boolean> {
    this.#post({ type: 'takeBack', frames });
    return new Promise((resolve) => this.#asked.push(resolve));
  }

  #hear(reply: LaneReply): void {
    if (reply.type === 'takenBack') this.#asked.shift()?.(reply.done);
    else if (reply.type === 'taken') {
      this.#room += reply.frames;
      this.#pool.push(...reply.buffers);
    }
    this.#onReply(reply);
  }

  #post(message: PortLaneMessage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

interface Chunk {
  readonly timestampUs: number;
  readonly frames: number;
  readonly samples: ArrayBuffer;
  readonly planes: readonly Float32Array[];
}

/** Queues the buffers in the worklet. */
export class PortLaneFeed implements LaneFeed {
  readonly #port: MessagePort;
  readonly #sampleRate: number;
  #chunks: Chunk[] = [];
  /** Frames of the first chunk that were read. */
  #offset = 0;
  /** Media time after the last frame of the epoch that was read, seconds. */
  #end = Number.NaN;
  #spent: ArrayBuffer[] = [];
  #taken = 0;
  epoch = 0;
  queued = 0;
  isComplete = false;

  constructor(port: MessagePort, sampleRate: number) {
    this.#port = port;
    this.#sampleRate = sampleRate;
    port.onmessage = ({ data }: MessageEvent<PortLaneMessage>) => this.#hear(data);
  }

  get position(): number {
    const next = this.#chunks[0];
    return next ? next.timestampUs / 1e6 + this.#offset / this.#sampleRate : this.#end;
  }

  read(planes: readonly Float32Array[]): number {
    const wanted = planes[0].length;
    let filled = 0;
    while (filled < wanted && this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const count = Math.min(wanted - filled, chunk.frames - this.#offset);
      const channels = Math.min(planes.length, chunk.planes.length);
      for (let i = 0; i < channels; i++) planes[i].set(chunk.planes[i].subarray(this.#offset, this.#offset + count), filled);
      filled += count;
      this.#offset += count;
      this.#end = chunk.timestampUs / 1e6 + this.#offset / this.#sampleRate;
      if (this.#offset === chunk.frames) this.#spend();
    }
    this.queued -= filled;
    return filled;
  }

  settle(): void {
    if (this.#spent.length === 0) return;
    this.#reply({ type: 'taken', frames: this.#taken, buffers: this.#spent }, this.#spent);
    this.#spent = [];
    this.#taken = 0;
  }

  finish(epoch: number): void {
    this.#reply({ type: 'ended', epoch });
  }

  #hear(message: PortLaneMessage): void {
    if (message.type === 'flush') this.#void(message.epoch);
    else if (message.type === 'complete') this.isComplete = true;
    else if (message.type === 'takeBack') this.#takeBack(message.frames);
    else this.#queue(message);
  }

  #queue({ timestampUs, frames, samples }: Extract<PortLaneMessage, { type: 'pcm' }>): void {
    const channels = samples.byteLength / (CHUNK_FRAMES * 4);
    const planes = Array.from({ length: channels }, (_, i) => new Float32Array(samples, i * CHUNK_FRAMES * 4, frames));
    this.#chunks.push({ timestampUs, frames, samples, planes });
    this.queued += frames;
    this.isComplete = false;
  }

  #void(epoch: number): void {
    while (this.#chunks.length > 0) this.#spend();
    this.#end = Number.NaN;
    this.epoch = epoch;
    this.queued = 0;
    this.isComplete = false;
    this.settle(); // at once: a suspended context renders nothing, but hears
  }

  #takeBack(frames: number): void {
    this.isComplete = false;
    const done = frames <= this.queued;
    if (done) {
      this.queued -= frames;
      this.#taken += frames;
      for (let left = frames; left > 0; ) {
        const last = this.#chunks.pop()!;
        const kept = Math.max(this.#chunks.length === 0 ? this.#offset : 0, last.frames - left);
        left -= last.frames - kept;
        if (kept > 0) this.#chunks.push({ ...last, frames: kept });
        else this.#spent.push(last.samples);
      }
      this.settle();
    }
    this.#reply({ type: 'takenBack', done });
  }

  #spend(): void {
    const { samples, frames } = this.#chunks.shift()!;
    this.#spent.push(samples);
    this.#taken += frames;
    this.#offset = 0;
  }

  #reply(reply: LaneReply, transfer: Transferable[] = []): void {
    this.#port.postMessage(reply, transfer);
  }
}
