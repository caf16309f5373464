import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openDemuxer } from '../../src/demux/probe.ts';
import { MediaSegments } from '../../src/playback/media-segments.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { fixtureBytes } from '../fixtures/fixtures.ts';

/** What ffprobe finds in an MP4: of each packet its time in frames, and the MD5 of its bytes. */
function probe(bytes: Uint8Array) {
  const show = ['-show_packets', '-show_data_hash', 'md5', '-show_streams'];
  const output = execFileSync('ffprobe', ['-v', 'error', ...show, '-of', 'json', '-'], { input: bytes, maxBuffer: 1 << 26 });
  const { packets, streams } = JSON.parse(output.toString());
  const { codec_name: codec, sample_rate: rate, channels, time_base: timeBase } = streams[0];
  return {
    stream: { codec, sampleRate: Number(rate), channels, timeBase },
    packets: packets.map((packet: Record<string, string>) => [Number(packet.pts), packet.data_hash]),
    lags: packets.map((packet: Record<string, string>) => Number(packet.dts) - Number(packet.pts)),
  };
}

async function open(name: string) {
  const demuxer = await openDemuxer(new MemorySource(fixtureBytes(name)), `http://host/${name}`, never);
  return { config: (await demuxer.info(never)).config, packets: await packetsOf(demuxer) };
}

describe('fragmented MP4 written from packets', () => {
  it.each([
    ['cbr.mp3', 'mp3'],
    ['stereo.aac', 'aac'],
    ['moov-last.m4a', 'aac'],
    ['stereo.flac', 'flac'],
    ['mono-48k.flac', 'flac'],
  ])('holds those of %s, as ffprobe reads them', async (name, codec) => {
    const { config, packets } = await open(name);
    const segments = new MediaSegments(config);
    const pieces = [segments.init()];
    for (let at = 0, count = 1; at < packets.length; at += count++) pieces.push(segments.fragment(packets.slice(at, at + count)));
    const found = probe(Buffer.concat(pieces));
    const { sampleRate, channels } = config;
    expect(found.stream).toEqual({ codec, sampleRate, channels, timeBase: `1/${sampleRate}` });
    const first = packets[0].timestamp;
    expect(found.packets).toEqual(
      packets.map(({ data, timestamp }) => [timestamp - first, `MD5:${createHash('md5').update(data).digest('hex')}`]),
    );
  });

  it('are decoded late where that is wanted', async () => {
    const { config, packets } = await open('cbr.mp3');
    const segments = new MediaSegments(config);
    const pieces = [segments.init(), segments.fragment(packets.slice(0, 3), 1_105), segments.fragment(packets.slice(3, 5))];
    const { packets: found, lags } = probe(Buffer.concat(pieces));
    expect(lags.map((lag: number) => lag - lags[4])).toEqual([1_105, 1_105, 1_105, 0, 0]); // ffprobe moves all so that none is late
    expect(found.map(([time]: [number]) => time - found[0][0])).toEqual(
      packets.slice(0, 5).map(({ timestamp }) => timestamp - packets[0].timestamp),
    );
  });

  it('refuses what MP4 has no name for', async () => {
    const { config } = await open('vorbis.ogg');
    expect(() => new MediaSegments(config)).toThrow(expect.objectContaining({ code: 'media.unsupported' }));
  });
});
