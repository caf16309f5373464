import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPicture } from '../../src/demux/pictures.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { Metadata } from '../../src/media.ts';
import { never } from '../fakes/demuxed.ts';
import { ffmpeg } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { probeMetadata } from '../fakes/probed-metadata.ts';
import { corpus, requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');
const hasMetaflac = requireTool('metaflac');
const files = corpus();

const tags = {
  title: 'Reed',
  artist: 'Aulos',
  album: 'Pipes',
  date: '1999',
  genre: 'Klezmer',
  track: '3/12',
  comment: 'Söl & Æ',
  replaygain_track_gain: '-3.51 dB',
  replaygain_track_peak: '0.988',
};
const described = `;FFMETADATA1
${Object.entries(tags)
  .map(([name, text]) => `${name}=${text}`)
  .join('\n')}
[CHAPTER]
TIMEBASE=1/1000
START=0
END=400
title=Prélude
[CHAPTER]
TIMEBASE=1/1000
START=400
END=1000
title=Fugue
`;

async function metadataOf(bytes: Uint8Array, name = ''): Promise<{ source: MemorySource; found: Metadata; head: Metadata }> {
  const source = new MemorySource(bytes);
  const demuxer = await openDemuxer(source, name, never);
  const head = await demuxer.info(never);
  const found = demuxer.metadata ? await demuxer.metadata(never) : head;
  expect(await demuxer.info(never)).toMatchObject({ tags: found.tags, chapters: found.chapters, pictures: found.pictures });
  return { source, found, head };
}

describe.runIf(hasFfmpeg)('what a file says about itself', () => {
  let folder = '';
  let cover: Uint8Array = new Uint8Array();

  /** A second with tags and chapters; with a picture where the container takes one. */
  function make(name: string, options: readonly string[] = [], withCover = false): Uint8Array {
    const pictured = withCover ? ['-i', 'cover.jpg', '-map', '0', '-map', '2', '-c:v', 'copy', '-disposition:v', 'attached_pic'] : [];
    const inputs = ['-f', 'lavfi', '-i', 'sine=d=1', '-f', 'ffmetadata', '-i', 'described.txt', ...pictured];
    const args = ['-v', 'error', '-y', ...inputs, '-map_metadata', '1', '-map_chapters', '1', ...options, name];
    execFileSync('ffmpeg', args, { cwd: folder });
    return new Uint8Array(readFileSync(path.join(folder, name)));
  }

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aulos-metadata-'));
    writeFileSync(path.join(folder, 'described.txt'), described);
    cover = ffmpeg(['-f', 'lavfi', '-i', 'testsrc=s=96x64:d=0.04', '-frames:v', '1', '-f', 'mjpeg']);
    writeFileSync(path.join(folder, 'cover.jpg'), cover);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, string[], boolean]>([
    ['v23.mp3', ['-id3v2_version', '3'], true],
    ['v24.mp3', ['-id3v2_version', '4'], true],
    ['first.m4a', ['-movflags', '+faststart'], true],
    ['last.m4a', [], true],
    ['a.flac', [], true],
    ['vorbis.ogg', ['-c:a', 'libvorbis'], false],
    ['opus.ogg', ['-c:a', 'libopus'], false],
    ['flac.ogg', ['-c:a', 'flac'], false],
    ['a.aiff', ['-write_id3v2', '1'], false],
    ['a.wav', [], false],
  ])('is what ffprobe finds: %s', async (name, options, withCover) => {
    const bytes = make(name, options, withCover);
    const { found, source } = await metadataOf(bytes);
    const probed = probeMetadata(name, bytes);
    const common = Object.keys(tags).filter((tag) => tag in probed.tags);
    expect(common.length).toBeGreaterThanOrEqual(name.endsWith('.wav') ? 6 : 7);
    for (const tag of common) expect([tag, found.tags[tag]]).toEqual([tag, probed.tags[tag]]);
    if ('replaygain_track_gain' in probed.tags) expect(found.replayGain).toEqual({ trackGain: -3.51, trackPeak: 0.988 });
    const chapters = found.chapters.map(({ title, start }) => ({ title, start }));
    if (probed.chapters.length > 0) expect(chapters).toEqual(probed.chapters);
    expect(found.pictures).toHaveLength(withCover ? 1 : 0);
    for (const picture of found.pictures) {
      expect(picture.mediaType).toBe('image/jpeg');
      expect(await readPicture(source, picture, never)).toEqual({ mediaType: 'image/jpeg', bytes: cover });
    }
  });

  it('finds chapters in the media of an M4A where the head has none, when asked', async () => {
    const bytes = make('nero.m4a').slice();
    const chpl = Buffer.from(bytes).indexOf('chpl');
    bytes.set(Buffer.from('free'), chpl);
    const { head, found } = await metadataOf(bytes);
    expect(head.chapters).toEqual([]);
    expect(found.chapters).toEqual([
      { title: 'Prélude', start: 0, end: 0.4 },
      { title: 'Fugue', start: 0.4, end: 1 },
    ]);
  });

  const bare = () => make('bare.mp3', ['-id3v2_version', '0', '-map_metadata', '-1', '-map_chapters', '-1']);

  it('tells ID3v1 at the end as ffprobe does, and reads nothing for it before it is asked', async () => {
    const field = (text: string, length: number) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(length)]).subarray(0, length);
    const fields = [field('Reed', 30), field('Aulos', 30), field('Pipes', 30), field('1999', 4), field('S\xf6l', 28), Buffer.of(0, 7, 17)];
    const bytes = new Uint8Array(Buffer.concat([bare(), Buffer.from('TAG'), ...fields]));
    const { head, found } = await metadataOf(bytes);
    expect(head.tags).not.toHaveProperty('title');
    expect(found.tags).toMatchObject({
      title: 'Reed',
      artist: 'Aulos',
      album: 'Pipes',
      date: '1999',
      comment: 'Söl',
      track: '7',
      genre: 'Rock',
    });
    const probed = probeMetadata('v1.mp3', bytes).tags;
    for (const tag of ['title', 'artist', 'album', 'date', 'track', 'genre']) expect([tag, found.tags[tag]]).toEqual([tag, probed[tag]]);
  });

  it('reads the APEv2 tag that ffmpeg writes behind WavPack', async () => {
    const wavpack = Buffer.from(make('tagged.wv'));
    const bytes = new Uint8Array(Buffer.concat([bare(), wavpack.subarray(wavpack.indexOf('APETAGEX'))]));
    const { found } = await metadataOf(bytes);
    expect(found.tags).toMatchObject(tags);
    expect(found.replayGain).toEqual({ trackGain: -3.51, trackPeak: 0.988 });
  });

  it('reads pictures that text hides in Ogg', async () => {
    const block = Buffer.concat([
      u32be(3),
      u32be(10),
      Buffer.from('image/jpeg'),
      u32be(2),
      Buffer.from('Æ'),
      Buffer.alloc(16),
      u32be(cover.length),
      cover,
    ]);
    for (const codec of ['libvorbis', 'libopus', 'flac']) {
      const bytes = make('picture.ogg', ['-c:a', codec, '-metadata', `METADATA_BLOCK_PICTURE=${block.toString('base64')}`]);
      const { found, source } = await metadataOf(bytes);
      expect(found.tags).not.toHaveProperty('metadata_block_picture');
      expect(found.pictures).toMatchObject([{ type: 'front cover', mediaType: 'image/jpeg', description: 'Æ' }]);
      expect(await readPicture(source, found.pictures[0], never)).toEqual({ mediaType: 'image/jpeg', bytes: cover });
    }
  });

  it('reads APEv2 in front of ID3v1, with its picture', async () => {
    const items = [
      apeItem('Title', Buffer.from('Reed')),
      apeItem('Artist', Buffer.from('One\0Two')),
      apeItem('Year', Buffer.from('1999')),
      apeItem('REPLAYGAIN_ALBUM_GAIN', Buffer.from('+2.5 dB')),
      apeItem('Cover Art (Front)', Buffer.concat([Buffer.from('cover.jpg\0'), cover]), 2),
    ];
    const id3v1 = Buffer.concat([Buffer.from('TAGOther'), Buffer.alloc(120)]);
    for (const end of [Buffer.alloc(0), id3v1]) {
      const bytes = new Uint8Array(Buffer.concat([bare(), apeTag(items), end]));
      const { found, source } = await metadataOf(bytes);
      expect(found.tags).toMatchObject({ title: 'Reed', artist: 'One; Two', date: '1999' });
      expect(found.replayGain).toEqual({ albumGain: 2.5 });
      expect(found.pictures).toMatchObject([{ type: 'front cover', description: 'cover.jpg' }]);
      expect((await readPicture(source, found.pictures[0], never)).bytes).toEqual(cover);
    }
  });

  it.runIf(hasMetaflac)('takes the tracks of a cue sheet in FLAC for chapters', async () => {
    make('cue.flac', ['-ar', '44100', '-map_metadata', '-1']);
    const sheet =
      'FILE "x" FLAC\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 00 00:00:15\n    INDEX 01 00:00:30\n';
    writeFileSync(path.join(folder, 'sheet.cue'), sheet);
    execFileSync('metaflac', ['--import-cuesheet-from=sheet.cue', 'cue.flac'], { cwd: folder });
    const { found } = await metadataOf(new Uint8Array(readFileSync(path.join(folder, 'cue.flac'))));
    expect(found.chapters).toEqual([
      { title: 'Track 1', start: 0, end: undefined },
      { title: 'Track 2', start: 0.4, end: undefined },
    ]);
  });

  it('refuses a picture that the file no longer holds', async () => {
    const { found } = await metadataOf(make('cut.flac', [], true));
    const rest = new MemorySource(new Uint8Array(500));
    await expect(readPicture(rest, found.pictures[0], never)).rejects.toMatchObject({ code: 'media.truncated' });
  });
});

const u32be = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer).swap32();
const u32le = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
const apeItem = (name: string, value: Buffer, flags = 0) => Buffer.concat([u32le(value.length, flags), Buffer.from(`${name}\0`), value]);
function apeTag(items: readonly Buffer[]): Buffer {
  const body = Buffer.concat(items);
  const frame = (flags: number) =>
    Buffer.concat([Buffer.from('APETAGEX'), u32le(2_000, body.length + 32, items.length, flags), Buffer.alloc(8)]);
  return Buffer.concat([frame(0xa0000000), body, frame(0x80000000)]);
}

describe.runIf(files)('files of others', () => {
  const read = (file: string) => new Uint8Array(readFileSync(path.join(files!.folder, file)));

  it('mp3/musicmeta-chapters.mp3 has the chapters that ffprobe finds', async () => {
    const bytes = read('mp3/musicmeta-chapters.mp3');
    const { found } = await metadataOf(bytes);
    expect(found.chapters.map(({ title, start }) => ({ title, start }))).toEqual(probeMetadata('x.mp3', bytes).chapters);
    expect(found.chapters.length).toBeGreaterThan(1);
  });

  it.each([
    ['mp3/androidx-bear-id3.mp3', 1],
    ['flac/androidx-bear_with_picture.flac', 1],
    ['flac/androidx-bear_with_id3.flac', 0],
    ['mp3/tag-sample.id3v11.mp3', 0],
    ['mp3/tag-sample.id3v22.mp3', 0],
    ['mp3/tag-sample.id3v24.mp3', 0],
    ['mp3/musicmeta-id3v2-xheader.mp3', 0],
    ['ogg/tag-sample.multipage.ogg', 0],
  ])('%s has the tags that ffprobe finds, and pictures that are pictures', async (file, atLeast) => {
    const bytes = read(file);
    const { found, source } = await metadataOf(bytes, file);
    const probed = probeMetadata(path.basename(file), bytes).tags;
    for (const tag of ['title', 'artist', 'album', 'genre', 'track'])
      if (probed[tag]) expect([tag, found.tags[tag]]).toEqual([tag, probed[tag]]);
    expect(found.pictures.length).toBeGreaterThanOrEqual(atLeast);
    for (const picture of found.pictures) expect((await readPicture(source, picture, never)).mediaType).toMatch(/^image\//);
  });
});
