import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import { type FrameFormat, SHORT_WINDOWS, type WindowFormat } from './frame-format.ts';

// window_sequence (ISO/IEC 14496-3 §4.6.11.2); 1 is LONG_START, which differs from ONLY_LONG only in what must follow it.
const ONLY_LONG = 0;
const EIGHT_SHORT = 2;
/** The long window after short ones, whose first slope is short. */
export const LONG_STOP = 3;

/** window_shape: 0 sine, 1 Kaiser-Bessel derived. */
export type WindowShape = 0 | 1;

/** The windows of one channel in the current frame, and what of the previous frame the overlap needs. */
export class IcsInfo {
  sequence = ONLY_LONG;
  shape: WindowShape = 0;
  previousShape: WindowShape = 0;
  window: WindowFormat;
  /** Scale factor bands that are transmitted, in each group. */
  maxBand = 0;
  /** Short windows come in groups that share scale factors; a long window is a group of one. */
  groups = 1;
  readonly windowsInGroup = new Uint8Array(SHORT_WINDOWS);

  constructor(format: FrameFormat) {
    this.window = format.long;
  }

  get isShort(): boolean {
    return this.sequence === EIGHT_SHORT;
  }

  /** Takes over the windows of the other channel of a pair (common_window). */
  copyFrom(other: IcsInfo): void {
    this.sequence = other.sequence;
    this.previousShape = this.shape;
    this.shape = other.shape;
    this.window = other.window;
    this.maxBand = other.maxBand;
    this.groups = other.groups;
    this.windowsInGroup.set(other.windowsInGroup);
  }
}

/**
 * Reads ics_info() (§4.4.2.1, Table 4.6):
 *
 *     reserved:1 window_sequence:2 window_shape:1 | short: max_sfb:4 scale_factor_grouping:7 | long: max_sfb:6 predictor_data_present:1
 */
export function readIcsInfo(bits: BitReader, info: IcsInfo, format: FrameFormat): void {
  bits.skip(1);
  info.sequence = bits.bits(2);
  info.previousShape = info.shape;
  info.shape = bits.bits(1) as WindowShape;
  info.groups = 1;
  info.windowsInGroup[0] = 1;
  if (info.isShort) {
    info.window = format.short;
    info.maxBand = bits.bits(4);
    readGrouping(bits, info);
  } else {
    info.window = format.long;
    info.maxBand = bits.bits(6);
    if (bits.flag()) throw brokenPacket('prediction, which AAC-LC has not');
  }
  if (info.maxBand >= info.window.bands.length) throw brokenPacket('max_sfb');
}

/** Each of the 7 bits says whether the next short window joins the group before it. */
function readGrouping(bits: BitReader, info: IcsInfo): void {
  for (let window = 1; window < SHORT_WINDOWS; window++) {
    if (bits.flag()) info.windowsInGroup[info.groups - 1]++;
    else info.windowsInGroup[info.groups++] = 1;
  }
}
