import { brokenFrame } from './broken-frame.ts';

/** Zero bytes behind the data: look-ahead meets zeros there, never what an earlier packet left. */
const PADDING = 8;

/**
 * Reads bits, most significant first. All its state is a bit position: a read fetches the 32 bits around it anew, which a CPU does
 * faster than it predicts the refills of a bit cache.
 *
 * Data is copied in front of padding, so that look-ahead past the end is harmless; a field that ends past it is caught by
 * {@link require} or {@link BitReader.readUnary}.
 */
export class BitReader {
  /** The data of the current packet, from {@link load} to the next; hot loops take it and {@link position} into locals. */
  view = new DataView(new ArrayBuffer(0));
  /** In bits from the start of the data. */
  position = 0;
  bytes = new Uint8Array(0);
  #end = 0;

  /** Starts over with a copy of `data`. */
  load(data: Uint8Array): void {
    if (this.bytes.length < data.length + PADDING) {
      this.bytes = new Uint8Array(data.length * 2 + PADDING);
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(data);
    this.bytes.fill(0, data.length, data.length + PADDING);
    this.#end = data.length * 8;
    this.position = 0;
  }

  /** Says that `bits` more are about to be read. @throws AulosError `decode.failed` if there are fewer. */
  require(bits: number): void {
    if (this.position + bits > this.#end) throw brokenFrame('the packet ends within the frame');
  }

  /** 0 to 25 bits, unsigned. */
  read(bits: number): number {
    const word = this.view.getUint32(this.position >> 3) << (this.position & 7);
    this.position += bits;
    return bits === 0 ? 0 : word >>> (32 - bits);
  }

  /** 0 to 33 bits, two's complement. */
  readSigned(bits: number): number {
    if (bits > 25) return this.readSigned(bits - 16) * 65_536 + this.read(16);
    return (this.read(bits) << (32 - bits)) >> (32 - bits);
  }

  /** Zeros up to the next one, which is consumed too. */
  readUnary(): number {
    for (let zeros = 0; ; ) {
      this.require(1);
      const spent = this.position & 7;
      const word = this.view.getUint32(this.position >> 3) << spent;
      if (word !== 0) {
        const run = Math.clz32(word);
        this.position += run + 1;
        return zeros + run;
      }
      zeros += 32 - spent;
      this.position += 32 - spent;
    }
  }

  /** Goes to the next whole byte; gives its offset. */
  alignToByte(): number {
    this.position = (this.position + 7) & ~7;
    return this.position >> 3;
  }
}
