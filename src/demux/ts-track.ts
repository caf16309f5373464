import type { MediaInfo, Packet } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { readAdtsFrame } from './adts-frames.ts';
import { type AdtsHead, readAdtsHead } from './adts-head.ts';
import { ByteReader } from './byte-reader.ts';
import { ElementaryStream, type StreamPlace } from './elementary-stream.ts';
import { readMp3Layout } from './mp3-layout.ts';
import { mpegAudioPackets } from './mpeg-audio-packets.ts';
import { findAudioStream } from './muxjs.ts';
import { packetPrefixAt, TransportPackets } from './transport-packets.ts';

/** Frames of MP3 that `main_data_begin` reaches over at 32 kbit/s (511 bytes), and one more. */
const MP3_PREROLL = 10;

/** What differs between AAC and MP3. */
interface CodecTrack {
  readonly info: MediaInfo;
  /** Frames in each packet. */
  readonly packetFrames: number;
  /** Packets to decode before one to have it right. */
  readonly preroll: number;
  /** Where sound begins in the elementary stream that begins with the file. */
  readonly start: number;
  packets(reader: ByteReader, timestamp: number): AsyncGenerator<Packet>;
}

/** The sound of a transport stream, once its head has been read. */
export interface TsTrack extends CodecTrack {
  readonly place: StreamPlace;
  /** When the first packet is due, in units of 1/90000 s; undefined if the stream has no times. */
  readonly firstTime: number | undefined;
}

/**
 * Reads the tables and the first packets; the duration is known only of the shortest files.
 * @throws AulosError `media.malformed`, `media.limit`, `media.unsupported`; what the source throws.
 */
export async function openTsTrack(source: ByteSource, signal: AbortSignal): Promise<TsTrack> {
  const reader = new ByteReader(source, signal);
  const prefix = (await packetPrefixAt(reader)) ?? 0;
  const { pid, codec } = await findAudioStream(new TransportPackets(reader, prefix));
  const place = { source, prefix, pid };
  const stream = new ElementaryStream(place, 0, signal);
  try {
    const track = codec === 'aac' ? await aacTrack(stream, signal) : await mp3Track(stream, signal);
    return { ...track, info: { ...track.info, container: 'ts' }, place, firstTime: stream.firstTime };
  } catch (error) {
    throw stream.located(error);
  }
}

/** Packets of `track` from the first one that begins in a PES packet at or after `fileOffset`, on; it begins at frame `timestamp`. */
export async function* tsPackets(
  { place, start, packets }: TsTrack,
  fileOffset: number,
  timestamp: number,
  signal: AbortSignal,
): AsyncGenerator<Packet> {
  const stream = new ElementaryStream(place, fileOffset, signal);
  const reader = new ByteReader(stream, signal, fileOffset === 0 ? start : 0);
  try {
    for await (const packet of packets(reader, timestamp)) yield { ...packet, offset: stream.fileOffsetOf(packet.offset) };
  } catch (error) {
    throw stream.located(error);
  }
}

async function aacTrack(stream: ElementaryStream, signal: AbortSignal): Promise<CodecTrack> {
  const head = await readAdtsHead(stream, signal);
  const packets = (reader: ByteReader, timestamp: number) => aacPackets(reader, head, timestamp);
  return { ...head, packets };
}

async function* aacPackets(reader: ByteReader, head: AdtsHead, timestamp: number): AsyncGenerator<Packet> {
  const { header, packetFrames, preroll } = head;
  for (; ; timestamp += packetFrames) {
    const frame = await readAdtsFrame(reader, header);
    if (!frame) return;
    const { data, offset } = frame;
    yield { data, offset, timestamp, duration: packetFrames, join: true, preroll };
  }
}

async function mp3Track(elementary: ElementaryStream, signal: AbortSignal): Promise<CodecTrack> {
  const { info, stream, audioStart, taggedEnd } = await readMp3Layout(elementary, signal);
  const packets = (reader: ByteReader, timestamp: number) => mpegAudioPackets(reader, stream, timestamp, taggedEnd);
  return { info, packetFrames: stream.header.samples, preroll: MP3_PREROLL, start: audioStart, packets };
}
