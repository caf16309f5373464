import type { CodecConfig } from '../media.ts';
import type { Decoder } from './decoder.ts';

/** The decoders that a platform brings: WebCodecs in browsers, a package of FFmpeg in Node where the application has installed one. */
export interface NativeDecoders {
  /** What it is, such as `WebCodecs`. */
  readonly name: string;
  /**
   * True if the platform decodes this. Where a packet of the codec is at hand it is tried: platforms say yes to what they then fail at.
   * The answer is remembered.
   */
  supports(config: CodecConfig): Promise<boolean>;
  /** A decoder, ready for its first packet; only for what is supported. */
  create(config: CodecConfig): Decoder;
}

/**
 * Which family decodes: `shared` is ours, the same sound everywhere; `native` is the platform's; `auto` is ours wherever it decodes the
 * stream, and else the platform's: ours survive damage, and begin sooner once they were rehearsed (`node bench/decoder-start.mjs`), save HE-AAC.
 */
export type DecoderChoice = 'auto' | 'native' | 'shared';
