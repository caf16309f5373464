// What the sound is made to be: crossfade, and what else this player can do. Choices are kept.
import { $ } from './words.js';

/** Each control, and the property that it sets; a control whose property the player has not is taken away. */
const CHOICES = { crossfade: Number, output: String, playbackRate: Number, replayGain: String };

export function controlSound(player) {
  for (const [name, parse] of Object.entries(CHOICES)) {
    const control = $(name);
    if (!(name in player)) {
      control.closest('label').remove();
      continue;
    }
    const apply = () => {
      player[name] = parse(control.value);
      localStorage[name] = control.value;
      showCrossfade();
    };
    control.value = localStorage[name] ?? control.value;
    control.addEventListener('input', apply);
    if (localStorage[name]) apply();
  }
  // A new track plays at the default rate.
  if ('defaultPlaybackRate' in player) {
    const remember = () => {
      player.defaultPlaybackRate = Number($('playbackRate').value);
    };
    $('playbackRate').addEventListener('input', remember);
    remember();
  }
  showCrossfade();
}

function showCrossfade() {
  const { value } = $('crossfade');
  $('crossfade-value').textContent = value === '0' ? 'gapless' : `${value} s`;
}
