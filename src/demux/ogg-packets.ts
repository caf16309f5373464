import { MAX_PACKET_BYTES } from './data-window.ts';
import type { OggPage } from './ogg-page.ts';

/** A packet, whole. */
export interface OggPacket {
  /** A view of its page, or a copy when it lies on several. */
  readonly data: Uint8Array;
  /** Byte offset of its first byte in the resource. */
  readonly offset: number;
}

/** Puts the packets of one logical stream together from its pages (RFC 3533 §5). */
export class OggPacketizer {
  /** The parts so far of a packet that goes on on the next page. */
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #partsOffset = 0;
  #lastSequence: number | undefined;

  /** The packets that end on `page`, and whether something is missing before it. A packet that lacks its beginning is left out. */
  take(page: OggPage): { packets: OggPacket[]; isBehindGap: boolean } {
    const isBehindGap = page.isBehindDamage || (this.#lastSequence !== undefined && page.sequence !== (this.#lastSequence + 1) >>> 0);
    this.#lastSequence = page.sequence;
    if (isBehindGap || !page.isContinued) this.#drop();
    const isHeadless = page.isContinued && this.#parts.length === 0;
    const packets: OggPacket[] = [];
    const bodyOffset = page.offset + 27 + page.lacing.length;
    let start = 0;
    let end = 0;
    for (const [segment, size] of page.lacing.entries()) {
      end += size;
      const isLastSegment = segment === page.lacing.length - 1;
      if (size === 255 && !isLastSegment) continue;
      const isOurs = start > 0 || !isHeadless;
      if (isOurs) this.#append(page.body.subarray(start, end), bodyOffset + start);
      if (size < 255 && this.#partsBytes > 0) packets.push({ data: this.#joined(), offset: this.#partsOffset });
      if (size < 255) this.#drop();
      start = end;
    }
    return { packets, isBehindGap };
  }

  /** A packet of more than {@link MAX_PACKET_BYTES} loses its end. */
  #append(part: Uint8Array, offset: number): void {
    if (this.#parts.length === 0) this.#partsOffset = offset;
    if (this.#partsBytes + part.length > MAX_PACKET_BYTES) return;
    this.#parts.push(part);
    this.#partsBytes += part.length;
  }

  #joined(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0];
    const data = new Uint8Array(this.#partsBytes);
    let at = 0;
    for (const part of this.#parts) {
      data.set(part, at);
      at += part.length;
    }
    return data;
  }

  #drop(): void {
    this.#parts = [];
    this.#partsBytes = 0;
  }
}
