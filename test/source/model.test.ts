import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Command, SourceModel } from './source-model.ts';

const sequences = Number(process.env.SEQUENCES ?? 300);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const size = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 60_000, max: 900_000 }));
const act = <const D extends Command['do'], R extends object>(name: D, rest: { [K in keyof R]: fc.Arbitrary<R[K]> }) =>
  fc.record({ do: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<Command>;

const opening = {
  whole: fc.boolean(),
  onIdle: fc.constantFrom('pause', 'continue'),
  revalidate: fc.constantFrom('never', 'never', 'open'),
} as const;

const command = fc.oneof(
  { weight: 3, arbitrary: act('open', opening) },
  { weight: 4, arbitrary: act('reader', { which: share }) },
  { weight: 10, arbitrary: act('read', { which: share, at: share, length: share, atLeast: fc.oneof(fc.constant(1), share) }) },
  { weight: 3, arbitrary: act('tryRead', { which: share, at: share, length: share }) },
  { weight: 2, arbitrary: act('playFrom', { which: share, at: share }) },
  { weight: 12, arbitrary: act('pass', { ms: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_200 })) }) },
  { weight: 2, arbitrary: act('abort', { which: share }) },
  { weight: 1, arbitrary: act('closeReader', { which: share }) },
  { weight: 1, arbitrary: act('closeSource', { which: share }) },
  { weight: 1, arbitrary: act('retry', { which: share }) },
  { weight: 1, arbitrary: act('kill', { keepsUnrecorded: fc.boolean() }) },
  { weight: 1, arbitrary: act('restart', {}) },
  { weight: 1, arbitrary: act('rot', { which: share }) },
  { weight: 1, arbitrary: act('evict', {}) },
  { weight: 1, arbitrary: act('trim', {}) },
  { weight: 1, arbitrary: act('pin', { pinned: fc.boolean() }) },
  { weight: 2, arbitrary: act('audit', {}) },
  { weight: 1, arbitrary: act('changeOrigin', { size: fc.option(size, { nil: undefined }) }) },
  { weight: 1, arbitrary: act('ranges', { answers: fc.boolean() }) },
  { weight: 1, arbitrary: act('fullDisk', { isFull: fc.boolean() }) },
  { weight: 2, arbitrary: act('cut', { after: share }) },
  { weight: 1, arbitrary: act('status', { status: fc.constantFrom(404, 503) }) },
);

/** A sequence begins with a reader, so that most of it does something. */
const commands = fc
  .tuple(act('open', opening), fc.array(command, { maxLength: 40 }))
  .map(([open, rest]): Command[] => [open, { do: 'pass', ms: 2 }, { do: 'reader', which: 0 }, ...rest]);

test.each([
  ['a strong entity tag', true],
  ['no validator', false],
])(
  'whatever happens in whatever order, a source with %s gives bytes of one version, and leaves nobody waiting',
  async (_name, hasValidators) => {
    console.info('SEED', seed, 'SEQUENCES', sequences);
    let run = 0;
    const property = fc.asyncProperty(size, fc.constantFrom(1, 20, 200), commands, async (bytes, pieceMs, sequence) => {
      run++;
      await new SourceModel(bytes, pieceMs, hasValidators).run(sequence);
    });
    await fc.assert(property, { seed, numRuns: Math.ceil(sequences / 2) });
    expect(run).toBeGreaterThan(0);
  },
  20_000 + sequences * 100,
);
