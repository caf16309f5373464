import type { CodecConfig, Packet, PcmBlock } from '../media.ts';
import type { Decoder } from './decoder.ts';

/** Makes a decoder for a config. */
export type DecoderMaker = (config: CodecConfig) => Promise<Decoder>;

/** Decodes streams that are chained: a packet with a config of its own is the first for which another decoder is needed. */
export class LinkDecoder implements Decoder {
  readonly #make: DecoderMaker;
  #decoder: Decoder;
  #config: CodecConfig;
  #concealedBefore = 0;

  /** Begins with `decoder`, which is for `config`. */
  constructor(decoder: Decoder, config: CodecConfig, make: DecoderMaker) {
    this.#decoder = decoder;
    this.#config = config;
    this.#make = make;
  }

  get concealed(): number {
    return this.#concealedBefore + this.#decoder.concealed;
  }

  async decode(packets: readonly Packet[], signal: AbortSignal): Promise<PcmBlock[]> {
    const blocks: PcmBlock[] = [];
    let start = 0;
    for (const [i, { config }] of packets.entries()) {
      if (!config || config === this.#config) continue;
      if (i > start) blocks.push(...(await this.#decoder.decode(packets.slice(start, i), signal)));
      start = i;
      await this.#changeTo(config);
    }
    const rest = await this.#decoder.decode(start === 0 ? packets : packets.slice(start), signal);
    return blocks.length === 0 ? rest : [...blocks, ...rest];
  }

  reset(): void {
    this.#decoder.reset();
  }

  close(): void {
    this.#decoder.close();
  }

  async #changeTo(config: CodecConfig): Promise<void> {
    const next = await this.#make(config);
    this.#concealedBefore += this.#decoder.concealed;
    this.#decoder.close();
    this.#decoder = next;
    this.#config = config;
  }
}
