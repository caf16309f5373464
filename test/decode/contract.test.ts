import { openDemuxer } from '../../src/demux/probe.ts';
import { decoderContract } from '../contracts/decoder.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { expectedPlanes, fixtureBytes, fixtures } from '../fixtures/fixtures.ts';

/** Lossless is bit by bit; the lossy decoders are held to the bars of the design. */
const atLeastDb: Readonly<Record<string, number>> = { flac: Infinity, wav: Infinity, mp3: 90, aac: 110, m4a: 110, ogg: 110 };
const signal = new AbortController().signal;

for (const fixture of fixtures()) {
  const { name } = fixture;
  decoderContract({
    name,
    open: async () => openDemuxer(new MemorySource(fixtureBytes(name)), name, signal),
    expected: expectedPlanes(fixture),
    atLeastDb: name === 'alac.m4a' ? Infinity : atLeastDb[name.split('.')[1]],
  });
}
