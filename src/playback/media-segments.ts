import { type BoxTree, writeBoxes } from '../demux/mp4box.ts';
import type { CodecConfig, Packet } from '../media.ts';
import { sampleEntryOf } from './sample-entry.ts';

const TRACK_ID = 1;
/** Every packet of audio can be decoded by itself, as far as the format knows (ISO 14496-12 §8.8.3.1: sample_depends_on = 2). */
const INDEPENDENT = 2 << 24;
const UNITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

/**
 * Writes packets as fragmented MP4, for Media Source ("ISO BMFF Byte Stream Format"). The timescale is the sample rate, so that times are
 * frames of the decoded timeline; delay and padding are left to the receiver's append window.
 */
export class MediaSegments {
  /** For `MediaSource.isTypeSupported` and `addSourceBuffer`. */
  readonly mimeType: string;
  readonly #config: CodecConfig;
  #fragments = 0;

  /** @throws AulosError `media.unsupported` for a codec that MP4 has no sample entry for: Vorbis, PCM. */
  constructor(config: CodecConfig) {
    this.#config = config;
    const { codecs } = sampleEntryOf(config);
    this.mimeType = `audio/mp4; codecs="${codecs}"`;
  }

  /** The initialisation segment: `ftyp` and `moov`. */
  init(): Uint8Array<ArrayBuffer> {
    const { sampleRate } = this.#config;
    const noTime = { creation_time: 0, modification_time: 0, duration: 0 };
    const table = (type: string, ...arrays: readonly string[]): BoxTree => ({
      type,
      fields: { sample_size: 0, ...Object.fromEntries(arrays.map((name) => [name, []])) },
    });
    const sampleTable: BoxTree = {
      type: 'stbl',
      children: [
        { type: 'stsd', entries: [sampleEntryOf(this.#config).box] },
        table('stts', 'sample_counts', 'sample_deltas'),
        table('stsc', 'first_chunk', 'samples_per_chunk', 'sample_description_index'),
        table('stsz', 'sample_sizes'),
        table('stco', 'chunk_offsets'),
      ],
    };
    const media: BoxTree = {
      type: 'mdia',
      children: [
        { type: 'mdhd', fields: { ...noTime, timescale: sampleRate, language: 0x55c4 } }, // "und"
        { type: 'hdlr', fields: { handler: 'soun', name: '' } },
        {
          type: 'minf',
          children: [
            { type: 'smhd', fields: { balance: 0, flags: 0 } },
            { type: 'dinf', children: [{ type: 'dref', entries: [{ type: 'url ', fields: { flags: 1 } }] }] },
            sampleTable,
          ],
        },
      ],
    };
    const trackHeader = {
      ...noTime,
      flags: 3,
      track_id: TRACK_ID,
      layer: 0,
      alternate_group: 0,
      volume: 1,
      matrix: UNITY,
      width: 0,
      height: 0,
    };
    const defaults = { track_id: TRACK_ID, default_sample_description_index: 1, default_sample_flags: INDEPENDENT };
    return writeBoxes([
      { type: 'ftyp', fields: { major_brand: 'iso6', minor_version: 0, compatible_brands: ['iso6', 'mp41'] } },
      {
        type: 'moov',
        children: [
          {
            type: 'mvhd',
            fields: { ...noTime, timescale: sampleRate, rate: 0x10000, volume: 1, matrix: UNITY, next_track_id: TRACK_ID + 1 },
          },
          { type: 'trak', children: [{ type: 'tkhd', fields: trackHeader }, media] },
          { type: 'mvex', children: [{ type: 'trex', fields: { ...defaults, default_sample_duration: 0, default_sample_size: 0 } }] },
        ],
      },
    ]);
  }

  /** A media segment: `moof` and `mdat` with `packets`, which follow each other; at least one. They are decoded `lag` frames after their time. */
  fragment(packets: readonly Packet[], lag = 0): Uint8Array<ArrayBuffer> {
    const facts = { sequence: ++this.#fragments, packets, lag };
    const headBytes = writeBoxes([movieFragment(facts, 0)]).length;
    const head = writeBoxes([movieFragment(facts, headBytes + 8)]);
    const end = packets.reduce((bytes, { data }) => bytes + data.length, head.length + 8);
    const segment = new Uint8Array(end);
    segment.set(head);
    new DataView(segment.buffer).setUint32(head.length, end - head.length);
    segment.set([0x6d, 0x64, 0x61, 0x74], head.length + 4); // mdat
    let at = head.length + 8;
    for (const { data } of packets) {
      segment.set(data, at);
      at += data.length;
    }
    return segment;
  }
}

interface FragmentFacts {
  readonly sequence: number;
  readonly packets: readonly Packet[];
  readonly lag: number;
}

function movieFragment({ sequence, packets, lag }: FragmentFacts, dataOffset: number): BoxTree {
  const run = {
    version: lag ? 1 : 0, // of 1, composition times may lie before decode times
    flags: lag ? 0xb01 : 0x301, // data offset, and of each sample duration, size, and composition time if that is another
    sample_count: packets.length,
    data_offset: dataOffset,
    sample_duration: packets.map(({ duration }) => duration),
    sample_size: packets.map(({ data }) => data.length),
    sample_composition_time_offset: lag ? packets.map(() => -lag) : [],
  };
  return {
    type: 'moof',
    children: [
      { type: 'mfhd', fields: { sequence_number: sequence } },
      {
        type: 'traf',
        children: [
          { type: 'tfhd', fields: { flags: 0x20000, track_id: TRACK_ID } }, // default-base-is-moof
          { type: 'tfdt', fields: { baseMediaDecodeTime: packets[0].timestamp + lag } },
          { type: 'trun', fields: run },
        ],
      },
    ],
  };
}
