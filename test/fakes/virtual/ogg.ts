import { execFileSync } from 'node:child_process';
import { bytes } from '../mp4-boxes.ts';
import { FLAC_BLOCK, FLAC_RATE, flacFrame, flacFrameBytes, flacStreamInfo } from './flac.ts';
import { concatenate, loudness, stamp, stamped, type VirtualTrack } from './track.ts';

/** One codec in Ogg. */
interface Stream {
  readonly headers: readonly Uint8Array[];
  readonly sampleRate: number;
  readonly packetFrames: number;
  readonly encoderDelay: number;
  readonly packetsPerPage: number;
  sizeOf(packet: number): number;
  render(packet: number, size: number): Uint8Array;
}

const music = (packet: number) => 100 + Math.round(400 * loudness(packet));

/** Opus of 20 ms packets, a second a page. Decodes to noise. */
export const virtualOpus = (seconds: number): VirtualTrack =>
  paged('Ogg Opus', seconds, {
    headers: [
      bytes('OpusHead', Uint8Array.of(1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0)),
      bytes('OpusTags', Uint8Array.of(1, 0, 0, 0), 'x', new Uint8Array(4)),
    ],
    sampleRate: 48_000,
    packetFrames: 960,
    encoderDelay: 0x138,
    packetsPerPage: 50,
    sizeOf: music,
    render: (i, size) => stampedPacket(0xfc, i * 960, size), // CELT, full band, 20 ms, stereo, one frame
  });

/** FLAC in Ogg, a block a page. */
export const virtualOggFlac = (seconds: number): VirtualTrack =>
  paged('Ogg FLAC', seconds, {
    headers: [
      bytes(
        Uint8Array.of(0x7f),
        'FLAC',
        Uint8Array.of(1, 0, 0, 1),
        'fLaC',
        Uint8Array.of(0, 0, 0, 34),
        flacStreamInfo(Math.ceil((seconds * FLAC_RATE) / FLAC_BLOCK) * FLAC_BLOCK),
      ),
      bytes(Uint8Array.of(0x84, 0, 0, 8), new Uint8Array(8)),
    ],
    sampleRate: FLAC_RATE,
    packetFrames: FLAC_BLOCK,
    encoderDelay: 0,
    packetsPerPage: 1,
    sizeOf: flacFrameBytes,
    render: flacFrame,
  });

/** Vorbis of long blocks only, about a second a page. Its headers, which hold the code books, are those of ffmpeg; no decoder likes the rest. */
export function virtualVorbis(seconds: number): VirtualTrack {
  const args = '-v error -f lavfi -i sine=frequency=440:sample_rate=44100 -ac 2 -t 2 -c:a libvorbis -f ogg -'.split(' ');
  const packets = packetsIn(execFileSync('ffmpeg', args));
  const blockSize = 1 << (packets[0][28] >> 4);
  const [longBlock] = packets[Math.floor(packets.length / 2)];
  const packetFrames = blockSize / 2;
  return paged('Ogg Vorbis', seconds, {
    headers: packets.slice(0, 3),
    sampleRate: 44_100,
    packetFrames,
    encoderDelay: 0,
    packetsPerPage: 43,
    sizeOf: music,
    // The first packet decodes to nothing: its sound begins with the second.
    render: (i, size) => stampedPacket(longBlock, Math.max(0, i - 1) * packetFrames, size),
  });
}

function stampedPacket(first: number, timestamp: number, size: number): Uint8Array {
  const packet = new Uint8Array(size);
  packet[0] = first;
  stamp(packet, 1, timestamp);
  return packet;
}

function paged(name: string, seconds: number, stream: Stream): VirtualTrack {
  const { headers, sampleRate, packetFrames, packetsPerPage, sizeOf, render } = stream;
  const isVorbis = headers[0][0] === 1;
  const pages = Math.ceil((seconds * sampleRate) / packetFrames / packetsPerPage);
  const endOf = (page: number) => ((page + 1) * packetsPerPage - (isVorbis ? 1 : 0)) * packetFrames;
  const sizesOf = (page: number) => Array.from({ length: packetsPerPage }, (_, i) => sizeOf(page * packetsPerPage + i));
  const pageBytes = (page: number) => sizesOf(page).reduce((sum, size) => sum + size + Math.floor(size / 255) + 1, 27);
  const first = oggPages([headers[0]], 0, 0, 2);
  const head = bytes(first, oggPages(headers.slice(1), 0, 1, 0));
  const headPages = 1 + Math.ceil(lacingOf(headers.slice(1)).length / 255);
  const { size, read } = concatenate(head, pages, pageBytes, (page) => {
    const packets = sizesOf(page).map((size, i) => render(page * packetsPerPage + i, size));
    return oggPages(packets, endOf(page), headPages + page, page === pages - 1 ? 4 : 0);
  });
  const facts = { mediaType: 'audio/ogg', sampleRate, encoderDelay: stream.encoderDelay, timestampOf: stamped };
  return { ...facts, name, frames: endOf(pages - 1), size, read };
}

const lacingOf = (packets: readonly Uint8Array[]): number[] =>
  packets.flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);

/** Whole packets on one page, or on as many as they need (RFC 3533 §6). */
function oggPages(packets: readonly Uint8Array[], granule: number, sequence: number, flags: number): Uint8Array {
  const lacing = lacingOf(packets);
  const body = bytes(...packets);
  const pages: Uint8Array[] = [];
  for (let segment = 0, at = 0; segment < lacing.length; segment += 255) {
    const part = lacing.slice(segment, segment + 255);
    const size = part.reduce((sum, value) => sum + value, 0);
    const isContinued = segment > 0 && lacing[segment - 1] === 255;
    const page = new Uint8Array(27 + part.length + size);
    const view = new DataView(page.buffer);
    page.set([0x4f, 0x67, 0x67, 0x53, 0, flags | (isContinued ? 1 : 0)]);
    view.setBigUint64(6, part.some((value) => value < 255) ? BigInt(granule) : (1n << 64n) - 1n, true);
    view.setUint32(14, 1, true);
    view.setUint32(18, sequence++, true);
    page[26] = part.length;
    page.set(part, 27);
    page.set(body.subarray(at, at + size), 27 + part.length);
    view.setUint32(22, crcOf(page), true);
    pages.push(page);
    at += size;
  }
  return bytes(...pages);
}

function crcOf(page: Uint8Array): number {
  let crc = 0;
  for (const byte of page) crc = (crc << 8) ^ CRC[(crc >>> 24) ^ byte];
  return crc >>> 0;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c11db7 : 0);
  return remainder;
});

/** The packets of an Ogg file with one stream. */
function packetsIn(file: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const lacing = file.subarray(at + 27, at + 27 + file[at + 26]);
    at += 27 + lacing.length;
    for (const size of lacing) {
      parts.push(file.subarray(at, at + size));
      at += size;
      if (size === 255) continue;
      packets.push(bytes(...parts));
      parts = [];
    }
  }
  return packets;
}
