import { AulosError } from '../errors.ts';
import type { Packet } from '../media.ts';
import type { ByteReader } from './byte-reader.ts';
import { skipForeignTag } from './foreign-tags.ts';
import { areOfOneStream, HEADER_BYTES, type MpegAudioHeader, parseMpegAudioHeader, sideInfoBytes } from './mpeg-audio-header.ts';
import { type FoundFrame, findFrame, frameBytes } from './mpeg-audio-sync.ts';

/**
 * Frames of `stream` from the cursor to the end of the resource, as packets; the first one begins at frame `timestamp` of the decoded
 * timeline. Tags and damaged stretches are skipped and take no time; a frame that the resource ends in is dropped. Joined files may go on
 * with a stream of another rate, whose frames count as they are. What follows
 * `taggedEnd` (decoded timeline, if the file's tag says where it ends) without being a frame is not searched.
 * @throws AulosError `media.malformed` when sound is missing and none is found within the search bound; what the source throws.
 */
export async function* mpegAudioPackets(
  reader: ByteReader,
  stream: FoundFrame,
  timestamp: number,
  taggedEnd?: number,
): AsyncGenerator<Packet> {
  const reach = new ReservoirReach();
  for (;;) {
    await reader.need(HEADER_BYTES);
    if (reader.available < HEADER_BYTES) return;
    const header = headerAtCursor(reader, stream);
    if (!header) {
      if (await skipForeignTag(reader)) continue;
      if (taggedEnd !== undefined && timestamp >= taggedEnd) return;
      const found = await findFrame(reader, stream);
      if (found) {
        stream = found;
        continue;
      }
      if (taggedEnd === undefined || reader.available < HEADER_BYTES) return;
      const details = { offset: reader.position, what: 'MPEG audio frame' };
      throw new AulosError('media.malformed', details, `no frame was found before byte ${reader.position}, though the file should go on`);
    }
    const size = frameBytes(header, stream.freeFormatSize);
    await reader.need(size);
    if (reader.available < size) return;
    const data = reader.bytes(size);
    yield { data, offset: reader.position, timestamp, duration: header.samples, join: true, preroll: reach.prerollOf(data, header) };
    timestamp += header.samples;
    reader.skip(size);
  }
}

/** Frames before one that still sound in it, the bit reservoir apart: the synthesis remembers 15 time slots, and layer I has 12 in a frame. */
export const filterPreroll = (layer: 1 | 2 | 3): number => (layer === 1 ? 2 : 1);

function headerAtCursor(reader: ByteReader, stream: FoundFrame): MpegAudioHeader | undefined {
  const word = reader.u32be();
  if (!areOfOneStream(word, stream.word)) return undefined;
  const header = parseMpegAudioHeader(word);
  return header && frameBytes(header, stream.freeFormatSize) > 0 ? header : undefined;
}

/** Bytes of main data in recent frames, to tell how many of them `main_data_begin` reaches back over. */
class ReservoirReach {
  /** A power of two that no legal reach exceeds: 511 bytes and frames with 8 bytes of main data or more. */
  readonly #sizes = new Uint16Array(64);
  #count = 0;
  #last = 0;
  #beforeLast = 0;

  /**
   * A frame overlaps with the granule before, whose output the synthesis remembers, which overlaps with the granule before that: one frame
   * of MPEG-1, two of MPEG-2. Each needs the frames that its main data began in.
   */
  prerollOf(frame: Uint8Array, header: MpegAudioHeader): number {
    if (header.layer !== 3) return filterPreroll(header.layer);
    const sideInfo = HEADER_BYTES + (header.hasCrc ? 2 : 0);
    let missing = header.version === 1 ? (frame[sideInfo] << 1) | (frame[sideInfo + 1] >> 7) : frame[sideInfo];
    let frames = 0;
    while (missing > 0 && frames < this.#sizes.length - 1) missing -= this.#sizes[(this.#count - ++frames) & (this.#sizes.length - 1)];
    this.#sizes[this.#count++ & (this.#sizes.length - 1)] = Math.max(0, frame.length - sideInfo - sideInfoBytes(header));
    const preroll = Math.max(frames, this.#last + 1, header.version === 1 ? 0 : this.#beforeLast + 2);
    this.#beforeLast = this.#last;
    this.#last = frames;
    return preroll;
  }
}
