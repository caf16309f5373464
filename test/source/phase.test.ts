import { expect, test } from 'vitest';
import { RangeSet } from '../../src/base/ranges.ts';
import { AulosError } from '../../src/errors.ts';
import { PHASES, PhaseMachine, phaseAt, type SourceFacts } from '../../src/source/phase.ts';
import type { Phase } from '../../src/source/source.ts';

const paths: Record<Phase, Phase[]> = {
  init: [],
  downloading: ['downloading'],
  complete: ['downloading', 'complete'],
  failed: ['failed'],
};
const legal = [
  'init>downloading',
  'init>failed',
  'downloading>complete',
  'downloading>failed',
  'complete>downloading',
  'failed>downloading',
];

test.each(PHASES.flatMap((from) => PHASES.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
  const moves: string[] = [];
  const machine = new PhaseMachine('init', (before, after) => moves.push(`${before}>${after}`));
  for (const step of paths[from]) machine.move(step);
  moves.length = 0;
  const isLegal = legal.includes(`${from}>${to}`);
  expect(machine.move(to)).toBe(isLegal);
  expect(machine.current).toBe(isLegal ? to : from);
  expect(moves).toEqual(isLegal ? [`${from}>${to}`] : []);
});

test('a worker can read the phase from the cell', () => {
  const machine = new PhaseMachine('complete', () => {});
  expect(machine.cell.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(PHASES[Atomics.load(machine.cell, 0)]).toBe('complete');
});

test('the phase is stored before the transition is told', () => {
  let seen: Phase | undefined;
  const machine: PhaseMachine = new PhaseMachine('init', () => {
    seen = machine.current;
  });
  machine.move('downloading');
  expect(seen).toBe('downloading');
});

const error = new AulosError('net.reset', { url: 'http://x/' }, 'reset');
const facts = (changes: Partial<SourceFacts>): SourceFacts => ({
  held: new RangeSet([
    { start: 0, end: 10 },
    { start: 20, end: 30 },
  ]),
  length: undefined,
  committed: false,
  error: undefined,
  closed: false,
  ...changes,
});
const whole = new RangeSet([{ start: 0, end: 30 }]);

test.each([
  ['held bytes are ready', 0, 10, {}, { name: 'ready' }],
  ['held bytes stay ready after a failure', 0, 10, { error }, { name: 'ready' }],
  ['closed comes first', 0, 10, { closed: true, error }, { name: 'closed' }],
  ['a gap is waited for', 5, 25, {}, { name: 'waiting', missing: { start: 10, end: 20 } }],
  ['a gap after a failure fails', 5, 25, { error }, { name: 'failed', error }],
  ['past the last byte held, with the length unknown', 25, 40, {}, { name: 'waiting', missing: { start: 30, end: 40 } }],
  ['a range is clipped to a known length', 25, 40, { length: 30 }, { name: 'ready' }],
  ['past a length that is not certain yet', 30, 40, { length: 30 }, { name: 'ready' }],
  ['past the end', 30, 40, { held: whole, length: 30, committed: true }, { name: 'ended' }],
  ['before the end', 29, 40, { held: whole, length: 30, committed: true }, { name: 'ready' }],
  ['past the end after a failure', 31, 40, { held: whole, length: 30, committed: true, error }, { name: 'ended' }],
] as const)('%s', (_name, start, end, changes, readiness) => {
  expect(phaseAt({ start, end }, facts(changes))).toEqual(readiness);
});
