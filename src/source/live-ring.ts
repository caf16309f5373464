import { type ByteRange, intersect, RangeSet } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { Asset, AssetFacts } from '../store/store.ts';
import { StationTitles } from './station-titles.ts';

/** What is kept of a stream without an end. */
const RING_BYTES = 8 << 20;
/** So far the stream may be ahead of its fastest reader; the rest is for short ways back. */
const AHEAD_BYTES = 6 << 20;
/** How far from the newest byte somebody begins who comes later. */
const JOIN_BYTES = 128 << 10;

/**
 * The last bytes of a stream without an end, in memory, behind what was stored before it was known to have none. It waits for its fastest
 * reader; who is slower than that falls behind. It looks like an asset whose old bytes leave `held`.
 */
export class LiveRing implements Pick<Asset, 'generation' | 'facts' | 'held' | 'committed' | 'read'> {
  readonly generation: number;
  readonly held: RangeSet;
  readonly titles = new StationTitles();
  facts: AssetFacts;
  /** True once the stream has ended after all. */
  committed = false;
  /** Offset of the next byte. */
  end: number;
  readonly #stored: Asset;
  readonly #ring = new Uint8Array(RING_BYTES);
  readonly #start: number;
  readonly #positions: () => Iterable<number>;
  readonly #moved = new Wake();

  /** `start` bytes of `stored` come first, which stays its owner's; `positions` tells what is read next by whom. */
  constructor(stored: Asset, start: number, facts: AssetFacts, positions: () => Iterable<number>) {
    this.#stored = stored;
    this.#start = this.end = start;
    this.#positions = positions;
    this.facts = facts;
    this.generation = start > 0 ? stored.generation : stored.generation + 1;
    this.held = new RangeSet(start > 0 ? stored.held : []);
  }

  /** Where a reader that comes now begins: at the first byte while there is one, for it may be a header. */
  get joinAt(): number {
    return this.held.contains({ start: 0, end: 1 }) ? 0 : Math.max(this.#oldest, this.end - JOIN_BYTES);
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!this.held.contains(range)) return undefined;
    const bytes = new Uint8Array(range.end - range.start);
    const before = intersect(range, { start: 0, end: this.#start });
    if (before) {
      const stored = await this.#stored.read(before, signal);
      if (!stored) this.held.delete(before);
      if (!stored || !this.held.contains(range)) return undefined;
      bytes.set(stored);
    }
    for (let at = Math.max(range.start, this.#start); at < range.end; ) {
      const from = at % RING_BYTES;
      const part = this.#ring.subarray(from, Math.min(RING_BYTES, from + range.end - at));
      bytes.set(part, at - range.start);
      at += part.length;
    }
    return bytes;
  }

  /** Appends a copy of `bytes` as the fastest reader makes room for them. @throws `signal.reason` */
  async append(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { count } = this.#moved;
      const room = this.#fastest() + AHEAD_BYTES - this.end;
      if (room > 0) {
        this.#put(rest.subarray(0, room));
        rest = rest.subarray(room);
      } else await this.#moved.after(count, signal);
    }
  }

  /** A reader has moved on, has come or has gone. */
  moved(): void {
    this.#moved.signal();
  }

  /** Nothing more will come. */
  finish(): void {
    this.facts = { ...this.facts, length: this.end };
    this.committed = true;
  }

  /** True if these bytes, the first of a new connection, are those that came first of all: it is a file, and begins anew. */
  async isBeginning(bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
    if (this.#start < bytes.length) return false;
    const first = await this.read({ start: 0, end: bytes.length }, signal);
    return first?.every((byte, i) => byte === bytes[i]) ?? false;
  }

  /** Why `range` will never be ready, if that is so. */
  refusal({ start, end }: ByteRange): AulosError | undefined {
    const url = redactUrl(this.facts.url);
    const gap = this.held.firstGap({ start, end });
    if (gap && gap.start < this.end) {
      const lostBytes = this.#oldest - gap.start;
      return new AulosError('source.behind', { url, lostBytes }, `a reader of ${url} fell behind: ${lostBytes} bytes are gone`);
    }
    if (end - start <= AHEAD_BYTES) return undefined;
    const what = `${end - start} bytes at once of a stream without an end`;
    return new AulosError('media.limit', { offset: start, what }, `${url}: ${what} are not to be had`);
  }

  get #oldest(): number {
    return Math.max(this.#start, this.end - RING_BYTES);
  }

  /** Before anyone reads, the stream waits with the oldest that it has. */
  #fastest(): number {
    return Math.max(this.#oldest, ...this.#positions());
  }

  #put(bytes: Uint8Array): void {
    const from = this.end % RING_BYTES;
    const first = bytes.subarray(0, RING_BYTES - from);
    this.#ring.set(first, from);
    this.#ring.set(bytes.subarray(first.length));
    this.held.add({ start: this.end, end: this.end + bytes.length });
    this.end += bytes.length;
    this.held.delete({ start: this.#start, end: this.#oldest });
  }
}
