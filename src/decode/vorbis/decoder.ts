import type { CodecConfig } from '../../media.ts';
import { Imdct } from '../aac/imdct.ts';
import type { DecodedFrames, PacketDecoder } from '../decoder.ts';
import { type Breather, type Steps, takeAll, takeCalmly } from '../steps.ts';
import { vorbisOrder } from '../vorbis-order.ts';
import { BitReader } from './bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import { decouple } from './coupling.ts';
import { Overlap, Slopes } from './overlap.ts';
import { type Mapping, readSetup, type Setup } from './setup.ts';

/** What is decoded of one channel. */
interface Channel {
  readonly spectrum: Float64Array;
  readonly envelope: Float64Array;
  readonly overlap: Overlap;
}

/**
 * Decodes Vorbis I. A packet gives the frames between the middle of the block before and the middle of its own: none when there is no
 * block before.
 */
export class VorbisDecoder implements PacketDecoder {
  readonly #setup: Setup;
  readonly #reader = new BitReader();
  readonly #channels: readonly Channel[];
  readonly #planes: readonly Float32Array[];
  /** The planes in the order in which we give them. */
  readonly #ordered: readonly Float32Array[];
  /** Of short and of long blocks. */
  readonly #transforms: readonly [Imdct, Imdct];

  /** @throws AulosError `media.malformed`, `media.limit`. */
  static async create({ description }: CodecConfig, breathe: Breather): Promise<VorbisDecoder> {
    return new VorbisDecoder(await takeCalmly(readSetup(description), breathe));
  }

  constructor(setup: Setup) {
    this.#setup = setup;
    const { channels, blockSizes } = setup;
    const [short, long] = blockSizes;
    const slopes = new Slopes();
    this.#channels = Array.from({ length: channels }, () => ({
      spectrum: new Float64Array(long / 2),
      envelope: new Float64Array(long / 2),
      overlap: new Overlap(slopes, long),
    }));
    this.#planes = Array.from({ length: channels }, () => new Float32Array(long / 2));
    this.#ordered = vorbisOrder(channels).map((channel) => this.#planes[channel]);
    this.#transforms = [transformOf(short), transformOf(long)];
  }

  decode(data: Uint8Array): DecodedFrames {
    return takeAll(this.decodeInSteps(data));
  }

  *decodeInSteps(data: Uint8Array): Steps<DecodedFrames> {
    try {
      return yield* this.#decode(data);
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  reset(): void {
    for (const { overlap } of this.#channels) overlap.forget();
  }

  /** `sound 1 = 0 │ mode │ if long: block before is long 1, block behind is long 1 │ floors │ residues` (§4.3) */
  *#decode(data: Uint8Array): Steps<DecodedFrames> {
    const { modes, blockSizes, channels, sampleRate } = this.#setup;
    const reader = this.#reader;
    reader.load(data);
    if (data.length === 0 || reader.flag()) throw brokenPacket('it holds no sound');
    const mode = modes[reader.bits(32 - Math.clz32(modes.length - 1))];
    if (!mode) throw brokenPacket('an unknown mode');
    if (mode.isLong) reader.skip(2); // the blocks themselves tell
    const lines = blockSizes[mode.isLong ? 1 : 0] / 2;
    this.#readSpectra(mode.mapping, lines);
    const transform = this.#transforms[mode.isLong ? 1 : 0];
    yield;
    let frames = 0;
    for (const [c, { spectrum, overlap }] of this.#channels.entries()) {
      transform.run(spectrum, 0);
      frames = overlap.join(spectrum, lines, this.#planes[c]);
      yield;
    }
    return { planes: this.#ordered, frames, channels, sampleRate };
  }

  /** Residues, decoupled, under their envelopes. */
  #readSpectra({ couplings, submaps, submapOf }: Mapping, lines: number): void {
    const channels = this.#channels;
    const hasFloor = channels.map(({ envelope }, c) => submaps[submapOf[c]].floor.read(this.#reader, envelope, lines));
    const isWanted = [...hasFloor];
    for (const { magnitude, angle } of couplings) {
      if (isWanted[magnitude] || isWanted[angle]) isWanted[magnitude] = isWanted[angle] = true;
    }
    for (const { spectrum } of channels) spectrum.fill(0, 0, lines);
    for (const [index, { residue }] of submaps.entries()) {
      const ours = channels.filter((_, c) => submapOf[c] === index).map(({ spectrum }) => spectrum);
      const wanted = isWanted.filter((_, c) => submapOf[c] === index);
      residue.read(this.#reader, ours, wanted, lines);
    }
    for (let i = couplings.length - 1; i >= 0; i--) {
      const { magnitude, angle } = couplings[i];
      decouple(channels[magnitude].spectrum, channels[angle].spectrum, lines);
    }
    for (const [c, { spectrum, envelope }] of channels.entries()) {
      if (!hasFloor[c]) spectrum.fill(0, 0, lines);
      else for (let i = 0; i < lines; i++) spectrum[i] *= envelope[i];
    }
  }
}

/** The transform of a block is not scaled (§4.3.7 leaves it to the encoder). */
const transformOf = (blockSize: number): Imdct => new Imdct(blockSize / 2, 2 / blockSize);
