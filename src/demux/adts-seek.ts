import type { ByteSource, SourceReader } from '../source/source.ts';
import { findAdtsFrame, readAdtsFrame } from './adts-frames.ts';
import type { AdtsHead } from './adts-head.ts';
import { ByteReader } from './byte-reader.ts';
import type { FrameIndex } from './frame-index.ts';
import { isInReach, JUDGED_BYTES, type NumberedPacket, numbered, type PacketRates, type Probe, searchByRates } from './packet-rates.ts';

/** Packets past the last landmark that are counted rather than guessed. */
const WALKED_PACKETS = 64;

/** Bytes to step back from an estimate past the last frame: as long as a frame can be, then double that, and so on. */
const STEP_BACK = 8_192;
const MAX_STEPS_BACK = 5;

/** Finds packets of an ADTS stream by number: exactly where packets have passed by, elsewhere by the rate at which they come. */
export class AdtsSeeker {
  readonly #source: ByteSource & Partial<Pick<SourceReader, 'tryRead'>>;
  readonly #head: AdtsHead;
  readonly #index: FrameIndex;
  readonly #rates: PacketRates;

  /** `rates` has been told of the head. */
  constructor(source: ByteSource, head: AdtsHead, index: FrameIndex, rates: PacketRates) {
    this.#source = source;
    this.#head = head;
    this.#index = index;
    this.#rates = rates;
  }

  /** Packet number `packet` or, where only guesses lead, one near it. */
  async find(packet: number, signal: AbortSignal): Promise<NumberedPacket> {
    const { packetFrames, start: firstOffset } = this.#head;
    const start = { timestamp: 0, offset: firstOffset };
    const landmark = this.#index.before(packet * packetFrames, WALKED_PACKETS * packetFrames);
    const known = landmark ?? (packet <= WALKED_PACKETS ? start : undefined);
    if (known) return this.#walk(numbered(known, packetFrames), packet, signal);
    const anchor = numbered(this.#index.last ?? start, packetFrames);
    if (anchor.packet > 0) {
      // What has passed is known for certain, and where it ends the rate goes on from its mean.
      this.#rates.note({ offset: anchor.offset, bytesPerPacket: (anchor.offset - start.offset) / anchor.packet });
    }
    const way = { rates: this.#rates, anchor, end: this.#source.length ?? Infinity };
    if (isInReach(packet, way)) return this.#walk(anchor, packet, signal);
    const probe = (offset: number) => this.#probe(offset, anchor.offset, signal);
    const head = await this.#source.tryRead?.({ start: start.offset, end: start.offset + JUDGED_BYTES });
    const seen = head && (await this.#probe(start.offset, 0, signal));
    if (seen) this.#rates.note(seen);
    return searchByRates(packet, { ...way, probe });
  }

  /** Counts packets from a known one on, at most to the last one. */
  async #walk(from: Omit<NumberedPacket, 'error'>, packet: number, signal: AbortSignal): Promise<NumberedPacket> {
    const reader = new ByteReader(this.#source, signal, from.offset);
    let found: NumberedPacket = { ...from, error: 0 };
    for (let i = from.packet; i <= packet; i++) {
      const frame = await readAdtsFrame(reader, this.#head.header);
      if (!frame) break;
      found = { packet: i, offset: frame.start, error: 0 };
    }
    return found;
  }

  async #probe(offset: number, least: number, signal: AbortSignal): Promise<Probe | undefined> {
    const { header } = this.#head;
    const reader = new ByteReader(this.#source, signal, offset);
    for (let step = 0; !(await findAdtsFrame(reader, header)); step++) {
      offset -= STEP_BACK << step;
      if (step === MAX_STEPS_BACK || offset <= least) return undefined;
      reader.seek(offset);
    }
    const first = reader.position;
    let packets = 0;
    while (reader.position - first < JUDGED_BYTES && (await readAdtsFrame(reader, header))) packets++;
    return packets > 0 ? { offset: first, bytesPerPacket: (reader.position - first) / packets } : undefined;
  }
}
