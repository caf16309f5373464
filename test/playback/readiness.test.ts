import { describe, expect, test } from 'vitest';
import { type ReadinessFacts, type ReadyState, readinessEvents, readyStateFor } from '../../src/playback/readiness.ts';

const playing: ReadinessFacts = {
  hasHead: true,
  isSeeking: false,
  isStarved: false,
  isPlaying: true,
  aheadSeconds: 1,
  isEndDecoded: false,
  isComplete: false,
};

describe('the ready state', () => {
  test.each<[what: string, facts: Partial<ReadinessFacts>, state: ReadyState]>([
    ['nothing is known before the head', { hasHead: false, isEndDecoded: true }, 0],
    ['a seek has only the metadata until it lands', { isSeeking: true, aheadSeconds: 5 }, 1],
    ['nothing is decoded yet', { isPlaying: false, aheadSeconds: 0 }, 1],
    ['the first moment is decoded', { isPlaying: false, aheadSeconds: 0.05 }, 2],
    ['it has run dry, and is being filled up', { isStarved: true, isPlaying: false, aheadSeconds: 0.4 }, 2],
    ['it plays what there is', { aheadSeconds: 0.01 }, 3],
    ['it can begin', { isPlaying: false, aheadSeconds: 0.1 }, 3],
    ['seconds are decoded ahead', { aheadSeconds: 2 }, 4],
    ['every byte is there', { isComplete: true }, 4],
    ['it is decoded to the end', { isEndDecoded: true, aheadSeconds: 0 }, 4],
  ])('%s', (_, facts, state) => {
    expect(readyStateFor({ ...playing, ...facts })).toBe(state);
  });
});

describe('a change of the ready state tells', () => {
  test.each<[from: ReadyState, to: ReadyState, wasLoaded: boolean, events: string[]]>([
    [0, 1, false, ['durationchange', 'loadedmetadata']],
    [0, 4, false, ['durationchange', 'loadedmetadata', 'loadeddata', 'canplay', 'canplaythrough']],
    [1, 3, false, ['loadeddata', 'canplay']],
    [1, 3, true, ['canplay']],
    [3, 4, true, ['canplaythrough']],
    [4, 2, true, []],
    [2, 2, true, []],
  ])('from %i to %i (loaded before: %s)', (from, to, wasLoaded, events) => {
    expect(readinessEvents(from, to, wasLoaded)).toEqual(events);
  });
});
