import { describe, expect, it } from 'vitest';
import { openDemuxer } from '../../src/demux/probe.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';

const signal = new AbortController().signal;
const text = (magic: string) => Uint8Array.from({ length: 64 }, (_, i) => magic.charCodeAt(i) || 0);
const behindId3 = (bytes: Uint8Array) =>
  new Uint8Array([...text('ID3\x04\x00\x00\x00\x00\x00\x20').subarray(0, 10), ...new Uint8Array(32), ...bytes]);
const containers: Readonly<Record<string, string>> = {
  mp3: 'mp3',
  aac: 'adts',
  m4a: 'mp4',
  flac: 'flac',
  wav: 'wav',
  ogg: 'ogg',
};

describe('openDemuxer', () => {
  for (const { name } of fixtures()) {
    const container = name === 'in-ogg.flac' ? 'ogg' : containers[name.split('.')[1]];
    it(`tells ${name} from its bytes, whatever the server and the name say`, async () => {
      const source = new MemorySource(fixtureBytes(name), { mediaType: 'audio/x-wrong', grain: 1 });
      expect((await openDemuxer(source, 'http://host/file.wrong', signal)).container).toBe(container);
    });
  }

  it.each(['stereo.flac', 'cbr.mp3', 'stereo.aac'].filter((name) => fixtures().some((fixture) => fixture.name === name)))(
    'tells %s behind an ID3 tag',
    async (name) => {
      const { container } = await openDemuxer(new MemorySource(behindId3(fixtureBytes(name))), '', signal);
      expect(container).toBe(containers[name.split('.')[1]]);
    },
  );

  it.each([
    ['audio/mpeg', 'http://host/x', 'mp3'],
    ['', 'http://host/x.mp3?token=1', 'mp3'],
    ['audio/aac', 'http://host/x.mp3', 'adts'],
  ])('believes media type %s and URL %s when the bytes say nothing', async (mediaType, url, container) => {
    const source = new MemorySource(text('no magic here'), { mediaType });
    expect((await openDemuxer(source, url, signal)).container).toBe(container);
  });

  it.each([
    ['\x1aE\xdf\xa3', 'WebM or Matroska'],
    ['\x56\xe0\x03abc\x56\xe0\x02', 'AAC in LATM'],
    ['GIF89a..', 'bytes 47 49 46 38 39 61 2e 2e'],
  ])('refuses %j by name and offset', async (magic, what) => {
    await expect(openDemuxer(new MemorySource(text(magic)), 'http://host/x', signal)).rejects.toMatchObject({
      code: 'media.unsupported',
      details: { offset: 0, what },
    });
  });

  it('calls an empty resource truncated', async () => {
    await expect(openDemuxer(new MemorySource(new Uint8Array()), 'http://host/x.mp3', signal)).rejects.toMatchObject({
      code: 'media.truncated',
    });
  });
});
