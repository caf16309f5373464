import { BitReader } from './bit-reader.ts';

/** `long block 1 │ window type 16 = 0 │ transform type 16 = 0 │ mapping 8 < 64`, from its first bit to its last. */
const MODE_BITS = 41;

const MAX_MODES = 64;

/**
 * Whether each mode of a Vorbis setup header has long blocks ("Vorbis I specification" §4.2.4). The modes are its last field, behind
 * code books that take a decoder to be read; so they are read from the end, until a number in front of them says as many as there are.
 *
 *     … │ modes − 1 6 │ modes │ 1 │ zeros to the end of the byte      in a file each byte begins with its lowest bit
 *
 * Gives an empty list if there are none to be found.
 */
export function readVorbisModes(setup: Uint8Array): readonly boolean[] {
  const reader = new BitReader(() => new RangeError('the setup header ends'));
  reader.load(setup.slice().reverse()); // the last bit first
  while (reader.position < reader.end && !reader.flag());
  const long: boolean[] = [];
  let found: readonly boolean[] = [];
  while (long.length < MAX_MODES && reader.position + MODE_BITS + 6 <= reader.end) {
    const isMode = reader.bits(8) < 64 && reader.bits(16) === 0 && reader.bits(16) === 0;
    if (!isMode) break;
    long.unshift(reader.flag());
    const { position } = reader;
    if (reader.bits(6) + 1 === long.length) found = [...long];
    reader.position = position;
  }
  return found;
}
