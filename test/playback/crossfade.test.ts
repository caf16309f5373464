import { describe, expect, test } from 'vitest';
import { crossfade, Tail } from '../../src/playback/crossfade.ts';
import type { Planes } from '../../src/playback/downmix.ts';
import { randomFrom } from '../source/random.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = randomFrom(seed);
const noise = (frames: number) => Float32Array.from({ length: frames }, () => 2 * random() - 1);

/** In blocks of `size` frames, one channel. */
function* blocksOf(samples: Float32Array, size: number): Generator<Planes> {
  for (let at = 0; at < samples.length; at += size) yield [samples.slice(at, at + size)];
}

async function faded(tail: Float32Array, sound: Float32Array, size = 33): Promise<number[]> {
  const planes: Planes[] = [];
  const source = async function* () {
    yield* blocksOf(sound, size);
  };
  for await (const part of crossfade([...blocksOf(tail, 21)], source())) planes.push(part);
  return planes.flatMap(([plane]) => [...plane]);
}

const power = (samples: readonly number[]) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

describe('a crossfade', () => {
  test('keeps the power of unlike sounds throughout', async () => {
    const heard = await faded(noise(40_000), noise(60_000));
    for (let at = 0; at < 60_000; at += 5_000) expect(power(heard.slice(at, at + 5_000)), `SEED=${seed} at ${at}`).toBeCloseTo(1 / 3, 1);
  });

  test('weighs the two by cosine and sine, and leaves what follows it as it is', async () => {
    const [tail, sound] = [noise(100), noise(250)];
    const heard = await faded(tail, sound);
    expect(heard).toHaveLength(250);
    const angle = (i: number) => ((i + 0.5) / 100) * (Math.PI / 2);
    for (let i = 0; i < 100; i++) expect(heard[i]).toBeCloseTo(Math.cos(angle(i)) * tail[i] + Math.sin(angle(i)) * sound[i], 6);
    expect(heard.slice(100)).toEqual([...sound.subarray(100)]);
  });

  test('goes down alone when the other sound is shorter than it', async () => {
    const tail = new Float32Array(100).fill(1);
    const heard = await faded(tail, new Float32Array(30));
    expect(heard).toHaveLength(100);
    expect(heard[99]).toBeCloseTo(0, 1);
    expect(heard.every((x, i) => i === 0 || x < heard[i - 1])).toBe(true);
  });
});

describe('a tail', () => {
  test.each([0, 1, 70, 500])('gives everything but the last %i frames, in order', (frames) => {
    const samples = noise(1_000);
    const tail = new Tail();
    const passed: Planes[] = [];
    for (const planes of blocksOf(samples, 64)) passed.push(...tail.pass(planes, frames));
    expect(tail.frames).toBeGreaterThanOrEqual(frames);
    expect(tail.frames).toBeLessThan(frames + 64);
    passed.push(...tail.cut(frames));
    expect(tail.frames).toBe(frames);
    expect(passed.flatMap(([plane]) => [...plane])).toEqual([...samples.subarray(0, 1_000 - frames)]);
    expect(tail.parts.flatMap(([plane]) => [...plane])).toEqual([...samples.subarray(1_000 - frames)]);
  });
});
