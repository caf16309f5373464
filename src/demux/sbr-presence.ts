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

/** id_syn_ele of the elements that follow SBR of another one: single channel, pair, low frequencies; and the tags that they have. */
const CHANNEL_ELEMENTS: ReadonlySet<number> = new Set([0, 1, 3]);
const MAX_TAG = 1;

/**
 * The same of a raw_data_block with more channels than a pair, in which each element has SBR behind it and the last, for low frequencies,
 * has none: true if there seems to be SBR of 15 bytes or more with a channel element behind it. Plain AAC looks so in up to 4 of 10
 * blocks, the real thing in more than 8.
 */
export function mayHoldInnerSbr(block: Uint8Array): boolean {
  const total = block.length * 8;
  for (let start = 0; start + 19 <= total; start++) {
    if (bitsAt(block, start, 7) !== (FILL_ELEMENT << 4) + 15) continue;
    const type = bitsAt(block, start + 15, 4);
    const end = start + 15 + 8 * (bitsAt(block, start + 7, 8) + MAX_SHORT_COUNT);
    if ((type !== SBR_DATA && type !== SBR_DATA_CRC) || end + 7 > total) continue;
    if (CHANNEL_ELEMENTS.has(bitsAt(block, end, 3)) && bitsAt(block, end + 3, 4) <= MAX_TAG) return true;
  }
  return false;
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
