import { boxesWithin, fieldsOf, findBox, type HeldBox, malformed, payloadStart } from './boxes.ts';

/** What an `esds` box says of the stream (ISO 14496-1 §7.2.6.5, -14 §5.6). */
export interface ElementaryStream {
  /** objectTypeIndication: 0x40 = MPEG-4 audio, 0x69 and 0x6b = MPEG-2 and MPEG-1 audio, … */
  readonly objectType: number;
  /** Bits per second; 0 when not said. */
  readonly averageBitRate: number;
  /** DecoderSpecificInfo: for AAC the AudioSpecificConfig; empty if there is none. */
  readonly specificInfo: Uint8Array;
  /** Byte offset of `specificInfo` in the resource. */
  readonly specificInfoOffset: number;
}

const ES_DESCRIPTOR = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC_INFO = 5;

/** The `esds` of a sample entry whose child boxes are `children`; QuickTime wraps it in a `wave`. */
export function findEsds(children: readonly HeldBox[]): HeldBox | undefined {
  const wave = findBox(children, 'wave');
  return findBox(children, 'esds') ?? (wave && findBox(boxesWithin(wave, 0), 'esds'));
}

/**
 * Walks the descriptors of an `esds`:
 *
 *     tag 8 | size 1–4 × (more:1 size:7) | …
 *     ES_Descriptor:           ES_ID 16 | dependsOn:1 url:1 ocr:1 priority:5 | [16] | [8 + url] | [16] | descriptors
 *     DecoderConfigDescriptor: objectType 8 | stream 8 | buffer 24 | max rate 32 | average rate 32 | descriptors
 *
 * mp4box reads them too, but allocates whatever size they claim.
 * @throws AulosError `media.malformed`.
 */
export function parseEsds(box: HeldBox): ElementaryStream {
  const view = fieldsOf(box, 4);
  let objectType: number | undefined;
  let averageBitRate = 0;
  for (let at = 4; at + 2 <= view.byteLength; ) {
    const tag = view.getUint8(at++);
    let size = 0;
    for (let i = 0, more = true; more && i < 4; i++) {
      if (at >= view.byteLength) throw malformed(payloadStart(box) + at, 'descriptor size');
      const byte = view.getUint8(at++);
      size = size * 128 + (byte & 0x7f);
      more = (byte & 0x80) !== 0;
    }
    if (size > view.byteLength - at) throw malformed(payloadStart(box) + at, 'descriptor size');
    if (tag === DECODER_SPECIFIC_INFO && objectType !== undefined) {
      const specificInfo = box.payload.subarray(at, at + size);
      return { objectType, averageBitRate, specificInfo, specificInfoOffset: payloadStart(box) + at };
    }
    if (tag === ES_DESCRIPTOR && size >= 3) {
      at += esHeaderSize(view, at);
    } else if (tag === DECODER_CONFIG && size >= 13) {
      objectType = view.getUint8(at);
      averageBitRate = view.getUint32(at + 9);
      at += 13;
    } else {
      at += size;
    }
  }
  if (objectType === undefined) throw malformed(box.start, 'esds without a decoder configuration');
  return { objectType, averageBitRate, specificInfo: new Uint8Array(0), specificInfoOffset: box.end };
}

function esHeaderSize(view: DataView, at: number): number {
  const flags = view.getUint8(at + 2);
  let size = 3 + (flags & 0x80 ? 2 : 0);
  if (flags & 0x40) size += 1 + (at + size < view.byteLength ? view.getUint8(at + size) : 0);
  return size + (flags & 0x20 ? 2 : 0);
}
