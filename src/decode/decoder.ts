import type { CodecConfig, Packet, PcmBlock } from '../media.ts';
import type { Breather, Steps } from './steps.ts';

/**
 * Takes packets, gives PCM blocks on the decoded timeline.
 *
 * A packet that cannot be decoded is concealed by silence of its duration and counted in `concealed`; more than three in one second of
 * media reject with `decode.failed`. Output is clamped to ±8 and free of NaN.
 */
export interface Decoder {
  /** Packets concealed so far. */
  readonly concealed: number;
  /**
   * Decodes packets that follow each other; about 100 ms of them at a time is a good batch. Gives one block per run of equal format (a
   * change of rate or channels begins another), freshly allocated and owned by the caller. `packets` may be reused after it resolves.
   * @throws AulosError `decode.failed`.
   */
  decode(packets: readonly Packet[], signal: AbortSignal): Promise<PcmBlock[]>;
  /** Forgets what earlier packets left behind (overlap, bit reservoir); the next packet begins anew, as after a seek. */
  reset(): void;
  close(): void;
}

/**
 * The kernel of one codec of the shared family: synchronous, one packet at a time, no allocation once warm.
 * Each codec folder exports one class that implements it; `shared.ts` turns it into a {@link Decoder}.
 */
export interface PacketDecoder {
  /**
   * Set while the kernel is not ready to decode, as WebAssembly after its creation, a reset, or a failure.
   * @throws AulosError `decode.unavailable` when it cannot be.
   */
  readonly ready?: Promise<void> | undefined;
  /**
   * Decodes one packet. The result and its planes are owned by the decoder and valid until its next call. The first packet after a start,
   * a reset or a failure may give fewer frames than it lasts; those at its beginning are missing then.
   * @throws AulosError `decode.failed` with what broke; the decoder stays usable for the next packet.
   */
  decode(data: Uint8Array): DecodedFrames;
  /**
   * As `decode`, for kernels whose first packets take long. Other packets, and a reset, have to wait for the last step; kernels of other
   * streams need not.
   */
  decodeInSteps?(data: Uint8Array): Steps<DecodedFrames>;
  /** As {@link Decoder.reset}. */
  reset(): void;
}

/** Planar samples that a {@link PacketDecoder} lends until its next call. */
export interface DecodedFrames {
  /** At least `channels` planes of at least `frames` samples. */
  readonly planes: readonly Float32Array[];
  readonly frames: number;
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
}

/**
 * Makes the kernel for a config, with a breath now and then if that takes long; the registry loads it on demand.
 * @throws AulosError `media.unsupported`, `decode.unavailable`.
 */
export type PacketDecoderFactory = (config: CodecConfig, breathe: Breather) => PacketDecoder | Promise<PacketDecoder>;
