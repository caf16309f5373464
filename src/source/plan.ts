import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';

/** Largest range that one demand asks for. */
const DEMAND_BYTES = 1 << 20;
/** Least that a demand asks for: the next read is likely to go on from there. */
const DEMAND_LEAST = 64 << 10;
/** What a playing reader wants ahead of it, whichever is more. */
const AHEAD_BYTES = 2 << 20;
const AHEAD_SECONDS = 30;
/** A running connection that will be there this soon is waited for: a new one takes a round trip and a slow start. */
const SOON_SECONDS = 0.25;

/** Why bytes are fetched, most urgent first. */
export const PURPOSES = ['demand', 'ahead', 'fill'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Bytes to fetch in one go, and why. An open end is Infinity. */
export interface Fetch extends ByteRange {
  readonly purpose: Purpose;
}

/** A connection at work: `start` is the next byte that it brings. */
export interface Running extends Fetch {}

/** What the plan depends on. */
export interface PlanFacts<R extends Running = Running> {
  readonly held: ReadonlyRangeSet;
  readonly length: number | undefined;
  /** Whether the server answers ranges; undefined before its first answer. */
  readonly ranges: boolean | undefined;
  /** Ranges that readers are blocked on; oldest first. */
  readonly demand: readonly ByteRange[];
  /** From where readers play. */
  readonly playing: readonly number[];
  /** True if every byte is wanted, false if only what is read and played. */
  readonly whole: boolean;
  /** True if another process fills the asset, which this one follows: what that brings next is left to it. */
  readonly led: boolean;
  readonly running: readonly R[];
  readonly maxConnections: number;
  /** Bits per second of the media. */
  readonly bitRate: number | undefined;
  /** What the network gives now, all connections together. */
  readonly bytesPerSecond: number;
}

/** What to do next; both empty when all is well. */
export interface Plan<R extends Running = Running> {
  readonly cancel: readonly R[];
  readonly start: readonly Fetch[];
}

/**
 * Facts → which connections to start and which to cancel. Demand first, then the look-ahead of playing readers, then the gaps from the
 * start. No byte is asked for while it is held or on its way: what starts ends before the next such byte (see {@link limitOf}).
 */
export function plan<R extends Running>(facts: PlanFacts<R>): Plan<R> {
  const wanted = wantsOf(facts);
  const cancel = facts.running.filter((each) => isUnwanted(each, wanted, facts));
  const running = facts.running.filter((each) => !cancel.includes(each));
  const maxConnections = facts.ranges === true ? facts.maxConnections : 1;

  const urgency = new Map<R, number>(running.map((each) => [each, PURPOSES.length]));
  const unserved = wanted.filter((want) => {
    const server = running.find((each) => serves(each, want, facts));
    if (server) urgency.set(server, Math.min(urgency.get(server)!, urgencyOf(want)));
    return !server;
  });
  const start: Fetch[] = [];
  for (const want of unserved) {
    if (start.some((each) => serves(each, want, facts))) continue;
    if (urgency.size + start.length >= maxConnections) {
      const victim = facts.ranges === true ? leastUrgent(urgency, urgencyOf(want)) : undefined;
      if (!victim) break;
      urgency.delete(victim);
      cancel.push(victim);
    }
    const free = firstFree(want, facts, [...urgency.keys(), ...start]);
    if (free) start.push(free);
  }
  return { cancel, start };
}

/**
 * The first byte at or after `running.start` that it must not fetch: its end, a held byte, or one that another connection brings.
 * Asked for at every chunk, so it only searches.
 */
export function limitOf(running: Running, held: ReadonlyRangeSet, others: readonly Running[]): number {
  const gap = held.firstGap(running);
  if (!gap || gap.start > running.start) return running.start;
  let limit = gap.end;
  for (const other of others) {
    if (other !== running && other.start > running.start) limit = Math.min(limit, other.start);
  }
  return limit;
}

/** Everything that is missing and wanted, most urgent first. */
function wantsOf(facts: PlanFacts): Fetch[] {
  const { held, length = Infinity, whole } = facts;
  const first = held.firstGap({ start: 0, end: length });
  if (!first) return [];
  const mustGoInOrder = facts.ranges === false || (facts.ranges === undefined && held.size === 0 && whole);
  const isWanted = whole || facts.demand.length > 0 || facts.playing.some((from) => isShort(from, facts));
  if (mustGoInOrder) return isWanted && !facts.led ? [{ start: first.start, end: length, purpose: 'fill' }] : [];

  const wants: Fetch[] = [];
  for (const range of facts.demand) push(wants, demandFor(range, facts), 'demand');
  for (const from of facts.playing) {
    const ahead = { start: from, end: Math.min(length, from + aheadBytes(facts)) };
    if (isShort(from, facts)) push(wants, held.firstGap(ahead), 'ahead');
  }
  if (whole && !(wants.length > 0 && isScarce(facts))) push(wants, { start: first.start, end: length }, 'fill');
  return facts.led ? wants.filter(({ start }) => start - first.start > DEMAND_LEAST) : wants;
}

function push(wants: Fetch[], range: ByteRange | undefined, purpose: Purpose): void {
  if (range && range.start < range.end) wants.push({ ...range, purpose });
}

function demandFor({ start, end }: ByteRange, { held, length = Infinity, whole }: PlanFacts): ByteRange | undefined {
  const missing = held.firstGap({ start, end: Math.min(length, end) });
  if (!missing) return undefined;
  const bytes = whole ? DEMAND_BYTES : Math.min(DEMAND_BYTES, Math.max(DEMAND_LEAST, end - missing.start));
  return held.firstGap({ start: missing.start, end: Math.min(length, missing.start + bytes) });
}

function aheadBytes({ bitRate = 0 }: PlanFacts): number {
  return Math.max(AHEAD_BYTES, Math.ceil((AHEAD_SECONDS * bitRate) / 8));
}

/** Look-ahead is topped up when half of it is used, so that playing costs few requests. */
function isShort(from: number, facts: PlanFacts): boolean {
  const until = facts.held.heldUntil(from);
  return until < (facts.length ?? Infinity) && until - from < aheadBytes(facts) / 2;
}

/** Where the network is hardly faster than the media, what is heard next gets all of it. A rate that is not known yet is no reason. */
function isScarce({ bitRate = 0, bytesPerSecond }: PlanFacts): boolean {
  return bytesPerSecond > 0 && bytesPerSecond * 8 < 2 * bitRate;
}

/** A fill that nobody wants, or not now. Demands are let run (they are short), and the only body that a server without ranges gives. */
function isUnwanted(running: Running, wanted: readonly Fetch[], facts: PlanFacts): boolean {
  if (facts.ranges !== true || running.purpose !== 'fill') return false;
  if (facts.led) return true;
  if (wanted.some((want) => serves(running, want, facts))) return false;
  return running.end === Infinity || wanted.length > 0;
}

/** True if `running` brings the first byte of `want` soon enough. Any fill serves the wish for the rest. */
function serves(running: Running, want: Fetch, facts: PlanFacts): boolean {
  if (want.purpose === 'fill') return running.purpose === 'fill';
  const soon = Math.min(DEMAND_BYTES, Math.max(DEMAND_LEAST, SOON_SECONDS * facts.bytesPerSecond));
  if (want.start < running.start || want.start - running.start > soon) return false;
  return want.start < limitOf(running, facts.held, facts.running);
}

function urgencyOf({ purpose }: Fetch): number {
  return PURPOSES.indexOf(purpose);
}

/** The connection that serves nothing, or else the least urgent want, if that is less urgent than `than`. */
function leastUrgent<R>(urgency: ReadonlyMap<R, number>, than: number): R | undefined {
  let found: R | undefined;
  for (const [each, value] of urgency) {
    if (value <= than) continue;
    found = each;
    than = value;
  }
  return found;
}

/**
 * What to ask for so that `want` is met and nothing comes twice. A demand begins where it is, also inside what an open-ended fill would
 * reach one day; a fill begins behind what others bring.
 */
function firstFree(want: Fetch, { held, length }: PlanFacts, running: readonly Running[]): Fetch | undefined {
  let gap = held.firstGap(want);
  while (gap && want.purpose === 'fill') {
    const { start } = gap;
    const owner = running.find((each) => each.start <= start && start < limitOf(each, held, running));
    if (!owner) break;
    gap = held.firstGap({ start: limitOf(owner, held, running), end: want.end });
  }
  if (!gap) return undefined;
  const end = running.reduce((least, { start }) => (start > gap.start ? Math.min(least, start) : least), gap.end);
  // The last fill is open-ended, so that a resource that grew is noticed.
  return { start: gap.start, end: want.purpose === 'fill' && end === length ? Infinity : end, purpose: want.purpose };
}
