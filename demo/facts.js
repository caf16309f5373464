// Under the hood: the phase of the download, its requests and bytes, and what they did for the ear.
import { $, size } from './words.js';

/** Shows the facts of `player` whenever it is called. */
export function showFacts(player) {
  const parts = ['networkBytes', 'storeBytes', 'requests', 'firstSoundMs', 'underruns', 'aheadSeconds'].map((id) => $(id));
  const write = (texts) => {
    for (const [i, text] of texts.entries()) if (parts[i].textContent !== text) parts[i].textContent = text;
  };
  return () => {
    const { networkBytes, storeBytes, requests, firstSoundMs, underruns, aheadSeconds } = player.stats;
    write([
      size(networkBytes),
      size(storeBytes),
      String(requests),
      firstSoundMs === undefined ? '–' : `${Math.round(firstSoundMs)} ms`,
      String(underruns),
      `${aheadSeconds.toFixed(1)} s`,
    ]);
    const total = networkBytes + storeBytes;
    $('share').style.setProperty('--share', `${total ? (networkBytes / total) * 100 : 0}%`);
    $('share').toggleAttribute('data-empty', total === 0);
    for (const step of $('phases').children) step.toggleAttribute('data-now', step.dataset.phase === player.phase);
    $('phase').textContent = player.phase;
  };
}
