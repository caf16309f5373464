import { AulosError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';

/**
 * Packets of an MPEG-2 transport stream (ISO/IEC 13818-1 §2.4.3.2), as bare 188 bytes or, on discs, behind 4 bytes of arrival time:
 *
 *     sync_byte:8 (0x47)  transport_error:1 payload_unit_start:1 priority:1 PID:13
 *     scrambling:2 adaptation_field:1 payload:1 continuity_counter:4
 *     adaptation_field_length:8 …   if there is one
 */
export const PACKET_BYTES = 188;
const ARRIVAL_TIME_BYTES = 4;
const SYNC = 0x47;

/** Packets in a row by which a transport stream is told from other files. */
const TELLING_PACKETS = 3;

/** Bytes of damage that are searched for the next packet. */
const MAX_JUNK = 131_072;

/** Bytes before each packet. */
export type PacketPrefix = 0 | typeof ARRIVAL_TIME_BYTES;

/** A packet and where it, or what is before it, begins. */
export interface TransportPacket {
  readonly offset: number;
  /** The 188 bytes; a view that stays valid. */
  readonly bytes: Uint8Array;
  /** Byte offset of `bytes`. */
  readonly bytesOffset: number;
}

/** What stands before each packet, if packets begin at the cursor; undefined if none do. Leaves the cursor there. */
export async function packetPrefixAt(reader: ByteReader): Promise<PacketPrefix | undefined> {
  for (const prefix of [0, ARRIVAL_TIME_BYTES] as const) {
    const stride = prefix + PACKET_BYTES;
    await reader.need(prefix + (TELLING_PACKETS - 1) * stride + 1);
    if (Array.from({ length: TELLING_PACKETS }, (_, i) => prefix + i * stride).every((at) => isSync(reader, at))) return prefix;
  }
  return undefined;
}

/** The packets from the cursor of `reader` on. Whoever has it has the cursor. */
export class TransportPackets {
  readonly #reader: ByteReader;
  readonly #prefix: PacketPrefix;
  readonly #stride: number;

  constructor(reader: ByteReader, prefix: PacketPrefix) {
    this.#reader = reader;
    this.#prefix = prefix;
    this.#stride = prefix + PACKET_BYTES;
  }

  /** Byte offset of the next packet. */
  get position(): number {
    return this.#reader.position;
  }

  /** True if {@link next} need not wait. */
  get isNextHeld(): boolean {
    return this.#reader.available >= this.#stride;
  }

  /**
   * The next packet, behind damage if there is some; undefined at the end. One that is cut off is not given.
   * @throws AulosError `media.malformed` when there is none in 128 KiB.
   */
  async next(): Promise<TransportPacket | undefined> {
    const reader = this.#reader;
    if (!this.isNextHeld) await reader.need(this.#stride);
    if (!this.isNextHeld) return undefined;
    if (!isSync(reader, this.#prefix) && !(await this.#findSync())) return undefined;
    const offset = reader.position;
    const bytes = reader.bytes(PACKET_BYTES, this.#prefix);
    reader.skip(this.#stride);
    return { offset, bytes, bytesOffset: offset + this.#prefix };
  }

  /** Moves to a packet that another one follows, or that is the last. */
  async #findSync(): Promise<boolean> {
    const reader = this.#reader;
    const start = reader.position;
    for (; reader.position < start + MAX_JUNK; reader.skip(1)) {
      await reader.need(this.#stride + this.#prefix + 1);
      if (!this.isNextHeld) return false;
      const isLast = reader.available <= this.#stride + this.#prefix;
      if (isSync(reader, this.#prefix) && (isLast || isSync(reader, this.#stride + this.#prefix))) return true;
    }
    const details = { offset: start, what: 'transport packet' };
    throw new AulosError('media.malformed', details, `no transport packet in the ${MAX_JUNK} bytes from ${start} on`);
  }
}

/** Which stream a packet belongs to. */
export const pidOf = (bytes: Uint8Array): number => ((bytes[1] & 0x1f) << 8) | bytes[2];

/** True if a PES packet or a table begins in it. */
export const beginsUnit = (bytes: Uint8Array): boolean => (bytes[1] & 0x40) !== 0;

/** Counts packets of a stream that have a payload, modulo 16; a packet that is sent twice keeps its number. */
export const continuityOf = (bytes: Uint8Array): number => bytes[3] & 15;

/** True if the payload is encrypted. */
export const isScrambled = (bytes: Uint8Array): boolean => (bytes[3] & 0xc0) !== 0;

/** What the packet carries; undefined if nothing, or if the receiver marked it as damaged. */
export function payloadOf(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[1] & 0x80 || !(bytes[3] & 0x10)) return undefined;
  const start = 4 + (bytes[3] & 0x20 ? 1 + bytes[4] : 0);
  return start < bytes.length ? bytes.subarray(start) : undefined;
}

const isSync = (reader: ByteReader, at: number): boolean => reader.available > at && reader.u8(at) === SYNC;
