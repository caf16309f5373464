import { createHash } from 'node:crypto';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { isAulosError } from '../../src/errors.ts';
import type { MediaInfo, PcmBlock } from '../../src/media.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import { encodePcm } from '../../src/playback/pcm-encoding.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import type { CorpusFile } from '../tools.ts';

/** The fields of a manifest entry that are asserted; the manifest's own README says what they mean. */
interface Expected {
  readonly outcome: Outcome;
  readonly alsoAccept?: readonly Outcome[];
  readonly container: string;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** 0 where no tool could count them. */
  readonly packets?: number;
  readonly packetSizesMd5?: string;
  readonly firstPacketSizes?: readonly number[];
  readonly frames?: number;
  readonly framesTolerance?: number;
  readonly framesAlso?: readonly number[];
  readonly framesMin?: number;
  readonly framesMax?: number;
  readonly framesByTool?: Readonly<Record<string, number>>;
  /** What ffmpeg decodes, which the envelope is of. */
  readonly tool_frames_ffmpeg?: number;
  readonly ogg?: { readonly framesByGranule?: number; readonly chainLinks?: number };
  readonly envelope100ms?: readonly number[];
  readonly pcm?: { readonly frames: number; readonly md5_s16le?: string };
}

type Outcome = 'decodes' | 'recoverable' | 'reject';

/** Windows quieter than this are compared by "quiet as well". */
const FLOOR_DB = -60;
const ENVELOPE_TOLERANCE_DB = 2;
/** A lossy decoder's edges move by its delay; so much of the envelope may be off for that. */
const ENVELOPE_OUTLIERS = 0.1;

/** What is wrong with our reading of a file of the corpus; undefined when nothing is. */
export async function failureOf(file: CorpusFile, bytes: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
  const expected = file.expected as unknown as Expected;
  const accepted = new Set<Outcome>([expected.outcome, ...(expected.alsoAccept ?? [])]);
  const result = await read(bytes, file.file, signal);
  if ('error' in result) {
    const { error } = result;
    const isTyped = isAulosError(error) && /^(media|decode)\./.test(error.code) && 'offset' in error.details;
    if (!isTyped) return `an untyped error: ${error}`;
    return accepted.has('reject') ? undefined : `rejected: ${error.message}`;
  }
  if (accepted.has('reject') && accepted.size === 1) return `decoded ${result.frames} frames of what must be rejected`;
  return accepted.has('reject') ? undefined : difference(result, expected);
}

interface Reading {
  readonly info: MediaInfo;
  readonly frames: number;
  readonly packetSizes: readonly number[];
  /** Frames of the longest packet. */
  readonly packetFrames: number;
  readonly md5: string;
  /** Of the sound from frame `lead` on. */
  readonly envelope: (lead: number) => readonly number[];
}

async function read(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<Reading | { readonly error: unknown }> {
  try {
    const demuxer = await openDemuxer(new MemorySource(bytes), name, signal);
    const info = await demuxer.info(signal);
    const decoder = await createDecoder(info.config);
    const packetSizes: number[] = [];
    let packetFrames = 0;
    for await (const { data, duration } of demuxer.packets(signal)) {
      packetSizes.push(data.length);
      packetFrames = Math.max(packetFrames, duration);
    }
    const hash = createHash('md5');
    const envelope = new Envelope(info.config.sampleRate);
    let frames = 0;
    for await (const block of decodeBlocks(demuxer, decoder, info, frameSpan(info), signal)) {
      frames += block.planes[0].length;
      hash.update(encodePcm(block, 's16le'));
      envelope.add(block);
    }
    return { info, frames, packetSizes, packetFrames, md5: hash.digest('hex'), envelope: (lead) => envelope.from(lead) };
  } catch (error) {
    return { error };
  }
}

function difference(reading: Reading, expected: Expected): string | undefined {
  const { info, frames, md5 } = reading;
  const { config } = info;
  if (expected.sampleRate !== undefined && !info.degraded && config.sampleRate !== expected.sampleRate) return `${config.sampleRate} Hz`;
  if (expected.channels !== undefined && !info.degraded && config.channels !== expected.channels) return `${config.channels} channels`;
  if (info.degraded) return `degraded: ${info.degraded}`;
  if (expected.frames !== undefined && !areExpected(reading, expected)) return `${frames} frames, not ${expected.frames}`;
  if (expected.pcm?.md5_s16le && expected.pcm.frames === frames && md5 !== expected.pcm.md5_s16le) return 'the samples differ';
  if (info.durationIsExact && info.frames !== frames) return `${frames} frames, after it told ${info.frames}`;
  if (info.durationIsExact && info.duration !== frames / config.sampleRate) return `a duration of ${info.duration} s`;
  const packets = expected.outcome === 'decodes' ? packetsDifference(reading, expected) : undefined;
  if (packets) return packets;
  return expected.pcm || expected.outcome !== 'decodes' ? undefined : envelopeDifference(reading, expected);
}

/**
 * Where tools repair damage each in its way, what we hold to is one of them, or better: every packet that the manifest counts is played,
 * concealed if need be (tools drop some), and what lost pages of Ogg held is silence (RFC 3533 §6: the granule position tells the time).
 */
function areExpected({ frames, packetSizes, packetFrames }: Reading, expected: Expected): boolean {
  const { framesTolerance = 0, framesAlso = [], framesMin = Infinity, framesMax = 0, packets = 0, ogg } = expected;
  if ([expected.frames!, ...framesAlso].some((count) => Math.abs(frames - count) <= framesTolerance)) return true;
  if (frames >= framesMin && frames <= framesMax) return true;
  if (expected.outcome !== 'recoverable') return false;
  const isConcealed = packetSizes.length <= packets && frames === packetSizes.length * packetFrames && frames >= framesMin;
  return isConcealed || frames === ogg?.framesByGranule;
}

/**
 * The manifest has the packets of ffprobe, to which an info frame of MP3 is a frame as any other, and a packet of ADTS has its header (7
 * bytes, or 9 with a CRC). It also takes what is left over behind the last frame of MP3 for a packet, and leaves the first frame of
 * Layers I and II out; mpg123 counts right. An empty packet at the end of Vorbis is nothing to hand on,
 * nor are the three headers of each further link. How PCM is cut into packets is each demuxer's own affair.
 */
function packetsDifference({ info, packetSizes, packetFrames }: Reading, expected: Expected): string | undefined {
  const { packets, packetSizesMd5, firstPacketSizes = [], framesByTool } = expected;
  if (!packets || info.container === 'wav') return undefined;
  const isMp3 = info.container === 'mp3';
  if (isMp3 && packetSizes.length * packetFrames === framesByTool?.['mpg123 --no-gapless']) return undefined;
  const laterHeaders = info.config.codec === 'vorbis' ? 3 * ((expected.ogg?.chainLinks ?? 1) - 1) : 0;
  if (laterHeaders > 0 && packetSizes.length + laterHeaders === packets) return undefined;
  const isOneShort = packetSizes.length === packets - 1;
  const first = isMp3 && isOneShort ? firstPacketSizes.slice(0, 1) : [];
  const last = info.config.codec === 'vorbis' && isOneShort ? [0] : [];
  const sizes = [...first, ...packetSizes, ...last];
  if (sizes.length !== packets) return `${packetSizes.length} packets, not ${packets}`;
  const hasAdtsHeaders = info.config.codec === 'aac' && (info.container === 'adts' || info.container === 'ts');
  const md5Of = (header: number) =>
    createHash('md5')
      .update(sizes.map((size) => size + header).join(','))
      .digest('hex');
  const isSame = (hasAdtsHeaders ? [7, 9] : [0]).some((header) => md5Of(header) === packetSizesMd5);
  return packetSizesMd5 && !isSame ? 'the packet sizes differ' : undefined;
}

/**
 * ffmpeg, which made the envelopes, drops the first packet of some tracks; and the raw output of a track whose channels change is no
 * mono mix, nor of that length, so that there is nothing to compare with.
 */
function envelopeDifference({ info, frames, packetFrames, envelope }: Reading, expected: Expected): string | undefined {
  const told = expected.envelope100ms ?? [];
  if (told.length > Math.ceil(frames / windowOf(info.config.sampleRate)) + 1) return undefined;
  const missing = frames - (expected.tool_frames_ffmpeg ?? frames);
  const leads = missing > 0 && missing <= packetFrames ? [missing, 0] : [0];
  const results = leads.map((lead) => outliersOf(envelope(lead), told));
  return results.includes(undefined) ? undefined : results[0];
}

function outliersOf(actual: readonly number[], expected: readonly number[]): string | undefined {
  const compared = Math.min(actual.length, expected.length) - 1; // the last window may be cut short
  let outliers = 0;
  for (let i = 0; i < compared; i++) {
    const areQuiet = actual[i] < FLOOR_DB && expected[i] < FLOOR_DB;
    if (!areQuiet && Math.abs(actual[i] - expected[i]) > ENVELOPE_TOLERANCE_DB) outliers++;
  }
  return outliers > 1 + compared * ENVELOPE_OUTLIERS ? `the envelope differs in ${outliers} of ${compared} windows` : undefined;
}

/** Frames of 100 ms. */
const windowOf = (sampleRate: number): number => Math.floor(sampleRate / 10);

/** RMS of the mono mix per 100 ms, dBFS, as the manifest has it: of the first 60 windows. */
class Envelope {
  readonly #size: number;
  /** The mono mix of what is compared, and of the longest lead there may be before it. */
  readonly #mono: Float32Array;
  #count = 0;

  constructor(sampleRate: number) {
    this.#size = windowOf(sampleRate);
    this.#mono = new Float32Array(61 * this.#size);
  }

  add({ planes }: PcmBlock): void {
    for (let i = 0; i < planes[0].length && this.#count < this.#mono.length; i++) {
      let mono = 0;
      for (const plane of planes) mono += plane[i];
      this.#mono[this.#count++] = mono / planes.length;
    }
  }

  from(lead: number): number[] {
    const windows: number[] = [];
    for (let at = lead; at + this.#size <= this.#count; at += this.#size) {
      const squares = this.#mono.subarray(at, at + this.#size).reduce((sum, value) => sum + value ** 2, 0);
      windows.push(10 * Math.log10(Math.max(squares / this.#size, 1e-10)));
    }
    return windows;
  }
}
