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
  readonly frames?: number;
  readonly framesTolerance?: number;
  readonly framesAlso?: readonly number[];
  readonly framesMin?: number;
  readonly framesMax?: number;
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
  readonly md5: string;
  readonly envelope: readonly number[];
}

async function read(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<Reading | { readonly error: unknown }> {
  try {
    const demuxer = await openDemuxer(new MemorySource(bytes), name, signal);
    const info = await demuxer.info(signal);
    const decoder = await createDecoder(info.config);
    const packetSizes: number[] = [];
    for await (const { data } of demuxer.packets(signal)) packetSizes.push(data.length);
    const hash = createHash('md5');
    const envelope = new Envelope(info.config.sampleRate);
    let frames = 0;
    for await (const block of decodeBlocks(demuxer, decoder, info, frameSpan(info), signal)) {
      frames += block.planes[0].length;
      hash.update(encodePcm(block, 's16le'));
      envelope.add(block);
    }
    return { info, frames, packetSizes, md5: hash.digest('hex'), envelope: envelope.windows };
  } catch (error) {
    return { error };
  }
}

function difference({ info, frames, packetSizes, md5, envelope }: Reading, expected: Expected): string | undefined {
  const { config } = info;
  if (expected.sampleRate !== undefined && !info.degraded && config.sampleRate !== expected.sampleRate) return `${config.sampleRate} Hz`;
  if (expected.channels !== undefined && !info.degraded && config.channels !== expected.channels) return `${config.channels} channels`;
  if (info.degraded) return `degraded: ${info.degraded}`;
  const isExactlyOne = [expected.frames, ...(expected.framesAlso ?? [])].some(
    (count) => count !== undefined && Math.abs(frames - count) <= (expected.framesTolerance ?? 0),
  );
  const isWithin = expected.framesMin !== undefined && frames >= expected.framesMin && frames <= (expected.framesMax ?? 0);
  if (expected.frames !== undefined && !isExactlyOne && !isWithin) return `${frames} frames, not ${expected.frames}`;
  if (expected.pcm?.md5_s16le && expected.pcm.frames === frames && md5 !== expected.pcm.md5_s16le) return 'the samples differ';
  if (expected.outcome === 'decodes' && hasPacketsOfOurs(info) && expected.packets) {
    if (packetSizes.length !== expected.packets) return `${packetSizes.length} packets, not ${expected.packets}`;
    const sizesMd5 = createHash('md5').update(packetSizes.join(',')).digest('hex');
    const hasAdtsHeaders = config.codec === 'aac' && (info.container === 'adts' || info.container === 'ts');
    const isComparable = !hasAdtsHeaders; // which the manifest counts
    if (isComparable && expected.packetSizesMd5 && sizesMd5 !== expected.packetSizesMd5) return 'the packet sizes differ';
  }
  return expected.pcm || expected.outcome !== 'decodes' ? undefined : envelopeDifference(envelope, expected.envelope100ms ?? []);
}

/** How PCM is cut into packets is each demuxer's own affair; the manifest's MP3 packets count the info frame, as a frame it is. */
const hasPacketsOfOurs = ({ container }: MediaInfo) => container !== 'wav' && container !== 'mp3';

function envelopeDifference(actual: readonly number[], expected: readonly number[]): string | undefined {
  const compared = Math.min(actual.length, expected.length) - 1; // the last window may be cut short
  let outliers = 0;
  for (let i = 0; i < compared; i++) {
    const areQuiet = actual[i] < FLOOR_DB && expected[i] < FLOOR_DB;
    if (!areQuiet && Math.abs(actual[i] - expected[i]) > ENVELOPE_TOLERANCE_DB) outliers++;
  }
  return outliers > 1 + compared * ENVELOPE_OUTLIERS ? `the envelope differs in ${outliers} of ${compared} windows` : undefined;
}

/** RMS of the mono mix per 100 ms, dBFS, as the manifest has it. */
class Envelope {
  readonly windows: number[] = [];
  readonly #size: number;
  #squares = 0;
  #count = 0;

  constructor(sampleRate: number) {
    this.#size = Math.floor(sampleRate / 10);
  }

  add({ planes }: PcmBlock): void {
    for (let i = 0; i < planes[0].length; i++) {
      let mono = 0;
      for (const plane of planes) mono += plane[i];
      this.#squares += (mono / planes.length) ** 2;
      if (++this.#count === this.#size) this.#close();
    }
  }

  #close(): void {
    this.windows.push(10 * Math.log10(Math.max(this.#squares / this.#size, 1e-10)));
    this.#squares = 0;
    this.#count = 0;
  }
}
