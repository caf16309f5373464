import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { StreamConfig } from '../engine/frame.ts';
import { AulosError } from '../errors.ts';
import type { PcmBlock } from '../media.ts';
import { bytesPerSample, encodePcm, type SampleFormat } from './pcm-encoding.ts';
import type { Sink } from './sink.ts';
import { type WavFormat, wavHeader } from './wav-header.ts';

/** How samples are written, and whether a WAV header goes before them. */
export interface PcmOutput {
  readonly format: SampleFormat;
  readonly wav: boolean;
  /** Frames in all, when known before: lets a WAV on a pipe carry its true size. */
  readonly frames?: number;
}

/** A file is written in pieces of about this size: one of every block takes more CPU than coding its samples. */
const GATHERED_BYTES = 256 * 1024;

/** Where a {@link PcmSink} puts its bytes. */
interface Target {
  /** The bytes are lent until it resolves. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Replaces the header when the real size is known; does nothing where that cannot be done. */
  finish(header: Uint8Array | undefined): Promise<void>;
  abandon(): Promise<void>;
}

/** Writes raw PCM or WAV to `stream` (which stays open). Rejects with `store.io` when the reader of a pipe goes away. */
export function streamSink(stream: Writable, output: PcmOutput): Sink {
  const watching = new AbortController();
  // One listener for the life of the sink, which also keeps an EPIPE from being an uncaught error event.
  const gone = finished(stream, { signal: watching.signal }).then(
    () => Promise.reject(brokenPipe(undefined)),
    (error) => Promise.reject(brokenPipe(error)),
  );
  gone.catch(() => {}); // seen by the write that waits, or by nobody
  const target: Target = {
    async write(bytes, signal) {
      if (stream.write(bytes.slice())) return;
      const drained = once(stream, 'drain', { signal }).catch((error) => (signal.aborted ? Promise.reject(error) : gone));
      await Promise.race([drained, gone]);
    },
    async finish() {
      const written = new Promise<void>((resolve) => stream.write('', () => resolve()));
      await Promise.race([written, gone]);
      watching.abort();
    },
    async abandon() {
      watching.abort();
    },
  };
  return new PcmSink(target, output);
}

/** Writes raw PCM or WAV to a file, which appears under its name only when it is whole. @throws AulosError `store.denied`, `store.io`. */
export async function fileSink(path: string, output: PcmOutput): Promise<Sink> {
  const temporary = `${path}.${process.pid}.part`;
  const failed = (error: unknown) => fileError(path, error);
  const file: FileHandle = await open(temporary, 'wx').catch((error) => {
    throw failed(error);
  });
  const gathered = new Uint8Array(GATHERED_BYTES);
  let length = 0;
  const writeOut = async (bytes: Uint8Array) => {
    await file.writeFile(bytes).catch((error) => {
      throw failed(error);
    });
  };
  const target: Target = {
    async write(bytes) {
      if (length + bytes.length > GATHERED_BYTES) {
        await writeOut(gathered.subarray(0, length));
        length = 0;
      }
      if (bytes.length > GATHERED_BYTES) return writeOut(bytes);
      gathered.set(bytes, length);
      length += bytes.length;
    },
    async finish(header) {
      await writeOut(gathered.subarray(0, length));
      try {
        if (header) await file.write(header, 0, header.length, 0);
        await file.close();
        await rename(temporary, path);
      } catch (error) {
        throw failed(error);
      }
    },
    async abandon() {
      await file.close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
  return new PcmSink(target, output);
}

class PcmSink implements Sink {
  readonly #target: Target;
  readonly #output: PcmOutput;
  #wav: WavFormat | undefined;
  /** Room for the samples of a block. */
  #room: Uint8Array = new Uint8Array(0);
  #bytes = 0;
  #isFinished = false;

  constructor(target: Target, output: PcmOutput) {
    this.#target = target;
    this.#output = output;
  }

  async configure({ sampleRate, channels }: StreamConfig): Promise<void> {
    if (this.#wav && (this.#wav.sampleRate !== sampleRate || this.#wav.channels !== channels)) {
      const what = `${sampleRate} Hz, ${channels} channels`;
      throw new AulosError('output.device', { reason: what }, `the sound changes to ${what} midway, which a PCM file cannot hold`);
    }
    this.#wav ??= { sampleRate, channels, format: this.#output.format };
  }

  async write(block: PcmBlock, _epoch: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#bytes === 0 && this.#output.wav) await this.#target.write(this.#header(this.#output.frames), signal);
    const bytes = encodePcm(block, this.#output.format, this.#room);
    if (bytes.length > this.#room.length) this.#room = bytes;
    this.#bytes += bytes.length;
    await this.#target.write(bytes, signal);
  }

  /** What is written stays written: nothing jumps in a file. */
  flush(): void {}

  async drain(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isFinished) return;
    const frames = this.#wav && this.#bytes / this.#bytesPerFrame();
    if (this.#bytes === 0 && this.#output.wav && this.#wav) await this.#target.write(this.#header(0), signal);
    await this.#target.finish(this.#output.wav && this.#wav ? this.#header(frames) : undefined);
    this.#isFinished = true;
  }

  async close(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    await this.#target.abandon();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #header(frames: number | undefined): Uint8Array {
    return wavHeader(this.#wav!, frames === undefined ? undefined : frames * this.#bytesPerFrame());
  }

  #bytesPerFrame(): number {
    return this.#wav!.channels * bytesPerSample[this.#output.format];
  }
}

function brokenPipe(cause: unknown): AulosError {
  return new AulosError('store.io', { errno: 'EPIPE' }, 'the reader of the output went away', { cause });
}

/** Names what the file system said about an output at `path`. */
export function fileError(path: string, cause: unknown): AulosError {
  const errno = (cause as NodeJS.ErrnoException).code;
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') {
    return new AulosError('store.denied', { path, errno }, `${path} cannot be written: permission denied`, { cause });
  }
  return new AulosError('store.io', { path, errno }, `${path} cannot be written: ${errno ?? String(cause)}`, { cause });
}
