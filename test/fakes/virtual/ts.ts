import { bytes, u16, u32 } from '../mp4-boxes.ts';
import { adtsFrame, adtsSizeOf } from './aac.ts';
import { concatenate, stamped, type VirtualTrack } from './track.ts';

const RATE = 44_100;
const SAMPLES = 1_024;
const PACKET = 188;
const HEADER = 4;
/** AAC packets in a PES packet: a fifth of a second, with the tables before it. */
const UNIT_PACKETS = 10;
/** A PES header with a time. */
const PES_HEADER = 14;
const [MAP, SOUND] = [0x1000, 0x100];

/** MPEG-TS with AAC of silence in ADTS, whose rate varies (ISO/IEC 13818-1 §2.4). */
export function virtualTs(seconds: number): VirtualTrack {
  const units = Math.ceil((seconds * RATE) / (UNIT_PACKETS * SAMPLES));
  const framesOf = (unit: number) => Array.from({ length: UNIT_PACKETS }, (_, i) => unit * UNIT_PACKETS + i);
  const soundOf = (unit: number) => framesOf(unit).reduce((sum, i) => sum + adtsSizeOf(i), 0);
  const carriersOf = (unit: number) => Math.ceil((PES_HEADER + soundOf(unit)) / (PACKET - HEADER));
  const sizeOf = (unit: number) => (2 + carriersOf(unit)) * PACKET;
  let carried = 0; // continuity counters go on from unit to unit
  const before = Array.from({ length: units }, (_, unit) => {
    carried += carriersOf(unit);
    return carried - carriersOf(unit);
  });
  const render = (unit: number) => {
    const pes = bytes(pesHeader(soundOf(unit), unit), ...framesOf(unit).map(adtsFrame));
    return bytes(table(0, unit, PROGRAMS), table(MAP, unit, STREAMS), ...carry(pes, before[unit]));
  };
  const { size, read } = concatenate(new Uint8Array(0), units, sizeOf, render);
  const frames = units * UNIT_PACKETS * SAMPLES;
  return { name: 'TS', mediaType: 'video/mp2t', sampleRate: RATE, frames, encoderDelay: 0, size, read, timestampOf: stamped };
}

/** Program 1, whose map is on PID `MAP`; in it one stream of ADTS (type 15) on PID `SOUND`, which bears the clock. */
const PROGRAMS = section(0x00, u16(1), u16(0xe000 | MAP));
const STREAMS = section(0x02, u16(0xe000 | SOUND), u16(0xf000), Uint8Array.of(15), u16(0xe000 | SOUND), u16(0xf000));

function section(id: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const body = bytes(u16(1), Uint8Array.of(0xc1, 0, 0), ...fields);
  const content = bytes(Uint8Array.of(id), u16(0xb000 | (body.length + 4)), body);
  return bytes(content, u32(crc32(content)));
}

/** The CRC of annex A: most significant bit first, without a final complement. */
function crc32(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}

const header = (pid: number, begins: boolean, control: number, counter: number) =>
  bytes(Uint8Array.of(0x47), u16((begins ? 0x4000 : 0) | pid), Uint8Array.of(control | (counter & 15)));

function table(pid: number, counter: number, content: Uint8Array): Uint8Array {
  const rest = new Uint8Array(PACKET - HEADER - 1 - content.length).fill(0xff);
  return bytes(header(pid, true, 0x10, counter), Uint8Array.of(0), content, rest);
}

/** 33 bits of time in five bytes, with a marker behind each part (§2.4.3.7). */
function pesHeader(soundBytes: number, unit: number): Uint8Array {
  const time = Math.round((unit * UNIT_PACKETS * SAMPLES * 90_000) / RATE);
  const high = 0x21 | (Math.floor(time / 2 ** 30) << 1);
  const pts = bytes(Uint8Array.of(high), u16(((time >>> 14) & 0xfffe) | 1), u16(((time << 1) & 0xfffe) | 1));
  return bytes(u32(0x1c0), u16(PES_HEADER - 6 + soundBytes), Uint8Array.of(0x84, 0x80, 5), pts);
}

/** Packets that carry `pes`; the last one is stuffed. */
function carry(pes: Uint8Array, counter: number): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < pes.length; counter++) {
    const room = PACKET - HEADER - Math.min(PACKET - HEADER, pes.length - at);
    const stuffing = new Uint8Array(room).fill(0xff);
    if (room > 0) stuffing[0] = room - 1;
    if (room > 1) stuffing[1] = 0;
    const payload = pes.subarray(at, at + PACKET - HEADER - room);
    packets.push(bytes(header(SOUND, at === 0, room > 0 ? 0x30 : 0x10, counter), stuffing, payload));
    at += payload.length;
  }
  return packets;
}
