// The level meters: they leap up at once and come down as a needle does.
import { $ } from './words.js';

/** What is left of a level after a frame. */
const FALL = 0.93;
const FLOOR_DECIBELS = 48;

/** Shows the levels of `player` whenever it is called. */
export function showMeters(player) {
  const levels = [0, 0];
  player.addEventListener('levels', ({ detail: { peak } }) => {
    for (const side of [0, 1]) levels[side] = Math.max(levels[side], peak[Math.min(side, peak.length - 1)] ?? 0);
  });
  return () => {
    for (const [side, id] of ['left', 'right'].entries()) {
      const decibels = 20 * Math.log10(Math.max(levels[side], 1e-4));
      $(id).style.setProperty('--level', `${Math.max(0, (1 + decibels / FLOOR_DECIBELS) * 100)}%`);
      levels[side] *= FALL;
    }
  };
}
