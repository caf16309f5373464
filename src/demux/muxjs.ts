import probe from 'mux.js/lib/m2ts/probe.js';
import { AulosError } from '../errors.ts';
import { beginsUnit, payloadOf, pidOf, type TransportPackets } from './transport-packets.ts';

/**
 * The only door to the mux.js package. Its streams take whole segments and know no sound but AAC; so only the parsers of single packets
 * are used, which know every stream type and hold nothing.
 */

/** The elementary stream that is played. */
export interface AudioStream {
  readonly pid: number;
  readonly codec: 'aac' | 'mp3';
}

/** Bytes in which the tables of a stream have to come; they are repeated every 0.1 s or so. */
const MAX_BYTES_BEFORE_TABLES = 1_048_576;

/** Stream types (ISO/IEC 13818-1 table 2-34) that are played. */
const PLAYED: Readonly<Record<number, AudioStream['codec']>> = { 3: 'mp3', 4: 'mp3', 15: 'aac' };

/** And those that may be asked for. */
const NAMES: Readonly<Record<number, string>> = { 17: 'AAC in LATM', 129: 'AC-3', 135: 'E-AC-3', 207: 'AAC with sample encryption' };

/**
 * Reads packets up to the program map, and gives the first stream of sound in it.
 * @throws AulosError `media.malformed` without tables, `media.unsupported` without sound that is played; what the source throws.
 */
export async function findAudioStream(packets: TransportPackets): Promise<AudioStream> {
  const start = packets.position;
  let mapPid: number | undefined;
  while (packets.position - start < MAX_BYTES_BEFORE_TABLES) {
    const packet = await packets.next();
    if (!packet) break;
    const { bytes, offset } = packet;
    if (!beginsUnit(bytes)) continue;
    if (pidOf(bytes) === 0) mapPid = probe.parsePat(bytes);
    const types = mapPid !== undefined && pidOf(bytes) === mapPid ? probe.parsePmt(bytes) : undefined;
    if (types) return firstPlayed(withinPacket(types), offset);
  }
  throw new AulosError('media.malformed', { offset: start, what: 'program map' }, 'the transport stream has no program map');
}

/** mux.js reads on past the end of the packet when the section's length says so; what it finds there has no type. */
function withinPacket(types: Record<number, number | undefined>): [pid: string, type: number][] {
  return Object.entries(types).filter((entry): entry is [string, number] => entry[1] !== undefined);
}

function firstPlayed(types: readonly [pid: string, type: number][], offset: number): AudioStream {
  for (const [pid, type] of types) {
    if (type in PLAYED) return { pid: Number(pid), codec: PLAYED[type] };
  }
  if (!types.length)
    throw new AulosError('media.malformed', { offset, what: 'program map' }, 'the program map of the transport stream is empty');
  const what = types.map(([, type]) => NAMES[type] ?? `stream type 0x${type.toString(16)}`).join(', ');
  throw new AulosError('media.unsupported', { offset, what }, `nothing in the transport stream is played (${what})`);
}

/** When the first frame that begins in this PES packet is due, in units of 1/90000 s; undefined if no PES packet with a time begins here. */
export function presentationTime(bytes: Uint8Array): number | undefined {
  const payload = payloadOf(bytes);
  // Reading past the end is harmless in JavaScript, but gives times that nobody wrote.
  return beginsUnit(bytes) && payload && payload.length >= 14 ? probe.parsePesTime(bytes)?.pts : undefined;
}
