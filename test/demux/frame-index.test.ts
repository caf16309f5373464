import { describe, expect, it } from 'vitest';
import { FrameIndex } from '../../src/demux/frame-index.ts';

const FRAMES = 1_152;

/** Sizes of packets of a stream whose rate wanders. */
const sizes = (count: number): number[] => Array.from({ length: count }, (_, i) => 400 + Math.round(300 * Math.sin(i / 97)) + (i % 7));

/** Offsets at which packets of these sizes begin, and where the last one ends. */
function offsetsOf(bytes: readonly number[], start = 417): number[] {
  const offsets = [start];
  for (const size of bytes) offsets.push(offsets[offsets.length - 1] + size);
  return offsets;
}

function pass(index: FrameIndex, offsets: readonly number[], from = 0, to = offsets.length - 1): void {
  const trace = index.trace({ timestamp: from * FRAMES, exact: true });
  for (let i = from; i < to; i++) trace.pass(i * FRAMES, offsets[i], (i + 1) * FRAMES);
  if (to === offsets.length - 1) trace.end();
}

function indexOf(offsets: readonly number[], to?: number): FrameIndex {
  const index = new FrameIndex({ isOnlyWay: true });
  pass(index, offsets, 0, to);
  return index;
}

describe('the frame index', () => {
  const offsets = offsetsOf(sizes(20_000));
  const whole = indexOf(offsets);

  it('gives, for any frame, a packet that was there, at most 32 packets before', () => {
    for (let frame = 0; frame < 20_000 * FRAMES; frame += 12_345) {
      const { timestamp, offset } = whole.before(frame) ?? { timestamp: -1, offset: -1 };
      expect(offset).toBe(offsets[timestamp / FRAMES]);
      expect(timestamp).toBeLessThanOrEqual(frame);
      expect(frame - timestamp).toBeLessThanOrEqual(33 * FRAMES);
    }
  });

  it('knows the end', () => {
    expect(whole).toMatchObject({ isWhole: true, covered: 20_000 * FRAMES });
    expect(whole.before(Number.MAX_SAFE_INTEGER)?.timestamp).toBe(whole.last?.timestamp);
  });

  it('takes less than two bytes a packet, as large as packets may be', () => {
    expect(whole.size).toBeLessThan(20_000 / 4);
    const large = offsetsOf(Array.from({ length: 1_000 }, () => 90_000));
    expect(indexOf(large).size).toBeLessThanOrEqual(2_000);
    expect(indexOf(large).toBytes().length).toBeLessThanOrEqual(2_010);
  });

  it('comes back from its bytes and goes on from there', () => {
    const half = indexOf(offsets, 9_999);
    const restored = new FrameIndex({ isOnlyWay: true });
    expect(restored.adopt(half.toBytes())).toBe(true);
    expect(restored).toMatchObject({ isWhole: false, covered: 9_999 * FRAMES, last: half.last });
    pass(restored, offsets, 9_000);
    expect(restored.toBytes()).toEqual(whole.toBytes());
  });

  it('tells when it is whole, once, also when it comes from bytes', () => {
    const index = new FrameIndex({ isOnlyWay: true });
    let told = 0;
    index.onWhole = () => told++;
    index.adopt(whole.toBytes());
    pass(index, offsets);
    expect(told).toBe(1);
  });

  it('helps as far as it reaches, and no further than it is allowed to beyond', () => {
    const half = indexOf(offsets, 10_000);
    expect(half.before(9_999 * FRAMES)).toEqual(whole.before(9_999 * FRAMES));
    expect(half.before(10_050 * FRAMES)).toBeUndefined();
    expect(half.before(10_050 * FRAMES, 64 * FRAMES)).toEqual(half.last);
  });

  it('takes no notice of packets whose time is a guess, or that continue nothing', () => {
    const index = indexOf(offsets, 100);
    index.trace({ timestamp: 50 * FRAMES, exact: false }).pass(100 * FRAMES, 1, 101 * FRAMES);
    const far = index.trace({ timestamp: 500 * FRAMES, exact: true });
    far.pass(500 * FRAMES, offsets[500], 501 * FRAMES);
    far.end();
    expect(index).toMatchObject({ isWhole: false, covered: 100 * FRAMES });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['of another version', (bytes) => bytes.with(0, 99)],
    ['that are cut off', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['that are none', () => new Uint8Array(0)],
  ])('does not take bytes %s', (_, spoil) => {
    const index = new FrameIndex({ isOnlyWay: true });
    expect(index.adopt(spoil(whole.toBytes()))).toBe(false);
    expect(index).toMatchObject({ isWhole: false, covered: 0, last: undefined });
  });
});
