import { writeFile } from 'node:fs/promises';
import type { Anatomy } from '../demux/anatomy.ts';
import { FrameIndexKeeper } from '../demux/frame-index-keeper.ts';
import { openDemuxer } from '../demux/probe.ts';
import { AulosError } from '../errors.ts';
import type { Aulos } from '../node.ts';
import { fileError } from '../playback/pcm-sink.node.ts';
import type { Track } from '../playback/track.ts';
import { inspectionReport } from './inspection-report.node.ts';
import { printPackets } from './packet-lines.node.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';

export interface InspectOptions extends CommonOptions {
  /** Print every packet as a line of JSON. */
  readonly packets?: boolean;
  /** Where to write the cover. */
  readonly picture?: string;
}

/** `aulos inspect URL`: what a file is, fetching no more than its head and what its tags lie in; with `--packets`, all of it. */
export async function inspectCommand(aulos: Aulos, url: string, options: InspectOptions, signal: AbortSignal): Promise<CommandResult> {
  await using track = await aulos.open(url, { signal, whole: false });
  await track.metadata({ signal });
  if (options.picture !== undefined) await savePicture(track, options.picture, signal);
  const json = { url, ...(await inspectionOf(track, signal)) };
  if (options.packets) await printPackets(track, signal);
  return { json, text: inspectionReport(json), stdoutIsTaken: options.packets };
}

/** What `--json` tells. */
export type Inspection = Awaited<ReturnType<typeof inspectionOf>>;

async function inspectionOf(track: Track, signal: AbortSignal) {
  const { anatomy, index } = await dissect(track, signal);
  const { info, source } = track;
  const { config } = info;
  return {
    container: info.container,
    codec: config.codecString,
    sampleRate: config.sampleRate,
    channels: config.channels,
    bitsPerSample: info.bitsPerSample,
    bitRate: info.bitRate && Math.round(info.bitRate),
    duration: info.duration,
    durationIsExact: info.durationIsExact,
    frames: info.frames,
    encoderDelay: info.encoderDelay,
    padding: info.padding,
    degraded: info.degraded,
    mediaType: source.mediaType,
    length: source.length,
    parts: anatomy?.parts ?? [],
    seeksBy: anatomy?.seeksBy,
    index,
    tags: info.tags,
    replayGain: info.replayGain,
    links: info.links?.map(({ start, tags }) => ({ start, tags })),
    chapters: info.chapters,
    pictures: info.pictures.map(({ type, mediaType, description, place }) => ({
      type,
      mediaType,
      description,
      bytes: place.size ?? place.end - place.start - place.skip,
    })),
    phase: source.phase,
    held: source.held.toArray(),
  };
}

/** The state of the index of frames that is kept beside the bytes. */
interface IndexState {
  /** Seconds of the decoded timeline of which packets are known. */
  readonly seconds: number;
  readonly isWhole: boolean;
  /** Bytes that it takes. */
  readonly bytes: number;
}

/** Opens the file once more, as those do who play it, to look at what they keep to themselves. */
async function dissect({ source, info }: Track, signal: AbortSignal): Promise<{ anatomy?: Anatomy; index?: IndexState }> {
  const reader = source.reader();
  try {
    const demuxer = await openDemuxer(reader, source.url, signal);
    await FrameIndexKeeper.open(demuxer, source);
    const { frameIndex } = demuxer;
    const index = frameIndex && {
      seconds: frameIndex.covered / info.config.sampleRate,
      isWhole: frameIndex.isWhole,
      bytes: frameIndex.size,
    };
    return { anatomy: await demuxer.anatomy?.(signal), index };
  } finally {
    reader.close();
  }
}

/** The front cover, or the first picture if none is called so. */
async function savePicture(track: Track, output: string, signal: AbortSignal): Promise<void> {
  const { pictures } = track.info;
  const picture = pictures.find(({ type }) => type === 'front cover') ?? pictures[0];
  if (!picture) throw new AulosError('input.invalid', { input: '--picture' }, 'the file has no picture');
  const { bytes } = await track.picture(picture, { signal });
  await writeFile(output, bytes).catch((error: unknown) => {
    throw error instanceof Error && 'syscall' in error ? fileError(output, error) : error;
  });
}
