// The demo page: the public API of aulos and nothing else.
import { Player } from '/aulos/aulos.js';
import { tracks } from './tracks.js';

const $ = (id) => document.getElementById(id);
const player = new Player();
const LOG_LINES = 200;
/** The levels shown by the meter fall by this much a frame: it leaps up at once and comes down as a needle does. */
const METER_FALL = 0.93;
const meter = [0, 0];
let isDragging = false;
let lastRange = '';

// Tracks

for (const track of tracks) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.append(textElement('span', track.title), textElement('span', clock(track.seconds), 'length'), textElement('small', track.format));
  button.addEventListener('click', () => choose(track));
  item.append(button);
  $('tracks').append(item);
}

function choose(track) {
  for (const [index, item] of [...$('tracks').children].entries()) {
    item.firstChild.setAttribute('aria-current', String(tracks[index] === track));
  }
  $('now').textContent = track.title;
  $('format').textContent = track.format;
  $('play').disabled = false;
  player.src = new URL(`media/${track.file}`, location.href).href;
  player.play().catch(showError);
}

// Transport

$('play').addEventListener('click', () => (player.paused ? player.play().catch(showError) : player.pause()));
$('volume').addEventListener('input', () => (player.volume = Number($('volume').value)));
$('seek').addEventListener('pointerdown', () => (isDragging = true));
$('seek').addEventListener('input', showTime);
$('seek').addEventListener('change', () => {
  isDragging = false;
  player.currentTime = Number($('seek').value);
});

document.addEventListener('keydown', (event) => {
  if (event.target !== document.body || !player.currentSrc) return;
  if (event.key === ' ') $('play').click();
  else if (event.key === 'ArrowLeft') player.currentTime = Math.max(0, player.currentTime - 5);
  else if (event.key === 'ArrowRight') player.currentTime += 5;
  else return;
  event.preventDefault();
});

// What the player tells

player.addEventListener('durationchange', () => {
  const { duration } = player;
  const isKnown = Number.isFinite(duration);
  $('seek').disabled = !isKnown;
  $('seek').max = isKnown ? duration : 1;
  $('duration').textContent = isKnown ? clock(duration) + (player.durationIsExact ? '' : ' (about)') : '–:––';
});
for (const name of ['play', 'pause', 'ended', 'emptied']) {
  player.addEventListener(name, () => {
    $('play').toggleAttribute('data-playing', !player.paused);
    $('play').setAttribute('aria-label', player.paused ? 'Play' : 'Pause');
  });
}
const states = {
  loadstart: 'Opening …',
  waiting: 'Waiting for bytes …',
  seeking: 'Seeking …',
  playing: '',
  pause: 'Paused',
  ended: 'The end',
  seeked: '',
};
for (const [name, text] of Object.entries(states)) player.addEventListener(name, () => showState(text));
player.addEventListener('error', () => showError(player.error));
player.addEventListener('retry', ({ detail }) => showState(`The network failed (${detail.error.code}); trying again …`));
player.addEventListener('levels', ({ detail }) => {
  for (const side of [0, 1]) meter[side] = Math.max(meter[side], detail.peak[Math.min(side, detail.peak.length - 1)] ?? 0);
});
player.addEventListener('phase', ({ detail }) => ($('phase').textContent = detail.phase));

// The event log: all that the standard knows, and ours; the chatty ones only when they say something new.

const logged = [
  'loadstart',
  'loadedmetadata',
  'canplay',
  'canplaythrough',
  'play',
  'playing',
  'waiting',
  'pause',
  'seeking',
  'seeked',
  'ended',
  'error',
  'emptied',
];
for (const name of logged)
  player.addEventListener(name, () => log(name, name === 'error' ? player.error?.code : clock(player.currentTime)));
player.addEventListener('phase', ({ detail }) => log('phase', detail.phase));
player.addEventListener('retry', ({ detail }) =>
  log('retry', `${detail.error.code}, attempt ${detail.attempt} in ${Math.round(detail.delayMs)} ms`),
);
player.addEventListener('underrun', ({ detail }) => log('underrun', String(detail.underruns)));

function log(name, text = '') {
  const line = document.createElement('li');
  line.append(textElement('time', new Date().toLocaleTimeString()), ` ${name} ${text}`);
  const list = $('log');
  const wasAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  list.append(line);
  if (list.children.length > LOG_LINES) list.firstChild.remove();
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

// What moves with the sound

function frame() {
  for (const [side, id] of ['left', 'right'].entries()) {
    const decibels = 20 * Math.log10(Math.max(meter[side], 1e-4));
    $(id).style.setProperty('--level', `${Math.max(0, (1 + decibels / 48) * 100)}%`);
    meter[side] *= METER_FALL;
  }
  showTime();
  showHeld();
  showFacts();
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

function showTime() {
  const seek = $('seek');
  if (!isDragging) seek.value = player.currentTime;
  const seconds = Number(seek.value);
  $('time').textContent = clock(seconds);
  seek.setAttribute('aria-valuetext', `${clock(seconds)} of ${$('duration').textContent}`);
  $('played').style.width = `${(seconds / Number(seek.max)) * 100}%`;
}

function showHeld() {
  const { buffered, duration } = player;
  const spans = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i) / duration, buffered.end(i) / duration]);
  const range = spans.join();
  if (range === lastRange) return;
  lastRange = range;
  $('held').replaceChildren(
    ...spans.map(([start, end]) => {
      const span = document.createElement('span');
      span.style.left = `${start * 100}%`;
      span.style.width = `${(end - start) * 100}%`;
      return span;
    }),
  );
}

function showFacts() {
  const { networkBytes, storeBytes, requests, firstSoundMs, underruns } = player.stats;
  $('network').textContent = size(networkBytes);
  $('store').textContent = size(storeBytes);
  $('requests').textContent = String(requests);
  $('first').textContent = firstSoundMs === undefined ? '–' : `${Math.round(firstSoundMs)} ms`;
  $('underruns').textContent = String(underruns);
}

function showState(text) {
  $('state').textContent = text;
  delete $('state').dataset.error;
}

function showError(error) {
  if (!error) return;
  $('state').textContent = error.message;
  $('state').dataset.error = error.code ?? '';
}

// The network

const network = await (await fetch('/network')).json();
$('rate').value = String(network.rate);
$('latency').value = String(network.latencyMs);
for (const id of ['rate', 'latency']) $(id).addEventListener('input', setNetwork);
showLatency();

async function setNetwork() {
  showLatency();
  await fetch(`/network?rate=${$('rate').value}&latency=${$('latency').value}`, { method: 'PUT' });
}

function showLatency() {
  $('latency-value').textContent = `${$('latency').value} ms`;
}

// Words

function textElement(tag, text, className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

function size(bytes) {
  return bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
