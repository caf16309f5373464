import { AulosError } from '../../../src/errors.ts';
import { expectTyped, type Target } from '../target.ts';

/** Faults that the fuzzer has to find; run only by name, for its own test. */
export const plantedTargets: readonly Target<number>[] = [
  planted('planted: untyped', () => (undefined as unknown as Uint8Array).length),
  planted('planted: offset', () => {
    throw new AulosError('media.malformed', { offset: 101, what: 'file' }, 'beyond the end');
  }),
  planted('planted: endless loop', () => {
    for (let i = 0; ; i = (i + 1) & 1023);
  }),
  planted('planted: never settles', () => new Promise(() => {})),
  planted('planted: allocation', () => void new Float32Array(1 << 24)),
];

function planted(name: string, fault: () => unknown): Target<number> {
  return { name, perRound: 1, invent: (random) => random.below(2), run: () => expectTyped(/^media\./, 100, fault) };
}
