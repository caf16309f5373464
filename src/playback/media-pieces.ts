import { frameSpan } from '../decode/gapless.ts';
import type { CodecConfig, Packet } from '../media.ts';
import { MediaFrames } from './media-frames.ts';
import type { MediaLane, Splice } from './media-lane.ts';
import { MediaSegments } from './media-segments.ts';
import type { Track } from './track.ts';

/** What a Media Source is given one after the other. */
export type Piece =
  | ({ readonly type: 'splice' } & Splice)
  /** `until`: second of the run up to which it sounds. */
  | { readonly type: 'segment'; readonly bytes: Uint8Array<ArrayBuffer>; readonly until: number };

/** Sound in the first segment, seconds: what the first sound waits for, and no more. */
const FIRST_SEGMENT_SECONDS = 0.25;
/** Sound in the ones after it. */
const SEGMENT_SECONDS = 1;

/** The byte stream format in which packets are their own headers. */
const MPEG = 'audio/mpeg';
/** Frames that browsers cut off at the beginning of MPEG audio on their own: the delay of every decoder of layer III. */
const MPEG_DECODER_DELAY = 529;

/**
 * The packets of `track` from second `start` up to `end`, written for a Media Source. `at` is the second of the run at which `start` lies; undefined
 * for the first track of a run, whose own seconds those of the run are: there the splice tells where it really begins. Encoder delay, padding and
 * pre-roll are left to the splice. MPEG-TS needs no other way: its packets are those of ADTS and MP3.
 */
export async function* mediaPieces(
  track: Track,
  { start, end, at }: { readonly start: number; readonly end: number | undefined; readonly at: number | undefined },
  types: MediaLane['types'],
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const { info } = track;
  const { sampleRate } = info.config;
  const span = frameSpan(info, start, end);
  const endFrame = span.end + info.encoderDelay;
  /** Frame of the decoded timeline that is heard first, and its second of the run. */
  let origin: { readonly frame: number; readonly at: number } | undefined;
  const timeOf = (frame: number) => origin!.at + (frame - origin!.frame) / sampleRate;

  let config: CodecConfig = info.config;
  let writer: MediaSegments | MediaFrames | undefined;
  let heardFrom = 0;
  let batch: Packet[] = [];
  let batchEnd = 0;
  let enough = FIRST_SEGMENT_SECONDS;

  const write = function* (): Generator<Piece> {
    const isNew = !writer;
    const mimeType = types[config.codecString];
    writer ??= mimeType === MPEG ? new MediaFrames() : new MediaSegments(config);
    if (isNew) {
      const offset = mimeType === MPEG ? timeOf(batch[0].timestamp + MPEG_DECODER_DELAY) : timeOf(0);
      yield {
        type: 'splice',
        mimeType,
        init: writer.init(),
        timestampOffset: offset,
        start: timeOf(heardFrom),
        end: timeOf(endFrame),
      };
    }
    const lag = isNew && at !== undefined ? lagOf(batch, heardFrom) : 0;
    const bytes = writer instanceof MediaFrames ? writer.fragment(batch) : writer.fragment(batch, lag);
    yield { type: 'segment', bytes, until: timeOf(Math.max(heardFrom, Math.min(batchEnd, endFrame))) };
    batch = [];
  };

  for await (const packet of track.packets({ start, end, signal })) {
    if (!origin) {
      heardFrom = span.start === 0 ? info.encoderDelay : Math.max(span.start + info.encoderDelay, packet.timestamp);
      origin = { frame: heardFrom, at: at ?? (heardFrom - info.encoderDelay) / sampleRate };
    } else if (packet.config || packet.timestamp !== batchEnd) {
      if (batch.length > 0) yield* write();
      if (packet.config) heardFrom = Math.max(heardFrom, batchEnd); // what primes its decoder lies before the end of the last stream
      if (packet.config || writer instanceof MediaFrames) writer = undefined;
    }
    config = packet.config ?? config;
    batch.push(packet);
    batchEnd = packet.timestamp + packet.duration;
    if (batchEnd - Math.max(heardFrom, batch[0].timestamp) < enough * sampleRate) continue;
    enough = SEGMENT_SECONDS;
    yield* write();
  }
  if (batch.length > 0) yield* write();
}

/**
 * Frames by which `packets`, heard from `heardFrom` on, are to be decoded late. Firefox (ESR 153), where it has read all there was, goes on with the
 * first packet whose decode time, plus what is left of its duration, lies behind the end of the last one. Of MP3 more is cut off the first packet
 * than is left, so that with its own time it would be passed over, and the one after it decoded without it.
 */
function lagOf(packets: readonly Packet[], heardFrom: number): number {
  const first = packets.find(({ timestamp, duration }) => timestamp + duration > heardFrom);
  const cut = first ? heardFrom - first.timestamp : 0;
  return first && 2 * cut >= first.duration ? cut : 0;
}
