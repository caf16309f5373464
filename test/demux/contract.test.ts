import { adtsDemuxer } from '../../src/demux/adts.ts';
import type { DemuxerFactory } from '../../src/demux/demuxer.ts';
import { flacDemuxer } from '../../src/demux/flac.ts';
import { mp3Demuxer } from '../../src/demux/mp3.ts';
import { mp4Demuxer } from '../../src/demux/mp4.ts';
import { oggDemuxer } from '../../src/demux/ogg.ts';
import { wavDemuxer } from '../../src/demux/wav.ts';
import { demuxerContract } from '../contracts/demuxer.ts';
import { fixtureBytes, fixtures, signalFrames } from '../fixtures/fixtures.ts';

const factories: Readonly<Record<string, DemuxerFactory>> = {
  mp3: mp3Demuxer,
  flac: flacDemuxer,
  aac: adtsDemuxer,
  m4a: mp4Demuxer,
  wav: wavDemuxer,
  ogg: oggDemuxer,
};

/** ADTS says nothing of its length; the fragmented file was written before its length was known, so it has no edit list for the end. */
const lengthless: Readonly<Record<string, number | undefined>> = { 'stereo.aac': undefined, 'fragmented.m4a': undefined };

for (const { name, sampleRate, channels } of fixtures()) {
  const frames = name in lengthless ? lengthless[name] : signalFrames[sampleRate];
  demuxerContract(name === 'in-ogg.flac' ? oggDemuxer : factories[name.split('.')[1]], {
    name,
    bytes: fixtureBytes(name),
    sampleRate,
    channels,
    frames,
  });
}
