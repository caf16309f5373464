import { sleep } from '../base/abort.ts';
import { systemClock } from '../base/clock.ts';
import { Wake } from '../base/wake.ts';
import { frameSpan } from '../decode/gapless.ts';
import { createDecoder } from '../decode/registry.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { openDemuxer } from '../demux/probe.ts';
import { AulosError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { FileSource } from '../source/source.ts';
import { decodeBlocks } from './decode-blocks.ts';
import { HeldBytes } from './held-bytes.ts';
import { type Peaks, PeakTable } from './peak-table.ts';

/** What is wanted of {@link Waveform.peaks}. */
export interface PeaksOptions {
  /** How many pairs of a lowest and a highest sample, evenly spread over the track; 1 to 65,536. */
  readonly buckets: number;
  readonly signal: AbortSignal;
  /** Told what is known so far, about four times a second while it grows. */
  readonly onProgress?: (peaks: Peaks) => void;
}

const SIDECAR = 'peaks';
const MAX_BUCKETS = 65_536;
const TELL_MS = 250;

/**
 * The waveform of one track. It is decoded for it once, apart from playing and as its bytes arrive, which is never faster for that; what is
 * known is kept beside the asset.
 */
export class Waveform {
  readonly #source: FileSource;
  readonly #info: () => MediaInfo;
  /** That of the bytes which the waveform is of. */
  readonly #generation: number;
  readonly #table = new PeakTable();
  readonly #grown = new Wake();
  #stored: Promise<void> | undefined;
  #askers = 0;
  #pass: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  #error: unknown;

  /** `info` gives what is known of the track by then. */
  constructor(source: FileSource, info: () => MediaInfo) {
    this.#source = source;
    this.#info = info;
    this.#generation = source.generation;
  }

  /**
   * Resolves when the whole waveform is known. Asks for no bytes: what is not downloaded is waited for.
   * @throws AulosError `input.invalid`, `source.live`, of the source, `media.*`, `decode.*`; `signal.reason`.
   */
  async peaks({ buckets, signal, onProgress }: PeaksOptions): Promise<Peaks> {
    signal.throwIfAborted();
    if (!(Number.isInteger(buckets) && buckets >= 1 && buckets <= MAX_BUCKETS)) {
      throw new AulosError('input.invalid', { input: `${buckets}` }, `a waveform has 1 to ${MAX_BUCKETS} buckets, not ${buckets}`);
    }
    if (this.#source.isLive) throw new AulosError('source.live', { url: this.#source.url }, 'a live stream has no waveform');
    this.#stored ??= this.#restore();
    await this.#stored;
    this.#askers++;
    try {
      for (;;) {
        const { count } = this.#grown;
        if (this.#table.isWhole) return this.#spread(buckets);
        if (!this.#pass) this.#begin();
        else if (this.#error) throw this.#error;
        onProgress?.(this.#spread(buckets));
        await this.#grown.after(count, signal);
        if (onProgress) await Promise.race([sleep(TELL_MS, signal, systemClock), this.#pass?.done]);
      }
    } finally {
      if (--this.#askers === 0) this.#end();
    }
  }

  /** Stops what is under way, and keeps what is known. */
  async close(): Promise<void> {
    const pass = this.#pass;
    this.#end();
    await pass?.done;
  }

  #spread(buckets: number): Peaks {
    const { frames, duration = 0, config } = this.#info();
    return this.#table.peaks(buckets, frames ?? Math.round(duration * config.sampleRate));
  }

  #begin(): void {
    const controller = new AbortController();
    this.#error = undefined;
    const done = this.#decode(controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) this.#error = error;
    });
    this.#pass = { controller, done: done.then(() => this.#keep()).then(() => this.#grown.signal()) };
  }

  #end(): void {
    this.#pass?.controller.abort();
    this.#pass = undefined;
  }

  async #decode(signal: AbortSignal): Promise<void> {
    const info = this.#info();
    const demuxer = await openDemuxer(new HeldBytes(this.#source, signal), this.#source.url, signal);
    await demuxer.info(signal);
    const decoder = await createDecoder(info.config);
    try {
      const span = frameSpan(info, await this.#startIn(demuxer, signal));
      for await (const block of decodeBlocks(demuxer, decoder, info, span, signal)) {
        this.#table.add(block);
        this.#grown.signal();
      }
      this.#table.end();
    } finally {
      decoder.close();
    }
  }

  /** Goes on where an earlier pass ended, in seconds; from the start if the place could only be guessed. */
  async #startIn(demuxer: Demuxer, signal: AbortSignal): Promise<number> {
    const seconds = this.#table.frames / this.#info().config.sampleRate;
    return seconds > 0 && (await demuxer.seek(seconds, signal)).exact ? seconds : 0;
  }

  async #restore(): Promise<void> {
    const bytes = await this.#source.sidecars?.readSidecar(SIDECAR).catch(() => undefined); // without it the waveform is made anew
    if (bytes) this.#table.adopt(bytes);
  }

  /** Never rejects: where nothing can be kept, it is made anew. */
  async #keep(): Promise<void> {
    const { sidecars, generation } = this.#source;
    if (this.#table.frames > 0 && generation === this.#generation)
      await sidecars?.writeSidecar(SIDECAR, this.#table.toBytes()).catch(() => {});
  }
}
