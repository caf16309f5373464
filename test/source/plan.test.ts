import { expect, test } from 'vitest';
import { RangeSet } from '../../src/base/ranges.ts';
import { type Fetch, limitOf, type PlanFacts, plan, type Running } from '../../src/source/plan.ts';

const MB = 1 << 20;
const range = (start: number, end: number) => ({ start: start * MB, end: end * MB });
const fill = (start: number, end = Infinity): Fetch => ({ ...range(start, end), purpose: 'fill' });
const demand = (start: number, end: number): Fetch => ({ ...range(start, end), purpose: 'demand' });
const ahead = (start: number, end: number): Fetch => ({ ...range(start, end), purpose: 'ahead' });

type Changes = Partial<Omit<PlanFacts, 'held'>> & { held?: RangeSet };

const facts = (changes: Changes): PlanFacts => ({
  held: new RangeSet(),
  length: 100 * MB,
  ranges: true,
  demand: [],
  playing: [],
  whole: true,
  led: false,
  running: [],
  maxConnections: 2,
  bitRate: undefined,
  bytesPerSecond: 0,
  ...changes,
});

const held = (...ranges: [number, number][]) => new RangeSet(ranges.map(([start, end]) => range(start, end)));
const nothing = { cancel: [], start: [] };
const starting = (...start: Fetch[]) => ({ cancel: [], start });

const rows: [string, Changes, { cancel: Fetch[]; start: Fetch[] }][] = [
  // What is known before the first answer.
  ['a new resource is asked for from its start, open-ended', { length: undefined, ranges: undefined }, starting(fill(0))],
  ['its first answer is waited for', { length: undefined, ranges: undefined, running: [fill(0)] }, nothing],
  ['also by a seek', { length: undefined, ranges: undefined, running: [fill(0)], demand: [range(50, 51)] }, nothing],
  ['a resumed one goes on at its first gap', { ranges: undefined, held: held([0, 10]) }, starting(fill(10))],
  ['its gap is asked for exactly', { ranges: undefined, held: held([0, 10], [30, 40]) }, starting(fill(10, 30))],
  [
    'a blocked reader of a resumed one comes first',
    { ranges: undefined, held: held([0, 10]), demand: [range(50, 60)] },
    starting(demand(50, 51)),
  ],
  ['nothing is missing', { held: held([0, 100]) }, nothing],
  ['nothing is missing, and somebody reads past the end', { held: held([0, 100]), demand: [range(100, 101)] }, nothing],

  // Demand.
  ['a far demand gets a second connection', { held: held([0, 5]), running: [fill(5)], demand: [range(50, 60)] }, starting(demand(50, 51))],
  ['a demand behind the fill too', { held: held([50, 60]), running: [fill(60)], demand: [range(0, 1)] }, starting(demand(0, 1))],
  ['a near demand waits for the fill', { held: held([0, 5]), running: [fill(5)], demand: [range(5.03, 6)] }, nothing],
  [
    'near is farther on a fast network',
    { held: held([0, 5]), running: [fill(5)], demand: [range(5.9, 7)], bytesPerSecond: 100 * MB },
    nothing,
  ],
  [
    'a demand stops at held bytes',
    { held: held([0, 5], [50.5, 60]), running: [fill(5)], demand: [range(50, 60)] },
    starting(demand(50, 50.5)),
  ],
  ['a tail is asked for exactly', { held: held([0, 5]), running: [fill(5)], demand: [range(99.5, 101)] }, starting(demand(99.5, 100))],
  ['a served demand starts nothing', { held: held([0, 5]), running: [fill(5), demand(50, 51)], demand: [range(50, 60)] }, nothing],
  [
    'a demand that nobody wants any more gives way',
    { held: held([0, 5]), running: [fill(5), demand(50, 51)], demand: [range(70, 80)] },
    { cancel: [demand(50, 51)], start: [demand(70, 71)] },
  ],
  [
    'of two wanted demands and a fill, the fill gives way',
    { held: held([0, 5]), running: [fill(5), demand(50, 51)], demand: [range(50, 60), range(70, 80)] },
    { cancel: [fill(5)], start: [demand(70, 71)] },
  ],
  ['a third demand waits', { running: [demand(50, 51), demand(70, 71)], demand: [range(50, 60), range(70, 80), range(90, 91)] }, nothing],
  [
    'with one connection allowed, a demand takes it from the fill',
    { held: held([0, 5]), maxConnections: 1, running: [fill(5)], demand: [range(70, 80)] },
    { cancel: [fill(5)], start: [demand(70, 71)] },
  ],
  [
    'two blocked readers at one place are one demand',
    { held: held([0, 5]), demand: [range(50, 60), range(50, 51)] },
    starting(demand(50, 51), fill(5, 50)),
  ],

  [
    'a long demand goes on where the part before it ended',
    { held: held([0, 5], [50, 51]), running: [fill(5)], demand: [range(50, 60)] },
    starting(demand(51, 52)),
  ],

  // Look-ahead.
  ['the fill serves a reader that plays where it is', { held: held([0, 5]), running: [fill(5)], playing: [4.5 * MB] }, nothing],
  ['look-ahead is 2 MiB', { held: held([0, 5], [50, 51]), running: [fill(5)], playing: [50.5 * MB] }, starting(ahead(51, 52.5))],
  [
    'or 30 s',
    { held: held([0, 5], [50, 51]), running: [fill(5)], playing: [50 * MB], bitRate: (10 * MB * 8) / 30 },
    starting(ahead(51, 60)),
  ],
  ['it is topped up when half is used', { held: held([0, 5], [50, 52]), running: [fill(5)], playing: [50.5 * MB] }, nothing],
  [
    'it takes the place of a demand that nobody wants',
    { running: [fill(5), demand(80, 81)], playing: [50 * MB] },
    { cancel: [demand(80, 81)], start: [ahead(50, 52)] },
  ],
  [
    'it does not take the place of a demand',
    { running: [demand(70, 71), demand(80, 81)], demand: [range(70, 71), range(80, 81)], playing: [0] },
    nothing,
  ],

  // Fill.
  ['gaps are filled from the start', { held: held([0, 5], [20, 30]) }, starting(fill(5, 20))],
  ['one fill at a time', { running: [fill(5, 20)], held: held([0, 5], [20, 30]) }, nothing],
  ['a fill does not repeat what a demand brings', { running: [demand(5, 6)], held: held([0, 5]) }, starting(fill(6))],
  ['nor what is left of it', { running: [demand(99.25, 100)], held: held([0, 99.25]) }, nothing],
  [
    'a fill stops before what a demand brings',
    { running: [demand(50, 51)], demand: [range(50, 51)], held: held([0, 5]) },
    starting(fill(5, 50)),
  ],
  ['without a length the fill has no end', { length: undefined, held: held([0, 5]) }, starting(fill(5))],

  [
    'on a slow network a fill gives way to a look-ahead',
    { held: held([0, 5]), running: [fill(5)], playing: [50 * MB], bitRate: 8 * MB, bytesPerSecond: 1.5 * MB },
    { cancel: [fill(5)], start: [ahead(50, 80)] },
  ],
  [
    'and waits until it has come',
    { held: held([0, 5]), running: [ahead(50, 80)], playing: [50 * MB], bitRate: 8 * MB, bytesPerSecond: 1.5 * MB },
    nothing,
  ],
  [
    'unless it is what the player waits for',
    { held: held([0, 5]), running: [fill(5)], playing: [4.9 * MB], bitRate: 8 * MB, bytesPerSecond: 1.5 * MB },
    nothing,
  ],
  [
    'then it goes on',
    { held: held([0, 5], [50, 80]), playing: [50 * MB], bitRate: 8 * MB, bytesPerSecond: 1.5 * MB },
    starting(fill(5, 50)),
  ],

  // Only what is played.
  // Followers.
  ['what the leader brings next is left to it', { led: true, whole: false, held: held([0, 5]), demand: [range(4.9, 6)] }, nothing],
  ['from the very start', { led: true, whole: false, ranges: undefined, length: undefined, demand: [range(0, 1)] }, nothing],
  ['also by a player', { led: true, whole: false, held: held([0, 5]), playing: [4.5 * MB] }, nothing],
  ['a seek elsewhere is not', { led: true, whole: false, held: held([0, 5]), demand: [range(50, 51)] }, starting(demand(50, 51))],
  ['nor the end', { led: true, whole: false, held: held([0, 5]), demand: [range(99.5, 100)] }, starting(demand(99.5, 100))],
  ['nor the look-ahead there', { led: true, whole: false, held: held([0, 5], [50, 50.5]), playing: [50 * MB] }, starting(ahead(50.5, 52))],
  ['a server without ranges is asked by the leader', { led: true, whole: false, ranges: false, demand: [range(50, 51)] }, nothing],
  [
    'a fill ends when another process takes over',
    { led: true, whole: false, held: held([0, 5], [50, 60]), running: [fill(5, 50)] },
    { cancel: [fill(5, 50)], start: [] },
  ],

  ['without `whole` nothing is fetched unasked', { whole: false, held: held([0, 5]) }, nothing],
  ['nor before the first answer', { whole: false, length: undefined, ranges: undefined }, nothing],
  [
    'the first answer is then asked for by who plays',
    { whole: false, length: undefined, ranges: undefined, playing: [0] },
    starting(ahead(0, 2)),
  ],
  [
    'a small read fetches little',
    { whole: false, held: held([0, 5]), demand: [{ start: 50 * MB, end: 50 * MB + 10 }] },
    starting(demand(50, 50 + 1 / 16)),
  ],
  [
    'an open-ended fill ends when the rest is not wanted',
    { whole: false, held: held([0, 5]), running: [fill(5)] },
    { cancel: [fill(5)], start: [] },
  ],

  // A server without ranges.
  ['without ranges all goes in order', { ranges: false, held: held([0, 5]), demand: [range(50, 60)] }, starting(fill(5))],
  ['in one connection', { ranges: false, held: held([0, 5]), running: [fill(5)], demand: [range(50, 60)] }, nothing],
  ['and is let run', { ranges: false, whole: false, held: held([0, 5]), running: [fill(5)] }, nothing],
  ['only if it is wanted', { ranges: false, whole: false, held: held([0, 5]) }, nothing],
];

test.each(rows)('%s', (_name, changes, expected) => {
  expect(plan(facts(changes))).toEqual(expected);
});

test.each<[string, Running, RangeSet, Running[], number]>([
  ['an open end has no limit', fill(5), held([0, 5]), [], Infinity],
  ['held bytes are a limit', fill(5), held([0, 5], [7, 8]), [], 7],
  ['what another brings is a limit', fill(5), held([0, 5]), [demand(6, 7)], 6],
  ['what another has left behind is none', fill(5), held([0, 5]), [demand(4, 5)], Infinity],
  ['its end is a limit', demand(5, 6), held([0, 5]), [fill(9)], 6],
  ['a byte that is held meanwhile stops it', fill(5), held([0, 6]), [], 5],
])('%s', (_name, running, set, others, limit) => {
  expect(limitOf(running, set, [running, ...others])).toBe(limit === Infinity ? limit : limit * MB);
});
