import { describe, expect, it, test } from 'vitest';
import { CONTEXT_EVENTS, CONTEXT_STATES, type ContextAction, contextAction } from '../../src/playback/context-state.ts';
import { FrozenClock } from '../../src/playback/frozen-clock.ts';

describe('what is done about an AudioContext', () => {
  const rows: [(typeof CONTEXT_STATES)[number], (typeof CONTEXT_EVENTS)[number], ContextAction][] = [
    ['suspended', 'gesture', 'resume'],
    ['suspended', 'visible', 'resume'],
    ['suspended', 'devicechange', 'resume'],
    ['suspended', 'statechange', 'resume'],
    ['suspended', 'frozen', 'none'],
    ['running', 'gesture', 'none'],
    ['running', 'visible', 'none'],
    ['running', 'devicechange', 'none'],
    ['running', 'statechange', 'sound'],
    ['running', 'frozen', 'rebuild'],
    ['interrupted', 'gesture', 'none'],
    ['interrupted', 'visible', 'none'],
    ['interrupted', 'devicechange', 'none'],
    ['interrupted', 'statechange', 'fallSilent'],
    ['interrupted', 'frozen', 'none'],
    ['closed', 'gesture', 'rebuild'],
    ['closed', 'visible', 'rebuild'],
    ['closed', 'devicechange', 'rebuild'],
    ['closed', 'statechange', 'rebuild'],
    ['closed', 'frozen', 'none'],
  ];

  test.each(rows)('that is %s at %s: %s', (state, event, action) => {
    expect(contextAction(state, event)).toBe(action);
  });

  it('is told for every state and event', () => {
    const told = new Set(rows.map(([state, event]) => `${state} ${event}`));
    expect(told).toEqual(new Set(CONTEXT_STATES.flatMap((state) => CONTEXT_EVENTS.map((event) => `${state} ${event}`))));
  });
});

describe('a clock', () => {
  it('that moves is not frozen', () => {
    const clock = new FrozenClock();
    expect([0, 400, 800, 1_200, 1_600].map((ms) => clock.look(ms / 1e3, ms))).toEqual([false, false, false, false, false]);
  });

  it('that stands still for a second is', () => {
    const clock = new FrozenClock();
    expect([0, 400, 800, 1_200].map((ms) => clock.look(7, ms))).toEqual([false, false, false, true]);
  });

  it('is not frozen when it was only seen twice, by a page that was busy in between', () => {
    const clock = new FrozenClock();
    expect([0, 5_000].map((ms) => clock.look(7, ms))).toEqual([false, false]);
    expect(clock.look(12, 5_400)).toBe(false);
  });

  it('is looked at anew after a reset', () => {
    const clock = new FrozenClock();
    for (const ms of [0, 400, 800]) clock.look(7, ms);
    clock.reset();
    expect([1_200, 1_600, 2_000, 2_400].map((ms) => clock.look(7, ms))).toEqual([false, false, false, true]);
  });
});
