import type { BitReader } from '../../demux/bit-reader.ts';
import type { Steps } from '../steps.ts';
import { Channel } from './channel.ts';
import type { ElementSlot } from './channel-layout.ts';
import type { FilterBank } from './filter-bank.ts';
import type { FrameFormat } from './frame-format.ts';
import { readIcsInfo } from './ics-info.ts';
import type { NoiseGenerator } from './noise.ts';
import { applyStereo, StereoMask } from './stereo.ts';

/** What the channel elements of a stream share. */
export interface DecodingTools {
  readonly format: FrameFormat;
  readonly filterBank: FilterBank;
  readonly noise: NoiseGenerator;
  readonly planes: readonly Float32Array[];
}

/** One or two channels that come together in each packet. */
export class ChannelElement {
  readonly slot: ElementSlot;
  /** The current packet has had it. */
  isDecoded = false;
  readonly #tools: DecodingTools;
  readonly #channels: readonly Channel[];
  readonly #mask = new StereoMask();

  constructor(slot: ElementSlot, tools: DecodingTools) {
    this.slot = slot;
    this.#tools = tools;
    this.#channels = slot.planes.map(() => new Channel(tools.format));
  }

  /** Reads and decodes the element from behind its tag. */
  *decode(bits: BitReader): Steps<void> {
    if (this.slot.kind === 'pair') yield* this.#readPair(bits);
    else this.#channels[0].read(bits, false, this.#tools.noise);
    for (let i = 0; i < this.#channels.length; i++) {
      yield;
      this.#channels[i].synthesise(this.#tools.filterBank, this.#tools.planes[this.slot.planes[i]]);
    }
    this.isDecoded = true;
    yield;
  }

  /** Gives silence in a packet that does not have the element. */
  silence(): void {
    for (const plane of this.slot.planes) this.#tools.planes[plane].fill(0);
    this.reset();
  }

  reset(): void {
    for (const channel of this.#channels) channel.reset();
  }

  /**
   * Reads channel_pair_element() (ISO/IEC 14496-3 §4.4.2.1, Table 4.5):
   *
   *     common_window:1 | common: ics_info ms_mask | channel stream, channel stream
   */
  *#readPair(bits: BitReader): Steps<void> {
    const [left, right] = this.#channels;
    const { format, noise } = this.#tools;
    const hasCommonWindow = bits.flag();
    if (hasCommonWindow) {
      readIcsInfo(bits, left.info, format);
      right.info.copyFrom(left.info);
      this.#mask.read(bits, left.info);
    }
    left.read(bits, hasCommonWindow, noise);
    yield;
    right.read(bits, hasCommonWindow, noise);
    if (hasCommonWindow) applyStereo(left, right, this.#mask);
  }
}
