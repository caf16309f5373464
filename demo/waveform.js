// The waveform of the current track: played, held and missing painted on it, and a slider to seek by pointer or keyboard.
import { $, clock, spoken } from './words.js';

const BUCKETS = 480;
/** A bar and the gap behind it, CSS pixels. */
const [BAR, GAP] = [2, 1];
const STEP_SECONDS = 5;

/** Shows what `player` plays. */
export function showWaveform(player) {
  const slider = $('wave');
  const canvas = slider.querySelector('canvas');
  let peaks;
  /** Gives up the waveform that was asked for. */
  let asking;
  /** Where the pointer would seek to, seconds. */
  let aim;
  let colours = coloursOf(slider);
  let painted = '';
  let described = '';

  const lengthOf = () => (Number.isFinite(player.duration) ? player.duration : 0);

  function forget() {
    asking?.abort();
    asking = undefined;
    peaks = undefined;
  }

  /** Asks for the waveform, but not before the track sounds: both are decoded by one worker. */
  function follow() {
    const isReady = player.paused ? player.readyState > 0 : player.readyState === 4 || player.currentTime > 2;
    if (asking || !isReady) return;
    asking = new AbortController();
    const onProgress = (known) => {
      peaks = known;
    };
    player.peaks({ buckets: BUCKETS, signal: asking.signal, onProgress }).then(onProgress, () => {}); // the player tells of errors
  }

  function paint() {
    const { clientWidth: width, clientHeight: height } = canvas;
    const seconds = aim ?? player.currentTime;
    const heldSpans = spansOf(player.buffered);
    const needle = Math.round((seconds / lengthOf()) * width);
    const state = [width, needle, heldSpans.join(), peaks && known(peaks), colours.played, lengthOf()].join('|');
    if (state !== painted) draw(width, height, seconds, heldSpans);
    painted = state;
  }

  function draw(width, height, seconds, heldSpans) {
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext('2d');
    context.scale(scale, scale);
    const length = lengthOf();
    const bars = Math.floor((width + GAP) / (BAR + GAP));
    for (let bar = 0; bar < bars; bar++) {
      const at = (bar / bars) * length;
      const isHeld = heldSpans.some(([start, end]) => at >= start && at < end);
      context.fillStyle = length && at < seconds ? colours.played : isHeld ? colours.held : colours.missing;
      const [low, high] = peakAt(peaks, bar / bars, (bar + 1) / bars);
      const top = height * (0.5 - high * 0.48);
      context.fillRect(bar * (BAR + GAP), top, BAR, Math.max(2, height * (0.5 - low * 0.48) - top));
    }
    if (!length) return;
    context.fillStyle = colours.needle;
    context.fillRect(Math.min(width - 2, (seconds / length) * width), 0, 2, height);
  }

  function describe() {
    const length = lengthOf();
    const seconds = aim ?? player.currentTime;
    const about = length && !player.durationIsExact ? ' (about)' : '';
    const state = [Math.round(seconds * 2), length, about].join();
    if (state === described) return;
    described = state;
    $('time').textContent = clock(seconds);
    $('duration').textContent = length ? clock(length) + about : '–:––';
    slider.setAttribute('aria-disabled', String(!length));
    slider.setAttribute('aria-valuemax', String(Math.round(length)));
    slider.setAttribute('aria-valuenow', String(Math.min(Math.round(seconds), Math.round(length))));
    slider.setAttribute('aria-valuetext', length ? `${spoken(seconds)} of ${spoken(length)}` : 'nothing is loaded');
  }

  const aimAt = ({ clientX }) => {
    const { left, width } = slider.getBoundingClientRect();
    aim = Math.max(0, Math.min(1, (clientX - left) / width)) * lengthOf();
  };
  slider.addEventListener('pointerdown', (event) => {
    if (!lengthOf() || event.button !== 0) return;
    slider.setPointerCapture(event.pointerId);
    aimAt(event);
  });
  slider.addEventListener('pointermove', (event) => aim !== undefined && aimAt(event));
  slider.addEventListener('pointerup', () => {
    if (aim !== undefined) player.currentTime = aim;
    aim = undefined;
  });
  slider.addEventListener('pointercancel', () => {
    aim = undefined;
  });
  slider.addEventListener('keydown', (event) => {
    const to = keyTarget(event.key, player.currentTime, lengthOf());
    if (to === undefined || !lengthOf()) return;
    event.preventDefault();
    player.currentTime = Math.max(0, Math.min(lengthOf(), to));
  });

  const recolour = () => {
    colours = coloursOf(slider);
  };
  document.addEventListener('themechange', recolour);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
  for (const name of ['trackchange', 'loadstart']) player.addEventListener(name, forget);
  return () => {
    follow();
    paint();
    describe();
  };
}

function keyTarget(key, seconds, length) {
  if (key === 'ArrowRight' || key === 'ArrowUp') return seconds + STEP_SECONDS;
  if (key === 'ArrowLeft' || key === 'ArrowDown') return seconds - STEP_SECONDS;
  if (key === 'PageUp') return seconds + length / 10;
  if (key === 'PageDown') return seconds - length / 10;
  if (key === 'Home') return 0;
  return key === 'End' ? length : undefined;
}

/** The lowest and highest sample between two shares of the track; silence where nothing is known. */
function peakAt(peaks, from, to) {
  if (!peaks) return [0, 0];
  let [low, high] = [0, 0];
  for (let i = Math.floor(from * BUCKETS); i < Math.ceil(to * BUCKETS) && i < BUCKETS; i++) {
    if (peaks.min[i] < low) low = peaks.min[i];
    if (peaks.max[i] > high) high = peaks.max[i];
  }
  return [low, high];
}

const known = ({ max, isWhole }) => (isWhole ? 'whole' : max.findLastIndex((peak) => !Number.isNaN(peak)));
const spansOf = (ranges) => Array.from({ length: ranges.length }, (_, i) => [ranges.start(i), ranges.end(i)]);

/** A canvas does not know variables, and a variable does not say which of its two colours it is: the colour of an element does. */
function coloursOf(node) {
  const colourOf = (name) => {
    node.style.color = `var(${name})`;
    return getComputedStyle(node).color;
  };
  const [played, held, missing, needle] = ['--clay', '--held', '--missing', '--ink'].map(colourOf);
  node.style.color = '';
  return { played, held, missing, needle };
}
