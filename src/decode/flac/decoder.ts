import { crc16 } from '../../demux/flac-crc.ts';
import { FlacFrameHeader } from '../../demux/flac-frame.ts';
import { type FlacStreamInfo, streamInfoOf } from '../../demux/flac-stream-info.ts';
import type { CodecConfig } from '../../media.ts';
import type { DecodedFrames, PacketDecoder } from '../decoder.ts';
import { BitReader } from './bit-reader.ts';
import { brokenFrame } from './broken-frame.ts';
import { decorrelate, decorrelateWide } from './decorrelation.ts';
import { SubframeReader } from './subframe.ts';

/** 1 / 2^(bits − 1), by bits. A table, because V8 computes a power that feeds a loop anew in every turn of it. */
const FULL_SCALE = Float64Array.from({ length: 33 }, (_, bits) => 2 ** (1 - bits));

/**
 * FLAC (RFC 9639): 4 to 32 bits, 1 to 8 channels; rate, channels and bits may change from frame to frame.
 * Bytes behind the frame in a packet are ignored.
 */
export class FlacDecoder implements PacketDecoder {
  readonly #streamInfo: Pick<FlacStreamInfo, 'sampleRate' | 'bits'>;
  readonly #header = new FlacFrameHeader();
  readonly #reader = new BitReader();
  readonly #subframes = new SubframeReader(this.#reader);
  readonly #samples: Int32Array[] = [];
  readonly #planes: Float32Array[] = [];
  readonly #decoded = { planes: this.#planes, frames: 0, channels: 0, sampleRate: 0 };
  /** The 33-bit side channel of 32-bit stereo. */
  #side = new Float64Array(0);
  #bits = 0;

  /** @param config Its description may be empty: frames that leave rate or bits to STREAMINFO then use `sampleRate`, or fail. */
  constructor(config: CodecConfig) {
    this.#streamInfo = streamInfoOf(config.description) ?? { sampleRate: config.sampleRate, bits: 0 };
  }

  /** The integers of the frame decoded last, one plane per channel, of which the first `frames` entries count; lent like the result. */
  get samples(): readonly Int32Array[] {
    return this.#samples;
  }

  /** Width of {@link samples}. */
  get bits(): number {
    return this.#bits;
  }

  decode(data: Uint8Array): DecodedFrames {
    const header = this.#header;
    if (!header.parse(data, 0)) throw brokenFrame('no frame header');
    this.#bits = header.bits || this.#streamInfo.bits;
    if (this.#bits === 0) throw brokenFrame('the sample size is not known');
    this.#makeRoom(header.channels, header.blockSize);
    this.#reader.load(data);
    this.#reader.position = header.length * 8;
    this.#readSubframes();
    this.#checkFooter();
    this.#scale();
    this.#decoded.frames = header.blockSize;
    this.#decoded.channels = header.channels;
    this.#decoded.sampleRate = header.sampleRate || this.#streamInfo.sampleRate;
    return this.#decoded;
  }

  /** Nothing to forget: every frame stands alone. */
  reset(): void {}

  #makeRoom(channels: number, blockSize: number): void {
    for (let c = 0; c < channels; c++) {
      if (this.#samples[c]?.length >= blockSize) continue;
      this.#samples[c] = new Int32Array(blockSize);
      this.#planes[c] = new Float32Array(blockSize);
    }
  }

  /** The side channel of stereo has one bit more than the others. */
  #readSubframes(): void {
    const { channels, blockSize, stereo } = this.#header;
    const sideChannel = stereo === 'independent' ? -1 : stereo === 'side-right' ? 0 : 1;
    const isWide = sideChannel >= 0 && this.#bits === 32;
    if (isWide && this.#side.length < blockSize) this.#side = new Float64Array(blockSize);
    for (let c = 0; c < channels; c++) {
      if (c !== sideChannel) this.#subframes.read(this.#samples[c], blockSize, this.#bits);
      else if (isWide) this.#subframes.readWide(this.#side, this.#samples[c], blockSize, 33);
      else this.#subframes.read(this.#samples[c], blockSize, this.#bits + 1);
    }
    if (isWide) decorrelateWide(stereo, this.#samples[0], this.#samples[1], this.#side, blockSize);
    else if (sideChannel >= 0) decorrelate(stereo, this.#samples[0], this.#samples[1], blockSize);
  }

  /** §9.3 */
  #checkFooter(): void {
    const end = this.#reader.alignToByte() + 2;
    this.#reader.require(16);
    if (crc16(this.#reader.bytes, 0, end) !== 0) throw brokenFrame('the CRC-16 does not match');
  }

  #scale(): void {
    for (let c = 0; c < this.#header.channels; c++)
      scale(this.#samples[c], this.#planes[c], this.#header.blockSize, FULL_SCALE[this.#bits]);
  }
}

function scale(samples: Int32Array, plane: Float32Array, frames: number, factor: number): void {
  for (let i = 0; i < frames; i++) plane[i] = samples[i] * factor;
}
