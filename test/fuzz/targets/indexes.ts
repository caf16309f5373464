import { FrameIndex } from '../../../src/demux/frame-index.ts';
import { segmentIndexer } from '../../../src/demux/segment-indexer.ts';
import { SegmentIndex } from '../../../src/source/segment-index.ts';
import { never } from '../../fakes/demuxed.ts';
import { MemorySource } from '../../fakes/memory-source.ts';
import { mutateBytes, mutateFile } from '../mutate.ts';
import type { Random } from '../random.ts';
import { expectTyped, must, type Target } from '../target.ts';

/** A frame index as it may be found beside an asset; whatever it says, looking things up in it ends with a place or none. */
export const frameIndexTarget: Target<Uint8Array> = {
  name: 'frame index',
  perRound: 10,
  invent: (random) => mutated(random, frameIndexOf(random).toBytes()),
  run(bytes) {
    const index = new FrameIndex({ isOnlyWay: true });
    if (!index.adopt(bytes)) return;
    must(Number.isSafeInteger(index.covered), `${index.covered} frames covered`);
    for (const timestamp of [0, 1, index.covered / 2, index.covered, 2 ** 52]) {
      const found = index.before(timestamp);
      must(!found || found.timestamp <= timestamp, `a landmark at ${found?.timestamp} before ${timestamp}`);
      must(!found || (Number.isSafeInteger(found.offset) && found.offset >= 0), `a landmark at byte ${found?.offset}`);
    }
    must(new FrameIndex({ isOnlyWay: true }).adopt(index.toBytes()), 'what was adopted is not adopted again');
  },
};

function frameIndexOf(random: Random): FrameIndex {
  const index = new FrameIndex({ isOnlyWay: true });
  const trace = index.trace();
  const packets = random.below(400);
  const bytes = 1 + random.below(100_000);
  for (let i = 0; i < packets; i++) trace.pass(i * 1152, i * bytes, (i + 1) * 1152);
  if (random.chance(0.5)) trace.end();
  return index;
}

/** A segment index as it may be found beside an asset. */
export const segmentSidecarTarget: Target<Uint8Array> = {
  name: 'segment sidecar',
  perRound: 10,
  invent(random) {
    const segments = Array.from({ length: 1 + random.below(20) }, (_, i) => ({
      range: { start: 1000 * (i + 1), end: 1000 * (i + 2) },
      decodeTime: 44_100 * i,
      duration: 44_100,
      sync: random.chance(0.9),
    }));
    return mutated(random, new SegmentIndex({ start: 0, end: 1000 }, 44_100, segments).toBytes());
  },
  run(bytes) {
    const index = SegmentIndex.fromBytes(bytes);
    if (index) checkSegments(index);
  },
};

/** The index of fragments, built from a file. */
export const segmentIndexTarget: Target<Uint8Array> = {
  name: 'segment index',
  perRound: 3,
  invent(random, { files }) {
    const movies = (files.get('mp4') ?? []).filter(({ name }) => /frag|dash/.test(name));
    return movies.length > 0 ? mutateFile(random, random.pick(movies).units, random.pick(movies).units) : undefined;
  },
  run: (bytes) =>
    expectTyped(/^media\./, bytes.length, async () => {
      const index = await segmentIndexer(new MemorySource(bytes), never);
      if (index) checkSegments(index);
    }),
};

function checkSegments(index: SegmentIndex): void {
  must(index.timescale > 0 && Number.isSafeInteger(index.timescale), `a timescale of ${index.timescale}`);
  must(index.duration >= 0 && Number.isFinite(index.duration), `a duration of ${index.duration}`);
  for (const { range, decodeTime, duration } of index.segments) {
    must(range.start >= 0 && range.start <= range.end && Number.isSafeInteger(range.end), `a segment at ${range.start}–${range.end}`);
    must(Number.isSafeInteger(decodeTime) && Number.isSafeInteger(duration), `a segment of ${duration} at ${decodeTime}`);
  }
  must(index.segments.includes(index.at(index.duration / 2)), 'no segment in the middle');
  index.afterByte(index.initRange.end);
}

const mutated = (random: Random, bytes: Uint8Array): Uint8Array => {
  const changed = random.chance(0.9) ? mutateBytes(random, bytes) : random.bytes(random.below(200));
  return random.chance(0.2) ? changed.subarray(0, random.below(changed.length + 1)) : changed;
};
