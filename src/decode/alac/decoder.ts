import { BitReader } from '../../demux/bit-reader.ts';
import type { CodecConfig } from '../../media.ts';
import type { DecodedFrames, PacketDecoder } from '../decoder.ts';
import { type Steps, takeAll } from '../steps.ts';
import { brokenPacket } from './broken-packet.ts';
import { ElementReader } from './element.ts';
import { type AlacConfig, parseSpecificConfig } from './specific-config.ts';

/** What an element holds, by its 3-bit tag; the names are those of AAC, whose packets are framed alike. */
const SINGLE = 0;
const PAIR = 1;
const LOW_FREQUENCY = 3;
const DATA = 4;
const FILL = 6;
const END = 7;

/**
 * The planes that the elements of a packet go to, by channel count: ALAC has centre, front pair, rear pair, …, low frequencies; ours, as
 * in WAV, are left, right, centre, low frequencies, rear pair, ….
 */
const PLANES: readonly (readonly number[])[] = [
  [],
  [0],
  [0, 1],
  [2, 0, 1],
  [2, 0, 1, 3],
  [2, 0, 1, 3, 4],
  [2, 0, 1, 4, 5, 3],
  [2, 0, 1, 4, 5, 6, 3],
  [2, 6, 7, 0, 1, 4, 5, 3],
];

/** Apple Lossless: 16, 20, 24 and 32 bits, 1 to 8 channels. */
export class AlacDecoder implements PacketDecoder {
  readonly #config: AlacConfig;
  readonly #reader = new BitReader(() => brokenPacket('it ends within a field'));
  readonly #elements: ElementReader;
  readonly #samples: readonly Int32Array[];
  readonly #decoded: { planes: Float32Array[]; frames: number; channels: number; sampleRate: number };

  /** @throws AulosError `media.unsupported`. */
  constructor(config: CodecConfig) {
    this.#config = parseSpecificConfig(config);
    const { channels, framesPerPacket, sampleRate } = this.#config;
    this.#elements = new ElementReader(this.#reader, this.#config);
    this.#samples = Array.from({ length: channels }, () => new Int32Array(framesPerPacket));
    const planes = Array.from({ length: channels }, () => new Float32Array(framesPerPacket));
    this.#decoded = { planes, frames: 0, channels, sampleRate };
  }

  /** The integers of the packet decoded last, one plane per channel, of which the first `frames` entries count; lent like the result. */
  get samples(): readonly Int32Array[] {
    return this.#samples;
  }

  /** Width of {@link samples}. */
  get bits(): number {
    return this.#config.bits;
  }

  decode(data: Uint8Array): DecodedFrames {
    return takeAll(this.decodeInSteps(data));
  }

  *decodeInSteps(data: Uint8Array): Steps<DecodedFrames> {
    this.#reader.load(data);
    this.#decoded.frames = yield* this.#readElements();
    const toFullScale = 2 ** (1 - this.#config.bits);
    for (const [channel, plane] of this.#decoded.planes.entries()) scale(this.#samples[channel], plane, this.#decoded.frames, toFullScale);
    return this.#decoded;
  }

  /** Nothing to forget: every packet stands alone. */
  reset(): void {}

  /** `tag 3 │ element`, until the tag of the end or, as some encoders leave it out, until there are all channels. Gives the frames. */
  *#readElements(): Steps<number> {
    const { channels } = this.#config;
    let frames = 0;
    for (let channel = 0; channel < channels; ) {
      const tag = this.#reader.bits(3);
      if (tag === SINGLE || tag === PAIR || tag === LOW_FREQUENCY) {
        const planes = this.#planesFrom(channel, tag === PAIR ? 2 : 1);
        const length = yield* this.#elements.read(planes);
        if (channel > 0 && length !== frames) throw brokenPacket('its channels differ in length');
        frames = length;
        channel += planes.length;
      } else if (tag === DATA) this.#skipData();
      else if (tag === FILL) this.#skipFill();
      else if (tag === END) throw brokenPacket(`it has ${channel} channels, not ${channels}`);
      else throw brokenPacket(`an element with tag ${tag}`);
    }
    return frames;
  }

  #planesFrom(channel: number, count: number): Int32Array[] {
    const { channels } = this.#config;
    if (channel + count > channels) throw brokenPacket(`it has more than ${channels} channels`);
    return PLANES[channels].slice(channel, channel + count).map((plane) => this.#samples[plane]);
  }

  /** `instance 4 │ aligned 1 │ bytes 8, and 8 more if they are 255 │ data` */
  #skipData(): void {
    const reader = this.#reader;
    reader.bits(4);
    const isAligned = reader.flag();
    const bytes = reader.bits(8);
    const more = bytes === 255 ? reader.bits(8) : 0;
    if (isAligned) reader.align();
    reader.skip((bytes + more) * 8);
  }

  /** `bytes 4, and 8 more, less one, if they are 15 │ data` */
  #skipFill(): void {
    const bytes = this.#reader.bits(4);
    const more = bytes === 15 ? this.#reader.bits(8) - 1 : 0;
    this.#reader.skip((bytes + more) * 8);
  }
}

function scale(samples: Int32Array, plane: Float32Array, frames: number, factor: number): void {
  for (let i = 0; i < frames; i++) plane[i] = samples[i] * factor;
}
