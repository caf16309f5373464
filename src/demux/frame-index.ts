/** A place from which packets can be read: they begin at byte `offset` with frame `timestamp` of the decoded timeline. */
export interface Landmark {
  readonly offset: number;
  readonly timestamp: number;
}

/** Packets from one landmark to the next, or fewer if they are large: what is decoded in vain, and what is read, before a target. */
const STRIDE_PACKETS = 32;
const STRIDE_BYTES = 65_536;
/** A landmark takes up to 6 bytes, and a packet may cost 2. */
const LEAST_PACKETS = 3;

/** Landmarks between two that are kept in full, from where the others are summed up. */
const LANDMARKS_PER_CHECKPOINT = 64;

const FORMAT_VERSION = 1;

/** How an index is meant to be used. */
export interface FrameIndexOptions {
  /** True if seeks are guesses without it, so that a complete resource is worth a pass over all of it. */
  readonly isOnlyWay: boolean;
}

/**
 * Where packets stand in a resource that has no table of them, as far as it was read in order from its start. Costs a fraction of a byte
 * a packet: one in 32 is remembered, by its distance from the last in time and bytes.
 */
export class FrameIndex {
  readonly isOnlyWay: boolean;
  /** Called once, when the last packet has passed. */
  onWhole: (() => void) | undefined;
  readonly #deltas = new ByteLog();
  #checkpoints: Checkpoint[] = [];
  #landmarks = 0;
  #last: Landmark | undefined;
  #packetsSinceLast = 0;
  #covered = 0;
  #isWhole = false;

  constructor({ isOnlyWay }: FrameIndexOptions) {
    this.isOnlyWay = isOnlyWay;
  }

  /** Frame up to which every packet has passed. */
  get covered(): number {
    return this.#covered;
  }

  /** True once {@link covered} is the end of the sound. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The furthest landmark; undefined before the first packet. */
  get last(): Landmark | undefined {
    return this.#last;
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.#deltas.length;
  }

  /**
   * The last landmark at or before frame `timestamp`; undefined if that lies more than `beyond` frames past what has passed. Reading on
   * from a landmark is exact, however far.
   */
  before(timestamp: number, beyond = 0): Landmark | undefined {
    if (!this.#isWhole && timestamp > this.#covered + beyond) return undefined;
    let low = 0;
    let high = this.#checkpoints.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#checkpoints[middle].timestamp <= timestamp) low = middle + 1;
      else high = middle;
    }
    return low > 0 ? this.#walk(this.#checkpoints[low - 1], low * LANDMARKS_PER_CHECKPOINT, timestamp) : undefined;
  }

  /** Follows packets that are read in order from `from` (default: the start), a place whose time is exact. */
  trace(from: { readonly timestamp: number; readonly exact: boolean } = { timestamp: 0, exact: true }): Trace {
    const isAttached = from.exact && from.timestamp <= this.#covered;
    const pass = (timestamp: number, offset: number, end: number) => {
      if (isAttached && end > this.#covered && !this.#isWhole) this.#add(timestamp, offset, end);
    };
    const end = () => {
      if (isAttached && this.#last) this.#finish();
    };
    return { pass, end };
  }

  /**
   * All of it, for a sidecar. The numbers are variable-length integers:
   *
   *     version │ whole: 1 or 0 │ covered │ packets since the last landmark │ per landmark: frames and bytes since the one before
   */
  toBytes(): Uint8Array {
    const head = new ByteLog();
    for (const value of [FORMAT_VERSION, this.#isWhole ? 1 : 0, this.#covered, this.#packetsSinceLast]) head.writeInteger(value);
    const bytes = new Uint8Array(head.length + this.#deltas.length);
    bytes.set(head.bytes);
    bytes.set(this.#deltas.bytes, head.length);
    return bytes;
  }

  /** Takes over what {@link toBytes} gave, unless it is of another version or this index knows as much. True if it did. */
  adopt(bytes: Uint8Array): boolean {
    const cursor = { bytes, at: 0 };
    const [version, whole, covered, since] = [readInteger(cursor), readInteger(cursor), readInteger(cursor), readInteger(cursor)];
    if (version !== FORMAT_VERSION || !(covered > this.#covered)) return false;
    const deltas = bytes.subarray(cursor.at);
    const checkpoints: Checkpoint[] = [];
    let [landmarks, timestamp, offset] = [0, 0, 0];
    for (cursor.bytes = deltas, cursor.at = 0; cursor.at < deltas.length; ) {
      timestamp += readInteger(cursor);
      offset += readInteger(cursor);
      if (landmarks++ % LANDMARKS_PER_CHECKPOINT === 0) checkpoints.push({ timestamp, offset, at: cursor.at });
    }
    if (!(timestamp <= covered) || ![covered, since, offset].every(Number.isSafeInteger)) return false;
    this.#deltas.take(deltas);
    this.#checkpoints = checkpoints;
    this.#landmarks = landmarks;
    this.#last = landmarks > 0 ? { timestamp, offset } : undefined;
    this.#covered = covered;
    this.#packetsSinceLast = since;
    if (whole === 1) this.#finish();
    return true;
  }

  #add(timestamp: number, offset: number, end: number): void {
    const isDue =
      !this.#last ||
      this.#packetsSinceLast >= STRIDE_PACKETS ||
      (this.#packetsSinceLast >= LEAST_PACKETS && offset - this.#last.offset >= STRIDE_BYTES);
    if (isDue) this.#push({ timestamp, offset });
    this.#packetsSinceLast++;
    this.#covered = end;
  }

  #push(landmark: Landmark): void {
    const { timestamp, offset } = this.#last ?? { timestamp: 0, offset: 0 };
    this.#deltas.writeInteger(landmark.timestamp - timestamp);
    this.#deltas.writeInteger(landmark.offset - offset);
    if (this.#landmarks++ % LANDMARKS_PER_CHECKPOINT === 0) this.#checkpoints.push({ ...landmark, at: this.#deltas.length });
    this.#last = landmark;
    this.#packetsSinceLast = 0;
  }

  #finish(): void {
    if (this.#isWhole) return;
    this.#isWhole = true;
    this.onWhole?.();
  }

  /** From a checkpoint to the last landmark at or before `timestamp` that is before landmark number `end`. */
  #walk({ timestamp: time, offset: place, at }: Checkpoint, end: number, timestamp: number): Landmark {
    const cursor = { bytes: this.#deltas.bytes, at };
    let landmark = { timestamp: time, offset: place };
    const count = Math.min(end, this.#landmarks) - (end - LANDMARKS_PER_CHECKPOINT) - 1;
    for (let i = 0; i < count; i++) {
      const next = { timestamp: landmark.timestamp + readInteger(cursor), offset: landmark.offset + readInteger(cursor) };
      if (next.timestamp > timestamp) break;
      landmark = next;
    }
    return landmark;
  }
}

/** One reading of packets in order. What does not continue what the index knows is let go. */
export interface Trace {
  /** A packet that begins at byte `offset` with frame `timestamp`; the next one begins with frame `end`. */
  pass(timestamp: number, offset: number, end: number): void;
  /** There is no further packet. */
  end(): void;
}

interface Checkpoint extends Landmark {
  /** Where the deltas of the landmark after it begin. */
  readonly at: number;
}

/** Bytes that grow. */
class ByteLog {
  length = 0;
  #buffer = new Uint8Array(256);

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Holds a copy of `bytes` in place of what it held. */
  take(bytes: Uint8Array): void {
    this.length = bytes.length;
    this.#buffer = new Uint8Array(Math.max(this.#buffer.length, bytes.length));
    this.#buffer.set(bytes);
  }

  /** Seven bits a byte, low ones first; the top bit says that more follow. Exact up to 2^53 − 1. */
  writeInteger(value: number): void {
    if (this.length + 8 > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#buffer[this.length++] = (value % 0x80) | 0x80;
    this.#buffer[this.length++] = value;
  }
}

/** NaN past the end, which nobody takes for a place. */
function readInteger(cursor: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let weight = 1; ; weight *= 0x80) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) return Number.NaN;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return value;
  }
}
