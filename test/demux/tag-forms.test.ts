import { describe, expect, it } from 'vitest';
import { readPicture } from '../../src/demux/pictures.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { MediaInfo, Metadata } from '../../src/media.ts';
import { never } from '../fakes/demuxed.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { box, bytes, fullBox, u16, u32 } from '../fakes/mp4-boxes.ts';
import { withOpusGain } from '../fakes/ogg-writer.ts';
import { probeMetadata } from '../fakes/probed-metadata.ts';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';
import { requireTool } from '../tools.ts';

// Forms of tags that no encoder at hand writes, laid out byte by byte as their specifications say.

const u32le = (value: number): Uint8Array => u32(value).reverse();
const syncsafe = (size: number): Uint8Array => Uint8Array.of(size >> 21, (size >> 14) & 127, (size >> 7) & 127, size & 127);

/** Every FF before 111xxxxx or 0 gets a 0 behind it (id3v2.4.0-structure §6.1). */
const unsynchronise = (plain: Uint8Array): Uint8Array =>
  Uint8Array.from([...plain].flatMap((byte, i) => (byte === 0xff && !(plain[i + 1] > 0 && plain[i + 1] < 0xe0) ? [byte, 0] : [byte])));

/** An ID3v2 tag of one frame; `size` is what the frame says of itself. */
function id3(major: number, tagFlags: number, id: string, content: Uint8Array, frameFlags = 0, size = content.length): Uint8Array {
  const frame =
    major === 2
      ? bytes(id, u32(size).subarray(1), content)
      : bytes(id, major === 4 ? syncsafe(size) : u32(size), Uint8Array.of(0, frameFlags), content);
  const body = major < 4 && tagFlags & 0x80 ? unsynchronise(frame) : frame;
  return bytes('ID3', Uint8Array.of(major, 0, tagFlags), syncsafe(body.length), body);
}

/** A tag that says a title. */
const titled = (title: string): Uint8Array => id3(4, 0, 'TIT2', bytes(Uint8Array.of(3), title));

/** id3v2.4.0-frames §4.11: name │ 0 │ per channel: type 8 │ dB × 512 16 │ bits of the peak 8 │ peak. Channel 1 is the master volume. */
const rva2 = (name: string, ...channels: [type: number, gain: number, peak: number][]): Uint8Array =>
  id3(4, 0, 'RVA2', bytes(`${name}\0`, ...channels.map(([type, gain, peak]) => bytes(Uint8Array.of(type), u16(gain), `\x10`, u16(peak)))));

/** A RIFF file with one more chunk before those that it has. */
const withChunk = (wav: Uint8Array, id: string, body: Uint8Array): Uint8Array => {
  const chunk = bytes(id, u32le(body.length), body, body.length % 2 ? '\0' : '');
  return bytes('RIFF', u32le(wav.length - 8 + chunk.length), 'WAVE', chunk, wav.subarray(12));
};

/** An item with a name of its own (Apple's `----`): mean, name, and a `data` of UTF-8 for each value. */
const freeform = (name: string, ...values: string[]): Uint8Array =>
  box('----', fullBox('mean', 'com.apple.iTunes'), fullBox('name', name), ...values.map((value) => box('data', u32(1), u32(0), value)));

/** A movie, with its `moov` last, whose list of items has more; the boxes around it grow. */
function withItems(m4a: Uint8Array, ...items: readonly Uint8Array[]): Uint8Array {
  const added = bytes(...items);
  const grown = Buffer.from(m4a);
  for (const type of ['moov', 'udta', 'meta', 'ilst']) {
    const at = grown.indexOf(type) - 4;
    grown.writeUInt32BE(grown.readUInt32BE(at) + added.length, at);
  }
  return bytes(grown, added); // the list is what the file ends with
}

const ITUN_SMPB = ' 00000000 00000840 000001CA 000000000003E9F6 00000000 00000000 00000000 00000000';
const ITUN_NORM = ' 000003D7 000003D7 00002FB4 00002FB4 0000A123 0000A123 00007FFF 00007FFF 0000B000 0000B000';

/** wiki.hydrogenaud.io, "APEv2 specification": header, items, footer. */
function ape(...items: readonly [name: string, text: string][]): Uint8Array {
  const body = bytes(...items.map(([name, text]) => bytes(u32le(text.length), u32le(0), `${name}\0`, text)));
  const frame = (flags: number) =>
    bytes('APETAGEX', u32le(2_000), u32le(body.length + 32), u32le(items.length), u32le(flags), new Uint8Array(8));
  return bytes(frame(0xa0000000), body, frame(0x80000000));
}

const without = (box: string, from: Uint8Array): Uint8Array => bytes(Buffer.from(from).toString('latin1').replace(box, 'free'));

const opus = (...comments: string[]): Uint8Array =>
  ffmpeg([...ffmpegSignal(48_000, 'mono', 1, 1), '-c:a', 'libopus', ...comments.flatMap((comment) => ['-metadata', comment]), '-f', 'ogg']);

async function open(file: Uint8Array): Promise<{ source: MemorySource; info: MediaInfo }> {
  const source = new MemorySource(file);
  const demuxer = await openDemuxer(source, '', never);
  await demuxer.metadata?.(never);
  return { source, info: await demuxer.info(never) };
}

const isReady = requireTool('ffmpeg') && fixtures().length > 0;

describe.runIf(isReady)('tags that are', () => {
  it.each<[string, () => Uint8Array, Partial<Metadata>]>([
    ['an ID3 chunk of RIFF', () => withChunk(fixtureBytes('stereo.wav'), 'id3 ', bytes(titled('Reed'), '\0')), { tags: { title: 'Reed' } }],
    [
      'an ID3 chunk of RIFF by its other name',
      () => withChunk(fixtureBytes('stereo.wav'), 'ID3 ', titled('Reeds')),
      { tags: { title: 'Reeds' } },
    ],
    [
      'RVA2 for the track',
      () => bytes(rva2('track', [2, 512, 0x7fff], [1, 0x10000 - 1_280, 0x4000]), fixtureBytes('vbr.mp3')),
      { replayGain: { trackGain: -2.5, trackPeak: 0.5 } },
    ],
    [
      'RVA2 for the album',
      () => bytes(rva2('Album', [1, 1_664, 0x8000]), fixtureBytes('vbr.mp3')),
      { replayGain: { albumGain: 3.25, albumPeak: 1 } },
    ],
    ['RVA2 without a master volume', () => bytes(rva2('track', [3, 512, 1]), fixtureBytes('vbr.mp3')), { tags: {} }],
    [
      'APEv2 at the head',
      () => bytes(ape(['Title', 'Reed'], ['REPLAYGAIN_TRACK_GAIN', '-1.5 dB']), fixtureBytes('vbr.mp3')),
      { tags: { title: 'Reed', replaygain_track_gain: '-1.5 dB' }, replayGain: { trackGain: -1.5 } },
    ],
    ['APEv2 at the head of ADTS', () => bytes(ape(['Title', 'Reed']), fixtureBytes('stereo.aac')), { tags: { title: 'Reed' } }],
    [
      'APEv2 at the head, behind ID3v2',
      () => bytes(titled('First'), ape(['Title', 'Second'], ['Artist', 'Aulos']), fixtureBytes('vbr.mp3')),
      { tags: { title: 'First', artist: 'Aulos' } },
    ],
    [
      'R128 gains of Opus (RFC 7845 §5.2.1), which aim 5 dB lower',
      () => opus('R128_TRACK_GAIN=-1024', 'R128_ALBUM_GAIN=256'),
      { replayGain: { trackGain: 1, albumGain: 6 } },
    ],
    [
      'R128 gains beside a gain in the head, which the decoder sees to (§5.1)',
      () => withOpusGain(opus('R128_TRACK_GAIN=-1024'), -6),
      { replayGain: { trackGain: 1 } },
    ],
    [
      'ReplayGain in items of their own',
      () =>
        withItems(fixtureBytes('moov-last.m4a'), freeform('REPLAYGAIN_TRACK_GAIN', '-7.25 dB'), freeform('replaygain_track_peak', '0.5')),
      { replayGain: { trackGain: -7.25, trackPeak: 0.5 } },
    ],
    [
      'several values of an item',
      () => withItems(fixtureBytes('moov-last.m4a'), freeform('MOOD', 'Calm', 'Slow')),
      { tags: { title: 'Reed', artist: 'Aulos', encoder: expect.any(String), mood: 'Calm; Slow' } },
    ],
    [
      'what iTunes notes for itself, which is no tag',
      () => withItems(fixtureBytes('moov-last.m4a'), freeform('iTunNORM', ITUN_NORM), freeform('iTunSMPB', ITUN_SMPB)),
      { tags: { title: 'Reed', artist: 'Aulos', encoder: expect.any(String) } },
    ],
  ])('%s', async (_, make, expected) => {
    const file = make();
    const { info } = await open(file);
    expect(info).toMatchObject(expected);
    if (expected.tags) expect(info.tags).toEqual(expected.tags);
  });

  it('items with names of their own are those that ffprobe finds', async () => {
    const file = withItems(fixtureBytes('moov-last.m4a'), freeform('REPLAYGAIN_ALBUM_GAIN', '+1 dB'), freeform('MOOD', 'Calm'));
    const { replaygain_album_gain, mood } = probeMetadata('a.m4a', file).tags;
    expect([replaygain_album_gain, mood]).toEqual(['+1 dB', 'Calm']);
    expect((await open(file)).info.tags).toMatchObject({ replaygain_album_gain, mood });
  });

  it('iTunSMPB is what the silence of an encoder is told by, where there is no edit list', async () => {
    const bare = without('edts', fixtureBytes('moov-last.m4a'));
    const { info } = await open(withItems(bare, freeform('iTunSMPB', ITUN_SMPB)));
    expect(info).toMatchObject({ encoderDelay: 0x840, frames: 0x3e9f6 });
  });
});

describe.runIf(isReady)('a picture in an ID3 tag', () => {
  /** Its bytes are full of what unsynchronisation is about, and end in FF. */
  const cover = bytes(ffmpeg('-f lavfi -i nullsrc=s=64x64:d=0.04,noise=alls=99 -frames:v 1 -f mjpeg'.split(' ')), '\xff');
  /** Encoding │ media type │ 0 │ 3: front cover │ description │ 0 (id3v2.4.0-frames §4.14); v2.2 has three letters for the media type. */
  const apic = bytes('\0image/jpeg\0\x03Cover\0', cover);
  const frame = unsynchronise(apic);

  it.each<[string, Uint8Array]>([
    ['as it is', id3(3, 0, 'APIC', apic)],
    ['of v2.3, unsynchronised as a whole', id3(3, 0x80, 'APIC', apic)],
    ['of v2.2, unsynchronised as a whole', id3(2, 0x80, 'PIC', bytes('\0JPG\x03Cover\0', cover))],
    ['of v2.4, an unsynchronised frame', id3(4, 0, 'APIC', frame, 0x02)],
    ['of v2.4, an unsynchronised frame that tells its length', id3(4, 0, 'APIC', bytes(syncsafe(apic.length), frame), 0x03)],
    ['of v2.4, unsynchronised as all frames of the tag', id3(4, 0x80, 'APIC', frame)],
  ])('%s is read as it was put in', async (name, tag) => {
    const file = bytes(tag, fixtureBytes('vbr.mp3'));
    const { source, info } = await open(file);
    expect(info.pictures).toMatchObject([{ type: 'front cover', mediaType: 'image/jpeg', description: 'Cover' }]);
    const picture = await readPicture(source, info.pictures[0], never);
    expect(picture).toEqual({ mediaType: 'image/jpeg', bytes: cover });
    // ffmpeg takes the sizes of frames in v2.2 and v2.3 for those before unsynchronisation, and cuts the picture off.
    if (!name.includes('as a whole')) expect(ffmpeg('-i - -map 0:v -c copy -f image2pipe'.split(' '), file)).toEqual(cover);
  });
});
