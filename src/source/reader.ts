import { type ByteRange, intersect } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { Driver } from './driver.ts';
import type { Readiness, SourceReader } from './source.ts';

const NOTHING = new Uint8Array(0);

/** Reads that go on within this distance of where a reader plays are its playing. */
const STEP_BYTES = 2 << 20;

/** A reader of an asset that is being fetched. It belongs to one generation: its offsets mean nothing in another. */
export class AssetReader implements SourceReader {
  readonly #driver: Driver;
  readonly #url: string;
  readonly #onClose: (reader: AssetReader) => void;
  /** Where its byte 0 lies: one that comes to a live stream begins where that is. */
  readonly #base: number;
  /** What it reads next. */
  position: number;
  #generation: number;
  #playing: number | undefined;
  #closed = false;

  constructor(driver: Driver, url: string, onClose: (reader: AssetReader) => void) {
    this.#driver = driver;
    this.#url = redactUrl(url);
    this.#onClose = onClose;
    this.#generation = driver.standing.isHeldBack ? 0 : driver.standing.bytes.generation;
    this.position = this.#base = driver.standing.joinAt;
    driver.join(this);
  }

  get length(): number | undefined {
    const { isHeldBack, length } = this.#driver.standing;
    return isHeldBack || length === undefined ? undefined : length - this.#base;
  }

  get mediaType(): string {
    return this.#driver.standing.bytes.facts?.mediaType ?? '';
  }

  get isLive(): boolean {
    return this.#driver.standing.isLive;
  }

  get playing(): number | undefined {
    return this.#playing;
  }

  async read(asked: ByteRange, signal: AbortSignal, atLeast = asked.end - asked.start): Promise<Uint8Array> {
    const range = this.#placed(asked);
    const need = { start: range.start, end: Math.min(range.end, range.start + atLeast) };
    this.#moveAlong(range.start);
    for (;;) {
      signal.throwIfAborted();
      const state = this.#readinessOf(need);
      if (state.name === 'closed') throw closedError(this.#url);
      if (state.name === 'failed') throw state.error;
      if (state.name === 'ended') return NOTHING;
      if (state.name === 'waiting') {
        await this.#driver.wait(need, { start: state.missing.start, end: range.end }, signal);
        continue;
      }
      const bytes = await this.#take(range, signal);
      if (bytes) return bytes;
    }
  }

  async tryRead(asked: ByteRange): Promise<Uint8Array | undefined> {
    const range = this.#placed(asked);
    const { name } = this.#readinessOf(range);
    if (name === 'ended') return NOTHING;
    return name === 'ready' ? this.#take(range, new AbortController().signal) : undefined;
  }

  titleAt(offset: number): string | undefined {
    return this.#driver.standing.titleAt(this.#base + offset);
  }

  playFrom(offset: number): void {
    this.#playing = this.#base + offset;
    this.#driver.replan();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#driver.leave(this);
    this.#onClose(this);
  }

  #placed({ start, end }: ByteRange): ByteRange {
    return { start: this.#base + start, end: this.#base + end };
  }

  /** The first generation of all is no change: a reader that was there before it reads it. Nor is 0, when nothing was worth keeping. */
  #readinessOf(range: ByteRange): Readiness {
    if (this.#closed) return { name: 'closed' };
    const { standing } = this.#driver;
    if (standing.isHeldBack) return standing.readinessOf(range);
    const { generation } = standing.bytes;
    this.#generation ||= generation;
    if (this.#generation === generation || generation === 0 || standing.isClosed) return standing.readinessOf(range);
    const message = `${this.#url} is another version now`;
    return { name: 'failed', error: new AulosError('asset.changed', { url: this.#url }, message) };
  }

  /** All of `range` that is held from its start on; undefined if a run was lost meanwhile. */
  async #take({ start, end }: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { bytes: from, length = Infinity } = this.#driver.standing;
    const available = intersect({ start, end: Math.min(end, length) }, { start, end: from.held.heldUntil(start) });
    if (!available) return NOTHING;
    const bytes = await from.read(available, signal);
    this.#driver.traffic.store += bytes?.length ?? 0;
    return bytes;
  }

  #moveAlong(start: number): void {
    this.position = start;
    this.#driver.moved();
    if (this.#playing === undefined || start <= this.#playing || start > this.#playing + STEP_BYTES) return;
    this.#playing = start;
    this.#driver.replan();
  }
}

/** What a wait on a closed source rejects with. */
export function closedError(url: string): AulosError<'source.closed'> {
  return new AulosError('source.closed', { url: redactUrl(url) }, `${redactUrl(url)} was closed`);
}
