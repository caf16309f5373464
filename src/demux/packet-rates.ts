import type { Landmark } from './frame-index.ts';

/** What a look at a place in the middle of a stream found. */
export interface Probe {
  /** Byte offset of the first packet there. */
  readonly offset: number;
  /** Mean of the packets there. */
  readonly bytesPerPacket: number;
}

/** The mean over what was looked at and that of the whole way differ; what is said to be the error allows for this much more, */
const CAUTION = 2;
/** and, where the few places that were looked at happen to agree, for this share of the way, less the more there are. */
const DOUBT = 0.12;

/** Bytes of packets by which a place is judged: most of what one request brings. */
export const JUDGED_BYTES = 49_152;

/** So few bytes, at the very end, say nothing of the rate. */
const LEAST_JUDGED_BYTES = 16_384;

/** Looks at the network's expense: a guess, and a better one by what was seen there. */
const PROBES = 2;

/** Packets before the one wanted that are decoded rather than looked for more closely, */
const NEAR_PACKETS = 96;
/** and as many are aimed for, because landing behind it would be missing it. */
const AIM_SHORT_PACKETS = 32;

/** A way so short is read, and its packets counted, rather than guessed at. */
const COUNTED_BYTES = 131_072;

/** Halvings that bring any file down to a byte. */
const HALVINGS = 48;

/**
 * How many packets a byte holds, as seen at places of a stream in which every packet lasts the same and nothing says how many there are.
 * Between places that were looked at the density is taken to change evenly.
 */
export class PacketRates {
  /** Ascending by offset. */
  readonly #places: { readonly offset: number; readonly density: number }[] = [];

  /** Takes note of a place. */
  note({ offset, bytesPerPacket }: Probe): void {
    const at = this.#places.findIndex((place) => place.offset >= offset);
    const replaced = at >= 0 && this.#places[at].offset === offset ? 1 : 0;
    this.#places.splice(at < 0 ? this.#places.length : at, replaced, { offset, density: 1 / bytesPerPacket });
  }

  /** True if a place within `distance` bytes of `offset` was looked at. */
  knows(offset: number, distance: number): boolean {
    return this.#places.some((place) => Math.abs(place.offset - offset) < distance);
  }

  /** Packets that probably begin in bytes `[start, end)`. */
  packetsBetween(start: number, end: number): number {
    let packets = 0;
    let [from, density] = [start, this.#densityAt(start)];
    for (const place of this.#places) {
      if (place.offset <= start || place.offset >= end) continue;
      packets += ((density + place.density) / 2) * (place.offset - from);
      [from, density] = [place.offset, place.density];
    }
    return packets + ((density + this.#densityAt(end)) / 2) * (end - from);
  }

  /** The byte, before `end`, up to which there probably are that many packets from `start` on. */
  offsetAfter(start: number, packets: number, end: number): number {
    let [low, high] = [start, Math.max(start, Math.min(end, Number.MAX_SAFE_INTEGER / 2))];
    for (let i = 0; i < HALVINGS && high - low > 1; i++) {
      const middle = Math.floor((low + high) / 2);
      if (this.packetsBetween(start, middle) <= packets) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Packets by which {@link packetsBetween} may be wrong. */
  errorBetween(start: number, end: number): number {
    const densities = this.#places.map(({ density }) => density);
    const mean = this.packetsBetween(start, end) / Math.max(1, end - start);
    const spread = Math.max(Math.max(...densities) - mean, mean - Math.min(...densities));
    const doubt = densities.length === 1 ? 1 : DOUBT / Math.sqrt(densities.length); // one place says nothing of others
    return 1 + (end - start) * (CAUTION * spread + doubt * mean);
  }

  #densityAt(offset: number): number {
    const right = this.#places.findIndex((place) => place.offset >= offset);
    if (right < 0) return this.#places[this.#places.length - 1].density;
    if (right === 0) return this.#places[0].density;
    const [a, b] = [this.#places[right - 1], this.#places[right]];
    return a.density + ((b.density - a.density) * (offset - a.offset)) / (b.offset - a.offset);
  }
}

/** A packet of which the number is known, or estimated. */
export interface NumberedPacket {
  readonly packet: number;
  readonly offset: number;
  /** By how many packets the number may be off; 0 if it is exact. */
  readonly error: number;
}

/** What a search by rates needs to know, and to be able to do. */
export interface RateSearch {
  /** What was seen so far, one place at least; takes what this search sees. */
  readonly rates: PacketRates;
  /** From where to count. */
  readonly anchor: Omit<NumberedPacket, 'error'>;
  /** Byte behind the last packet; Infinity while unknown. */
  readonly end: number;
  /** Finds the first packet at or after a byte, or where there is none the last ones before it. */
  probe(offset: number): Promise<Probe | undefined>;
}

/** True if `packet` is, probably, so near behind the anchor that counting packets takes no more requests than a search. */
export const isInReach = (packet: number, { rates, anchor, end }: Omit<RateSearch, 'probe'>): boolean =>
  rates.offsetAfter(anchor.offset, packet - anchor.packet, end) - anchor.offset <= COUNTED_BYTES;

/**
 * A packet at or near number `packet`, by the rate at which packets come; two looks at most. The anchor if there is none. If the second look
 * still tells of another place, the packet is taken for one near the wanted all the same and the difference is added to the error: nobody
 * is helped by decoding for minutes up to a guess.
 */
export async function searchByRates(packet: number, { rates, anchor, end, probe }: RateSearch): Promise<NumberedPacket> {
  let found: NumberedPacket = { ...anchor, error: 0 };
  for (let i = 0; i < PROBES; i++) {
    const guess = rates.offsetAfter(anchor.offset, packet - AIM_SHORT_PACKETS - anchor.packet, end);
    const seen = await probe(guess);
    if (!seen || seen.offset <= anchor.offset) break;
    if (end - seen.offset >= LEAST_JUDGED_BYTES) rates.note(seen);
    const number = anchor.packet + Math.round(rates.packetsBetween(anchor.offset, seen.offset));
    const claimed = Math.max(anchor.packet + 1, packet - NEAR_PACKETS, Math.min(packet, number));
    const error = rates.errorBetween(anchor.offset, seen.offset) + Math.abs(number - claimed);
    found = { packet: claimed, offset: seen.offset, error };
    if (claimed === number) break;
  }
  return found;
}

/** A landmark as the number of a packet, in a stream where each lasts `frames`. */
export const numbered = ({ offset, timestamp }: Landmark, frames: number): Omit<NumberedPacket, 'error'> => ({
  packet: timestamp / frames,
  offset,
});
