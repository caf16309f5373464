import { frameSpan } from '../decode/gapless.ts';
import { AulosError } from '../errors.ts';
import type { Aulos, OpenOptions } from '../node.ts';
import type { SampleFormat } from '../playback/pcm-encoding.ts';
import { fileSink, streamSink } from '../playback/pcm-sink.node.ts';
import type { Sink } from '../playback/sink.ts';
import type { Track } from '../playback/track.ts';
import { showProgress } from './progress.node.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';
import { soundInto } from './sounding.node.ts';
import { formatSeconds } from './units.ts';

export const decodeFormats = ['wav', 's16le', 's24le', 'f32le'] as const;

export interface DecodeOptions extends CommonOptions {
  /** A file, or `-` for stdout. */
  readonly output: string;
  readonly format: (typeof decodeFormats)[number];
  /** Seconds. */
  readonly start?: number;
  readonly end?: number;
  readonly decoder: OpenOptions['decoder'];
}

/** `aulos decode URL -o FILE`: writes PCM while the file downloads. */
export async function decodeCommand(aulos: Aulos, url: string, options: DecodeOptions, signal: AbortSignal): Promise<CommandResult> {
  const { start, end, json, output, decoder } = options;
  if (end !== undefined && end <= (start ?? 0)) {
    throw new AulosError('input.invalid', { input: String(end) }, 'the end must come after the start');
  }
  const isExcerpt = start !== undefined || end !== undefined;
  using _ = await showProgress(aulos.events, { json });
  await using track = await aulos.open(url, { signal, whole: !isExcerpt, decoder });
  await using sink = await sinkFor(track, options);
  const frames = await play(track, sink, { start, end }, signal);
  if (!isExcerpt) await track.download({ signal });
  const seconds = frames / track.info.config.sampleRate;
  const result = { url, output, frames, seconds, ...(track.info.degraded && { degraded: track.info.degraded }) };
  return { json: result, text: `${formatSeconds(seconds)} decoded to ${output}`, stdoutIsTaken: output === '-' };
}

async function sinkFor(track: Track, { output, format, start, end }: DecodeOptions): Promise<Sink> {
  const frames = promisedFrames(track, start, end);
  const pcm = { format: sampleFormat(track, format), wav: format === 'wav', frames };
  return output === '-' ? streamSink(process.stdout, pcm) : fileSink(output, pcm);
}

/** Frames between two seconds, when the track tells its length. */
function promisedFrames({ info }: Track, startSeconds?: number, endSeconds?: number): number | undefined {
  if (info.frames === undefined) return undefined;
  const { start, end } = frameSpan(info, startSeconds, endSeconds);
  return end - start;
}

/** A WAV has the width of the track where that is lossless, and 16 bits where it is not. */
function sampleFormat(track: Track, format: DecodeOptions['format']): SampleFormat {
  if (format !== 'wav') return format;
  const bits = track.info.bitsPerSample ?? 16;
  return bits <= 16 ? 's16le' : bits <= 24 ? 's24le' : 'f32le';
}

/** Decodes a span into the sink; gives the frames written. */
async function play(track: Track, sink: Sink, span: { start?: number; end?: number }, signal: AbortSignal): Promise<number> {
  const { sampleRate, channels } = track.info.config;
  const promised = promisedFrames(track, span.start, span.end) ?? 0;
  let frames = 0;
  const blocks = async function* (signal: AbortSignal) {
    for await (const block of track.blocks({ ...span, signal })) {
      frames += block.planes[0].length;
      yield block;
    }
    if (frames < promised) throw cutShort(track, frames, promised);
  };
  await soundInto(sink, { sampleRate, channels, blocks }, signal);
  return frames;
}

/** The file is whole as the server has it, and ends before its sound does. */
function cutShort({ info, source }: Track, frames: number, promised: number): AulosError<'media.truncated'> {
  const [there, said] = [frames, promised].map((count) => formatSeconds(count / info.config.sampleRate));
  const details = { offset: source.length ?? 0, what: 'sound' };
  return new AulosError('media.truncated', details, `the sound ends after ${there} of ${said}`);
}
