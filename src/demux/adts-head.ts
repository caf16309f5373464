import { AulosError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { adtsCodecConfig } from './adts-config.ts';
import { type AdtsFrame, findAdtsFrame, readAdtsFrame } from './adts-frames.ts';
import type { AdtsHeader } from './adts-header.ts';
import { SBR_PREROLL } from './audio-specific-config.ts';
import { ByteReader } from './byte-reader.ts';
import { readHeadTags } from './head-tags.ts';
import { hasInnerSbrOnly, mayHoldInnerSbr, mayHoldSbr } from './sbr-presence.ts';

/** Whether it is HE-AAC, and the average bit rate, are judged by the first packets. More would delay the first sound. */
const SAMPLE_PACKETS = 64;
const SAMPLE_BYTES = 32_768;

/** The very first packets say little of the bit rate: encoders spend what they have saved up, or begin with silence. */
const UNTYPICAL_PACKETS = 8;

/** What the first packets of an ADTS stream tell. */
export interface AdtsHead {
  readonly info: MediaInfo;
  /** With which the headers of all packets agree. */
  readonly header: AdtsHeader;
  /** Byte offset of the first header. */
  readonly start: number;
  /** On average, headers included. */
  readonly bytesPerPacket: number;
  /** Frames in a packet: 1,024, and with SBR twice as many; ADTS cannot say 960. */
  readonly packetFrames: number;
  /** Packets that a decoder needs before the one that is to sound. */
  readonly preroll: number;
}

/** For the overlap. */
const PREROLL = 1;

/** Reads tags and the first packets. @throws AulosError `media.malformed`, `media.truncated`, `media.unsupported`; what the source throws. */
export async function readAdtsHead(source: ByteSource, signal: AbortSignal): Promise<AdtsHead> {
  const reader = new ByteReader(source, signal);
  const metadata = await readHeadTags(reader, signal);
  const header = await findAdtsFrame(reader);
  const start = reader.position;
  const first = header && (await readAdtsFrame(reader, header));
  if (!first) throw new AulosError('media.malformed', { offset: reader.positionInside, what: 'ADTS frame' }, 'no AAC frame before the end');

  adtsCodecConfig(header, first, false); // refuses what is not played before more is read
  const sample = [first];
  let next: AdtsFrame | undefined = first;
  while (next && sample.length < SAMPLE_PACKETS && reader.position - start < SAMPLE_BYTES) {
    next = await readAdtsFrame(reader, header);
    if (next) sample.push(next);
  }
  const hasSbr = holdsSbr(sample, header);
  const { config, packetFrames } = adtsCodecConfig(header, first, hasSbr);
  const skipped = sample.length > 2 * UNTYPICAL_PACKETS ? UNTYPICAL_PACKETS : 0;
  const bytesPerPacket = (reader.position - sample[skipped].start) / (sample.length - skipped);
  const frames = next ? undefined : sample.length * packetFrames; // the sample is all there is
  const packets = source.length && (source.length - start) / bytesPerPacket;
  const estimate = packets && (Math.max(1, Math.round(packets)) * packetFrames) / config.sampleRate;
  const info: MediaInfo = {
    container: 'adts',
    config,
    duration: frames ? frames / config.sampleRate : estimate,
    durationIsExact: frames !== undefined,
    frames,
    bitRate: Math.round((bytesPerPacket * 8 * config.sampleRate) / packetFrames),
    encoderDelay: 0,
    padding: 0,
    ...metadata,
  };
  return { info, header, start, bytesPerPacket, packetFrames, preroll: hasSbr ? SBR_PREROLL : PREROLL };
}

/** First index of the rates, 24 kHz and below, that have SBR in more channels than two. */
const LOW_RATE_INDEX = 6;

/** Plain AAC rarely looks like HE-AAC even once; the first packets of HE-AAC may have no SBR yet. */
function holdsSbr(sample: readonly AdtsFrame[], { channelConfiguration, sampleRateIndex }: AdtsHeader): boolean {
  const isInside = hasInnerSbrOnly(channelConfiguration) && sampleRateIndex >= LOW_RATE_INDEX;
  const withSbr = sample.filter(({ data }) => mayHoldSbr(data) || (isInside && mayHoldInnerSbr(data, channelConfiguration))).length;
  return withSbr >= 3 && withSbr >= sample.length / 2;
}
