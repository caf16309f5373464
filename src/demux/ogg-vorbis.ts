import { OggHeaders } from './ogg-headers.ts';
import type { OggFormat, OggMapping } from './ogg-mapping.ts';
import { readVorbisModes } from './vorbis-modes.ts';

const IDENTIFICATION = 1;
const COMMENT = 3;
const SETUP = 5;

/** A header packet begins with its type and `vorbis` ("Vorbis I specification" §4.2.1). */
const HEADER_PREFIX_BYTES = 7;
const IDENTIFICATION_BYTES = 30;

/** Blocks have 64 to 8,192 samples (§4.2.2). */
const MIN_BLOCK_BITS = 6;
const MAX_BLOCK_BITS = 13;

/** Vorbis in Ogg: three headers, which have odd types; packets of sound begin with a bit 0. */
export class OggVorbis implements OggMapping {
  readonly #packets = new Map<number, Uint8Array>();
  readonly #headers = new OggHeaders();
  /** Whether each mode has long blocks. */
  #modes: readonly boolean[] = [];

  readHeader(packet: Uint8Array): boolean {
    if ((packet[0] & 1) === 0) return false;
    const [type] = packet;
    this.#packets.set(type, packet.slice());
    this.#headers.pass(packet, type === COMMENT ? 'comment' : undefined, HEADER_PREFIX_BYTES);
    if (type === SETUP) this.#modes = readVorbisModes(packet);
    return true;
  }

  /** `1 vorbis │ version 32 │ channels 8 │ rate 32le │ bit rates 3 × 32 │ short 4, long 4: log₂ of the block sizes │ 1` (§4.2.2) */
  describe(): OggFormat | undefined {
    const [identification, comment, setup] = [IDENTIFICATION, COMMENT, SETUP].map((type) => this.#packets.get(type));
    if (!identification || !comment || !setup || identification.length < IDENTIFICATION_BYTES || this.#modes.length === 0) return undefined;
    const view = new DataView(identification.buffer);
    const channels = view.getUint8(11);
    const sampleRate = view.getUint32(12, true);
    if (channels === 0 || sampleRate === 0 || sampleRate > 768_000) return undefined;
    const [short, long] = [identification[28] & 15, identification[28] >> 4];
    if (short < MIN_BLOCK_BITS || long < short || long > MAX_BLOCK_BITS) return undefined;
    return {
      config: { codec: 'vorbis', codecString: 'vorbis', sampleRate, channels, description: laced([identification, comment, setup]) },
      tags: this.#headers.tags,
      pictures: this.#headers.pictures,
      codecDelay: 0,
      // A block overlaps with the one before.
      prerollFrames: 2 ** long,
    };
  }

  /** §4.3.8: half of each of two neighbouring blocks overlap; the first block of all only begins to. */
  framesOf(packet: Uint8Array, previous: Uint8Array | undefined): number {
    const size = this.#blockSize(packet);
    const previousSize = previous ? this.#blockSize(previous) : 0;
    return size > 0 && previousSize > 0 ? (size + previousSize) / 4 : 0;
  }

  /** §4.3.1: a bit 0, then the number of the mode; least significant bit first. 0 for headers and damaged packets. */
  #blockSize(packet: Uint8Array): number {
    if (packet.length === 0 || packet[0] & 1) return 0;
    const modeBits = 32 - Math.clz32(this.#modes.length - 1);
    const isLong = this.#modes[(packet[0] >> 1) & ((1 << modeBits) - 1)];
    const sizes = this.#packets.get(IDENTIFICATION)?.[28] ?? 0;
    return isLong === undefined ? 0 : 2 ** (isLong ? sizes >> 4 : sizes & 15);
  }
}

/** The headers as one: how many but one, the sizes of all but the last, each in as many 255s as fit and the rest, then all of them. */
function laced(headers: readonly Uint8Array[]): Uint8Array {
  const sizes = headers.slice(0, -1).flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  const description = new Uint8Array(1 + sizes.length + headers.reduce((sum, { length }) => sum + length, 0));
  description.set([headers.length - 1, ...sizes]);
  let at = 1 + sizes.length;
  for (const header of headers) {
    description.set(header, at);
    at += header.length;
  }
  return description;
}
