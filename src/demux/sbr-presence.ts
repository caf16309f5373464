const FILL_ELEMENT = 6;
const END = 7;
/** extension_type of SBR data without and with a CRC (ISO/IEC 14496-3 §4.5.2.9.1). */
const SBR_DATA = 13;
const SBR_DATA_CRC = 14;
/** Bytes that a fill_element may hold: up to 14 in a count of 4 bits, up to 269 with 8 more. */
const MAX_SHORT_COUNT = 14;
const MAX_COUNT = 269;
/** Against blocks that are made of nothing but possible fill_elements. */
const MAX_BOUNDARIES = 64;

/**
 * True if a raw_data_block looks as if SBR data were among the fill_elements that it ends in, as in HE-AAC. Streams without an
 * AudioSpecificConfig tell it in no other way.
 *
 *     … | FIL:3 count:4 (+8) | extension_type:4 … | FIL … | END:3 | less than a byte
 *
 * Elements do not say their length in front, so this is read from the back. A block of plain AAC may look so by chance, one in 20 or so:
 * ask several.
 */
export function mayHoldSbr(block: Uint8Array): boolean {
  const total = block.length * 8;
  const boundaries = new Set<number>();
  for (let end = Math.max(0, total - 10); end <= total - 3; end++) if (bitsAt(block, end, 3) === END) boundaries.add(end);
  for (const end of boundaries) {
    for (let count = 0; count <= MAX_COUNT; count++) {
      const payload = end - 8 * count;
      const start = payload - (count <= MAX_SHORT_COUNT ? 7 : 15);
      if (start < 0) break;
      if (!isFill(block, start, count)) continue;
      const type = count > 0 ? bitsAt(block, payload, 4) : 0;
      if (type === SBR_DATA || type === SBR_DATA_CRC) return true;
      if (boundaries.size < MAX_BOUNDARIES) boundaries.add(start); // which the loop comes to later
    }
  }
  return false;
}

/**
 * id_syn_ele and element_instance_tag of what follows the SBR of each element but the last, which is for low frequencies and has none, by
 * channel_configuration (§1.6.3.4): after the single channel in front come pairs, numbered from 0.
 */
const BEHIND_SBR: Readonly<Record<number, readonly number[]>> = { 6: [0x10, 0x11, 0x30], 7: [0x10, 0x11, 0x12, 0x30] };

/** True if a raw_data_block of more channels has an element for low frequencies at its end, so that SBR can only be inside. */
export const hasInnerSbrOnly = (channelConfiguration: number): boolean => channelConfiguration in BEHIND_SBR;

/**
 * The same of a raw_data_block of which {@link hasInnerSbrOnly}: true if there seem to be fill_elements with SBR in it, in their order, each with
 * the element behind it that is due. The real thing always looks so, plain AAC in one block of 10 or so.
 */
export function mayHoldInnerSbr(block: Uint8Array, channelConfiguration: number): boolean {
  const due = BEHIND_SBR[channelConfiguration];
  const total = block.length * 8;
  let found = 0;
  for (let start = 0; start + 19 <= total && found < due.length; start++) {
    if (bitsAt(block, start, 3) !== FILL_ELEMENT) continue;
    const short = bitsAt(block, start + 3, 4);
    const isLong = short > MAX_SHORT_COUNT;
    const payload = start + (isLong ? 15 : 7);
    const type = bitsAt(block, payload, 4);
    if (type !== SBR_DATA && type !== SBR_DATA_CRC) continue;
    const end = payload + 8 * (isLong ? bitsAt(block, start + 7, 8) + MAX_SHORT_COUNT : short);
    if (end + 7 <= total && bitsAt(block, end, 7) === due[found]) found++;
  }
  return found === due.length;
}

function isFill(block: Uint8Array, start: number, count: number): boolean {
  if (bitsAt(block, start, 3) !== FILL_ELEMENT) return false;
  if (count <= MAX_SHORT_COUNT) return bitsAt(block, start + 3, 4) === count;
  return bitsAt(block, start + 3, 12) === (15 << 8) + count - MAX_SHORT_COUNT;
}

/** `count` bits of `block`, 1 to 17, from bit `at` on. */
function bitsAt(block: Uint8Array, at: number, count: number): number {
  const byte = at >> 3;
  const word = (block[byte] << 16) | ((block[byte + 1] ?? 0) << 8) | (block[byte + 2] ?? 0);
  return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1);
}
