import type { ByteSource, SourceReader } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { FrameIndex, Landmark } from './frame-index.ts';
import { type ConstantRate, isOnGrid } from './mp3-constant-rate.ts';
import type { Mp3Layout } from './mp3-layout.ts';
import { HEADER_BYTES, sideInfoBytes } from './mpeg-audio-header.ts';
import { filterPreroll, mpegAudioPackets } from './mpeg-audio-packets.ts';
import { type FoundFrame, findFrame } from './mpeg-audio-sync.ts';
import { isInReach, JUDGED_BYTES, type NumberedPacket, numbered, PacketRates, type Probe, searchByRates } from './packet-rates.ts';

/** Where the file turns out to end early, the search goes back by this and then by twice as much each time. */
const STEP_BACK_BYTES = 16_384;

/** Frames past the last landmark that are counted rather than guessed. */
const WALKED_FRAMES = 64;

/** Places apart from the head and from each other that must be on its grid for a constant rate that no tag declares to be believed. */
const WITNESSES = 2;

/** A frame that is about to be read. */
interface FoundPlace {
  readonly frame: FoundFrame;
  readonly offset: number;
  /** At `offset`. */
  readonly reader: ByteReader;
}

/** Finds frames of MPEG audio by number. */
export class Mp3Seeker {
  readonly #source: ByteSource & Partial<Pick<SourceReader, 'tryRead'>>;
  readonly #layout: Mp3Layout;
  readonly #index: FrameIndex;
  readonly #rates = new PacketRates();
  /** Where frames stood as a constant rate has them. */
  readonly #witnesses: number[] = [];
  #constant: ConstantRate | undefined;

  constructor(source: ByteSource & Partial<Pick<SourceReader, 'tryRead'>>, layout: Mp3Layout, index: FrameIndex) {
    this.#source = source;
    this.#layout = layout;
    this.#index = index;
    this.#constant = layout.constant;
    this.#rates.note({ offset: layout.audioStart, bytesPerPacket: layout.meanFrameBytes });
  }

  /**
   * A frame from which frame number `frame` can be decoded, as near to it as may be: counted to where the index reaches, computed in a
   * constant bit rate, else looked up in the tag's table, else by the rate at which frames come.
   */
  async find(frame: number, signal: AbortSignal): Promise<NumberedPacket> {
    const { audioStart, stream, tag } = this.#layout;
    const { samples } = stream.header;
    const first = Math.max(0, frame - this.#mostPreroll());
    const start = { offset: audioStart, timestamp: 0 };
    const landmark = this.#index.before(first * samples, WALKED_FRAMES * samples);
    const known = landmark ?? (first <= WALKED_FRAMES ? start : undefined);
    if (known) return this.#walk(known, frame, signal);
    const computed = this.#constant && (await this.#compute(first, this.#constant, signal));
    if (computed) return computed;
    if (tag?.seekTable) return this.#lookUp(first, signal);
    const from = this.#index.last ?? start;
    const anchor = numbered(from, samples);
    const way = { rates: this.#rates, anchor, end: this.#source.length ?? Infinity };
    if (isInReach(frame, way)) return this.#walk(from, frame, signal);
    const probe = (offset: number) => this.#judge(offset, anchor.offset, signal);
    const head = await this.#source.tryRead?.({ start: audioStart, end: audioStart + JUDGED_BYTES });
    const seen = head && (await this.#judge(audioStart, 0, signal));
    if (seen) this.#rates.note(seen);
    return searchByRates(first, { ...way, probe });
  }

  /** Counts to frame `frame`, and goes back by as many as its main data reaches. */
  async #walk(from: Landmark, frame: number, signal: AbortSignal): Promise<NumberedPacket> {
    const { stream, taggedEnd } = this.#layout;
    const { samples } = stream.header;
    const passed: NumberedPacket[] = [];
    const reader = new ByteReader(this.#source, signal, from.offset);
    let preroll = 0;
    for await (const packet of mpegAudioPackets(reader, stream, from.timestamp, taggedEnd)) {
      passed.push({ packet: packet.timestamp / samples, offset: packet.offset, error: 0 });
      preroll = packet.preroll;
      if (packet.timestamp + packet.duration > frame * samples) break;
    }
    return passed[Math.max(0, passed.length - 1 - preroll)] ?? { ...numbered(from, samples), error: 0 };
  }

  /** Undefined if it turns out that the rate is not constant. */
  async #compute(frame: number, constant: ConstantRate, signal: AbortSignal): Promise<NumberedPacket | undefined> {
    const { audioStart, tag } = this.#layout;
    // Padding may move a frame by a slot either way.
    const found = await this.#frameFrom(audioStart + Math.floor(frame * constant.frameBytes) - constant.slot, audioStart, signal);
    if (!found) return { packet: 0, offset: audioStart, error: 0 };
    const position = (found.offset - audioStart) / constant.frameBytes;
    const packet = Math.round(position);
    const isDue = Math.abs(position - packet) * constant.frameBytes <= 1.5 * constant.slot;
    const isTrue = isDue && found.frame.header.bitRate === this.#layout.stream.header.bitRate;
    if (isTrue && (tag?.isConstant || (await this.#isConfirmed(found.offset, constant, signal)))) {
      return { packet, offset: found.offset, error: 0 };
    }
    this.#constant = undefined;
    return undefined;
  }

  /** Asks other places of the file, first those at hand and then one in the network, whether frames are where they are due. */
  async #isConfirmed(offset: number, constant: ConstantRate, signal: AbortSignal): Promise<boolean> {
    const { audioStart, stream } = this.#layout;
    const length = (this.#source.length ?? 2 * offset - audioStart) - audioStart;
    const isApart = (place: number) => this.#witnesses.every((other) => Math.abs(other - place) > length / 16);
    if (isApart(offset)) this.#witnesses.push(offset);
    const spread = [0.5, 0.25, 0.75].map((part) => audioStart + part * length).filter(isApart);
    for (const isAtHand of [true, false]) {
      for (const place of spread) {
        if (this.#witnesses.length >= WITNESSES) return true;
        const frame = Math.floor((place - audioStart) / constant.frameBytes);
        const start = audioStart + Math.floor(frame * constant.frameBytes) - constant.slot;
        const range = { start, end: start + HEADER_BYTES + 2 * constant.slot };
        const bytes = isAtHand ? await this.#source.tryRead?.(range) : await this.#source.read(range, signal);
        if (bytes && !isOnGrid(bytes, stream)) return false;
        if (bytes) this.#witnesses.push(start);
      }
    }
    return this.#witnesses.length >= WITNESSES;
  }

  async #lookUp(frame: number, signal: AbortSignal): Promise<NumberedPacket> {
    const { audioStart, tag, tagOffset } = this.#layout;
    const table = tag!.seekTable!;
    const found = await this.#frameFrom(Math.max(audioStart, tagOffset + Math.floor(table.offsetOf(frame))), audioStart, signal);
    if (!found) return { packet: 0, offset: audioStart, error: 0 };
    const there = table.frameAt(found.offset - tagOffset);
    return { packet: Math.round(there.frame), offset: found.offset, error: there.error };
  }

  async #judge(offset: number, least: number, signal: AbortSignal): Promise<Probe | undefined> {
    const found = await this.#frameFrom(offset, least, signal);
    if (!found) return undefined;
    let frames = 0;
    let bytes = 0;
    for await (const { data } of mpegAudioPackets(found.reader, this.#layout.stream, 0)) {
      frames++;
      if ((bytes += data.length) >= JUDGED_BYTES) break;
    }
    return frames > 0 ? { offset: found.offset, bytesPerPacket: bytes / frames } : undefined;
  }

  /** The first frame at or after a byte, or, near the end, the nearest before it that is behind byte `least`. */
  async #frameFrom(offset: number, least: number, signal: AbortSignal): Promise<FoundPlace | undefined> {
    for (let step = STEP_BACK_BYTES; offset > least; offset -= step, step *= 2) {
      const reader = new ByteReader(this.#source, signal, offset);
      const frame = await findFrame(reader, this.#layout.stream);
      if (frame) return { frame, offset: reader.position, reader };
    }
    return undefined;
  }

  /**
   * Frames to decode before one to have it right. In layer III it overlaps with the one before (of MPEG-2: two), whose main data may begin 511 bytes (255
   * at the lower rates) of main data earlier, in frames of the smallest size that the stream may have.
   */
  #mostPreroll(): number {
    const { header } = this.#layout.stream;
    if (header.layer !== 3) return filterPreroll(header.layer);
    const reach = header.version === 1 ? 511 : 255;
    const lowestBitRate = header.version === 1 ? 32_000 : 8_000;
    const frameBytes = this.#constant?.frameBytes ?? (header.samples * lowestBitRate) / (8 * header.sampleRate);
    const mainDataBytes = Math.max(1, Math.floor(frameBytes) - HEADER_BYTES - (header.hasCrc ? 2 : 0) - sideInfoBytes(header));
    return Math.ceil(reach / mainDataBytes) + (header.version === 1 ? 1 : 2);
  }
}
