/**
 * The way of the PCM from the worker to the audio thread. A lane has two ends: the {@link LaneSender} in the worker and the
 * {@link LaneFeed} in the worklet. There are two kinds, alike in what they promise: `port-lane.ts` and `ring-lane.ts`.
 *
 * Frames of an epoch follow each other without gaps, planar, in the rate and number of channels of the output.
 */

/** One end of a lane, as the main thread hands it out: the worker and the worklet get the two ports of one channel. */
export interface LaneEnd {
  readonly port: MessagePort;
  /** Present: the frames go through this ring, and the port only carries words. */
  readonly ring?: SharedArrayBuffer;
}

/** An output of the page, as it is offered to the worker. */
export interface OutputLane {
  readonly lane: LaneEnd;
  /** Hz, of the AudioContext. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Rate that the context was made for, when the browser did not give it: the sink resamples. */
  readonly forSampleRate: number;
}

/** True if sound of this format may go to `output` as it is. The page and the worker decide alike, so no word is needed between them. */
export const suits = (output: OutputLane, sampleRate: number, channels: number): boolean =>
  output.forSampleRate === sampleRate && output.channels >= channels;

/** The worker's end. */
export interface LaneSender {
  /** Frames that may be written now. */
  readonly room: number;
  /** Copies `frames` (at most `room`) frames from index `start` on; `timestampUs` is the media time of the first. */
  write(planes: readonly Float32Array[], start: number, frames: number, timestampUs: number): void;
  /** Voids what was not heard yet and begins `epoch`. */
  flush(epoch: number): void;
  /** Says that the epoch has no more frames. */
  complete(): void;
  /** Takes the last `frames` frames of the epoch back; resolves with false, and nothing has changed, when some are heard already. */
  takeBack(frames: number): Promise<boolean>;
}

/** The worklet's end. Nothing in it waits. */
export interface LaneFeed {
  /** Epoch of the next frame. */
  readonly epoch: number;
  /** Media time of the next frame, seconds; NaN before the epoch's first frame is there. */
  readonly position: number;
  /** Frames that can be read now. */
  readonly queued: number;
  /** True once every frame of the epoch is queued or read. */
  readonly isComplete: boolean;
  /** Fills `planes` from their start and gives the frames read; fewer than their length when there are no more. */
  read(planes: readonly Float32Array[]): number;
  /** Gives room back to the sender; called some 25 times a second. */
  settle(): void;
  /** Tells the sender that everything of `epoch` has been played. */
  finish(epoch: number): void;
}

/** From the worklet to the sender. */
export type LaneReply =
  /** Room was made: `frames` were played or voided; the buffers of a port lane come back to be filled again. */
  | { readonly type: 'taken'; readonly frames: number; readonly buffers: ArrayBuffer[] }
  /** Every frame of `epoch` has been played. */
  | { readonly type: 'ended'; readonly epoch: number }
  /** The frames that were asked for were taken back, or not. */
  | { readonly type: 'takenBack'; readonly done: boolean };

/** Longest time that is queued in the worklet, seconds: a worker that is held up for that long is not heard. */
const DEPTH_SECONDS = 10;
/** Most memory for it, bytes, so that with the engine's share a track stays below 4 MiB. */
const DEPTH_BYTES = 3 * 2 ** 20;

/** Frames that a lane holds. */
export const laneFrames = (sampleRate: number, channels: number): number =>
  Math.floor(Math.min(DEPTH_SECONDS * sampleRate, DEPTH_BYTES / (4 * channels)));
