import { OggHeaders } from './ogg-headers.ts';
import type { OggFormat, OggMapping } from './ogg-mapping.ts';
import { opusPacketFrames } from './opus-packet.ts';

/** `OpusHead` without a channel mapping table (RFC 7845 §5.1). */
const HEAD_BYTES = 19;

/** §4.6: 80 ms. */
const PREROLL_FRAMES = 3_840;

/** Opus in Ogg (RFC 7845): `OpusHead`, `OpusTags`, then sound; the timeline counts at 48 kHz and includes the pre-skip. */
export class OggOpus implements OggMapping {
  readonly #headers = new OggHeaders();
  #count = 0;
  #head = new Uint8Array(0);

  readHeader(packet: Uint8Array): boolean {
    if (this.#count === 0) this.#head = packet.slice();
    if (this.#count < 2) this.#headers.pass(packet, this.#count === 1 ? 'comment' : undefined, 8);
    return this.#count++ < 2;
  }

  /** `OpusHead │ version 8 │ channels 8 │ pre-skip 16le │ input rate 32le │ gain 16le │ mapping family 8 │ mapping table` */
  describe(): OggFormat | undefined {
    const description = this.#head;
    if (description.length < HEAD_BYTES) return undefined;
    const view = new DataView(description.buffer);
    const channels = view.getUint8(9);
    // §5.1: the upper half of the version changes with what cannot be read by others.
    if (channels === 0 || view.getUint8(8) > 15) return undefined;
    return {
      config: { codec: 'opus', codecString: 'opus', sampleRate: 48_000, channels, description },
      tags: this.#headers.tags,
      pictures: this.#headers.pictures,
      codecDelay: view.getUint16(10, true),
      prerollFrames: PREROLL_FRAMES,
    };
  }

  framesOf(packet: Uint8Array): number {
    return opusPacketFrames(packet);
  }
}
