import { AulosError } from '../errors.ts';
import type { Container } from '../media.ts';
import type { SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import { adtsDemuxer } from './adts.ts';
import { ADTS_HEADER_BYTES, parseAdtsHeader } from './adts-header.ts';
import { aiffDemuxer } from './aiff.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer, DemuxerFactory } from './demuxer.ts';
import { flacDemuxer } from './flac.ts';
import { skipForeignTag } from './foreign-tags.ts';
import { skipId3v2 } from './id3.ts';
import { mp3Demuxer } from './mp3.ts';
import { areOfOneStream, HEADER_BYTES, parseMpegAudioHeader } from './mpeg-audio-header.ts';
import { packetPrefixAt } from './transport-packets.ts';
import { wavDemuxer } from './wav.ts';

/** What people have, and aulos does not play, by the name that they know. */
type Refused = 'WebM or Matroska' | 'AAC in LATM';

/** Magic that begins a file, as Latin-1; `.` is any byte. The longest is 12 bytes. */
const MAGIC: readonly (readonly [RegExp, Container | Refused])[] = [
  [/^fLaC/, 'flac'],
  [/^(RIFF|RF64|RIFX|BW64)....WAVE/s, 'wav'],
  [/^....(ftyp|styp|moov|moof|mdat|sidx|free|skip|wide|pnot|uuid|emsg)/s, 'mp4'],
  [/^OggS/, 'ogg'],
  [/^FORM....AIF[FC]/s, 'aiff'],
  [/^.E\xdf\xa3/s, 'WebM or Matroska'],
];

const byMediaType: Readonly<Record<string, Container>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/aac': 'adts',
  'audio/aacp': 'adts',
  'audio/x-aac': 'adts',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
  'audio/mp4': 'mp4',
  'audio/x-m4a': 'mp4',
  'video/mp4': 'mp4',
  'video/mp2t': 'ts',
};

const byExtension: Readonly<Record<string, Container>> = {
  mp3: 'mp3',
  mp2: 'mp3',
  mp1: 'mp3',
  aac: 'adts',
  adts: 'adts',
  flac: 'flac',
  m4a: 'mp4',
  mp4: 'mp4',
};

/** mp4box is large, Ogg and transport streams are rare, so their demuxers are chunks of their own; the others are small and wait for nothing. */
const factories: Record<Container, () => Promise<DemuxerFactory>> = {
  mp3: async () => mp3Demuxer,
  adts: async () => adtsDemuxer,
  flac: async () => flacDemuxer,
  wav: async () => wavDemuxer,
  aiff: async () => aiffDemuxer,
  mp4: async () => (await import('./mp4.ts')).mp4Demuxer,
  ogg: async () => (await import('./ogg.ts')).oggDemuxer,
  ts: async () => (await import('./ts.ts')).tsDemuxer,
};

/**
 * The demuxer for what lies in `source`. Told from the bytes first (magic behind tags, then two agreeing frame headers), from the
 * media type second, from the extension of `url` last.
 * @throws AulosError `media.unsupported`, `media.truncated` for an empty resource; what the source throws.
 */
export async function openDemuxer(
  source: ByteSource,
  url: string,
  signal: AbortSignal,
  segmentIndex?: () => SegmentIndex | undefined,
): Promise<Demuxer> {
  const reader = new ByteReader(source, signal);
  await skipId3v2(reader);
  await skipForeignTag(reader); // APEv2, which some program put there
  const start = reader.position;
  const unsupported = (what: string, message: string) =>
    new AulosError('media.unsupported', { offset: Math.min(start, source.length ?? start), what }, message);
  await reader.need(12);
  const head = reader.ascii(Math.min(12, reader.available));
  if (start === 0 && head === '') throw new AulosError('media.truncated', { offset: 0, what: 'file' }, 'the file is empty');
  const container = containerByMagic(head) ?? (await containerByRepetition(reader)) ?? containerByName(source.mediaType, url);
  if (!container) {
    const bytes = hex(head.slice(0, 8));
    throw unsupported(`bytes ${bytes}`, `this is no audio format that aulos knows (it begins with ${bytes})`);
  }
  const load = container in factories ? factories[container as Container] : undefined;
  if (!load) throw unsupported(container, `${container} is not what aulos plays`);
  return (await load())(source, segmentIndex);
}

const containerByMagic = (head: string) => MAGIC.find(([pattern]) => pattern.test(head))?.[1];

async function containerByRepetition(reader: ByteReader): Promise<Container | Refused | undefined> {
  if ((await packetPrefixAt(reader)) !== undefined) return 'ts';
  return (await isLoas(reader)) ? 'AAC in LATM' : containerByHeaders(reader);
}

/** LOAS, in which LATM is stored (ISO/IEC 14496-3 §1.7.2): sync word 0x2b7 11 │ bytes that follow 13, twice. */
async function isLoas(reader: ByteReader): Promise<boolean> {
  const start = reader.position;
  await reader.need(3);
  if (reader.available < 3 || reader.u24be() >> 13 !== 0x2b7) return false;
  reader.skip(3 + (reader.u24be() & 0x1fff));
  await reader.need(3);
  const isRepeated = reader.available >= 3 && reader.u24be() >> 13 === 0x2b7;
  reader.seek(start);
  return isRepeated;
}

/** MPEG audio and ADTS have no magic, only a sync word; two headers a frame apart that agree are beyond chance. */
async function containerByHeaders(reader: ByteReader): Promise<Container | undefined> {
  const start = reader.position;
  await reader.need(ADTS_HEADER_BYTES);
  if (reader.available < ADTS_HEADER_BYTES) return undefined;
  const mpegWord = reader.u32be();
  const mpeg = parseMpegAudioHeader(mpegWord);
  const adts = parseAdtsHeader(reader.bytes(ADTS_HEADER_BYTES));
  const size = mpeg?.size || adts?.frameBytes || 0;
  if (size === 0) return undefined;
  await reader.need(size + ADTS_HEADER_BYTES);
  reader.skip(size);
  const isLast = reader.available < HEADER_BYTES; // a file of one frame has no second header
  const mpegAgrees = mpeg && (isLast || areOfOneStream(mpegWord, reader.u32be()));
  const adtsAgrees = adts && (reader.available < ADTS_HEADER_BYTES || parseAdtsHeader(reader.bytes(ADTS_HEADER_BYTES)));
  reader.seek(start);
  return mpegAgrees ? 'mp3' : adtsAgrees ? 'adts' : undefined;
}

function containerByName(mediaType: string, url: string): Container | undefined {
  const extension = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1].toLowerCase() ?? '';
  return byMediaType[mediaType] ?? byExtension[extension];
}

const hex = (text: string): string => [...text].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join(' ');
