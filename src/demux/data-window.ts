import { AulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';

/** Bytes that one read asks for beyond the packet it is for. */
export const WINDOW_BYTES = 65_536;
/** The largest real packets are FLAC blocks of 65,535 frames × 8 channels × 32 bits. */
export const MAX_PACKET_BYTES = 4 << 20;

/** Reads packets that tables place anywhere, many with one read where they lie back to back, each as soon as its bytes are there. */
export class DataWindow {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(source: ByteSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /**
   * `size` bytes at `offset`; a view. `backToBack` says how many bytes from `offset` on will be wanted next and is asked only for a read.
   * @throws AulosError `media.truncated`, `media.limit`.
   */
  async read(offset: number, size: number, backToBack: () => number): Promise<Uint8Array> {
    this.#signal.throwIfAborted();
    if (size > MAX_PACKET_BYTES) throw new AulosError('media.limit', { offset, what: 'packet size' }, 'a packet is too large');
    if (offset < this.#start || offset + size > this.#start + this.#bytes.length) {
      const end = offset + Math.max(size, Math.min(backToBack(), WINDOW_BYTES));
      this.#bytes = await this.#source.read({ start: offset, end }, this.#signal, size);
      this.#start = offset;
      if (this.#bytes.length < size) {
        const inside = Math.min(offset, this.#source.length ?? offset);
        throw new AulosError('media.truncated', { offset: inside, what: 'packet' }, 'the file ends inside its media data');
      }
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + size);
  }
}
