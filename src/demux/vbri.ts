import { SeekTable } from './mp3-seek-table.ts';
import type { Mp3Tag } from './xing.ts';

/** Where the tag stands in its frame, whatever the size of the side information. */
const START = 36;

const VBRI = 0x56425249;

/**
 * Parses the tag of Fraunhofer's encoders in `frame`:
 *
 *     "VBRI" | version: 2 | delay: 2 | quality: 2 | bytes: 4 | frames: 4 | entries: 2 | scale: 2 | entry size: 2 | frames per entry: 2 | table
 *
 * Its delay is not one that players trim. An entry is the bytes, divided by the scale, that its frames take.
 */
export function parseVbri(frame: Uint8Array): Mp3Tag | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < START + 26 || view.getUint32(START) !== VBRI) return undefined;
  const bytes = view.getUint32(START + 10) || undefined;
  const frames = view.getUint32(START + 14) || undefined;
  const seekTable = bytes && frames ? tableOf(view, frames, bytes) : undefined;
  return { kind: 'vbri', isConstant: false, frames, bytes, encoderDelay: 0, padding: 0, seekTable };
}

function tableOf(view: DataView, frames: number, bytes: number): SeekTable | undefined {
  const scale = view.getUint16(START + 20);
  const width = view.getUint16(START + 22);
  const framesPerEntry = view.getUint16(START + 24);
  const entries = Math.min(view.getUint16(START + 18), Math.floor((view.byteLength - START - 26) / Math.max(1, width)));
  if (width < 1 || width > 4 || scale === 0 || framesPerEntry === 0) return undefined;
  const at = [0];
  const offsets = [0];
  for (let i = 0, offset = 0; i < entries; i++) {
    for (let k = 0, size = 0; k < width; k++) {
      size = size * 256 + view.getUint8(START + 26 + i * width + k);
      if (k === width - 1) offset += size * scale;
    }
    const frame = (i + 1) * framesPerEntry;
    if (frame >= frames || offset >= bytes) break;
    at.push(frame);
    offsets.push(offset);
  }
  return new SeekTable([...at, frames], [...offsets, bytes], scale * at.length);
}
