// Playing: the buttons, the volume, the keys, and in words what is going on.
import { $ } from './words.js';

const REPEATS = ['none', 'all', 'one'];
const REPEAT_NAMES = { none: 'Repeat: off', all: 'Repeat: all', one: 'Repeat: this track' };
/** What an event means to a listener. */
const STATES = {
  loadstart: 'Opening …',
  waiting: 'Waiting for bytes …',
  seeking: 'Seeking …',
  playing: '',
  pause: 'Paused',
  ended: 'The end',
  seeked: '',
};
const STEP_SECONDS = 5;

/** Lets the visitor play; gives what says a sentence to screen readers. */
export function control(player) {
  const toggle = () => {
    if (player.paused) player.play().catch(showError);
    else player.pause();
  };
  const mute = () => {
    player.muted = !player.muted;
  };
  const repeat = () => {
    player.queue.repeat = REPEATS[(REPEATS.indexOf(player.queue.repeat) + 1) % REPEATS.length];
  };
  const shuffle = () => {
    player.queue.shuffle = !player.queue.shuffle;
  };
  const seekBy = (seconds) => {
    player.currentTime = Math.max(0, player.currentTime + seconds);
  };
  const louder = (by) => {
    player.volume = Math.max(0, Math.min(1, player.volume + by));
  };
  const help = () => $('help').showModal();

  $('play').addEventListener('click', toggle);
  $('previous').addEventListener('click', () => player.previous());
  $('next').addEventListener('click', () => player.next());
  $('mute').addEventListener('click', mute);
  $('repeat').addEventListener('click', repeat);
  $('shuffle').addEventListener('click', shuffle);
  $('help-button').addEventListener('click', help);
  $('retry').addEventListener('click', () => tryAgain(player));
  $('volume').addEventListener('input', () => {
    player.volume = Number($('volume').value);
    player.muted = false;
  });

  const keys = {
    ' ': toggle,
    k: toggle,
    ArrowLeft: () => seekBy(-STEP_SECONDS),
    ArrowRight: () => seekBy(STEP_SECONDS),
    ArrowUp: () => louder(0.05),
    ArrowDown: () => louder(-0.05),
    n: () => player.next(),
    p: () => player.previous(),
    m: mute,
    r: repeat,
    s: shuffle,
    '?': help,
  };
  document.addEventListener('keydown', (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isTaken = event.target.closest('input, select, dialog') || (key === ' ' && event.target.closest('button'));
    if (event.defaultPrevented || isTaken || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, key)) return;
    event.preventDefault();
    keys[key]();
  });

  const showPlaying = () => {
    $('play').toggleAttribute('data-playing', !player.paused);
    $('play').setAttribute('aria-label', player.paused ? 'Play' : 'Pause');
  };
  const showQueue = () => {
    const { repeat, shuffle, current } = player.queue;
    $('repeat').dataset.repeat = repeat;
    $('repeat').setAttribute('aria-label', REPEAT_NAMES[repeat]);
    $('repeat').title = REPEAT_NAMES[repeat];
    $('shuffle').setAttribute('aria-pressed', String(shuffle));
    for (const id of ['play', 'previous']) $(id).disabled = !current;
    $('next').disabled = !player.queue.next;
    $('now').textContent = current?.title ?? 'Nothing to play';
    $('format').textContent = current?.album ?? 'The queue is empty';
  };
  const showVolume = () => {
    $('volume').value = player.muted ? 0 : player.volume;
    $('mute').setAttribute('aria-pressed', String(player.muted));
  };
  for (const name of ['play', 'pause', 'ended', 'emptied', 'error']) player.addEventListener(name, showPlaying);
  player.queue.addEventListener('change', showQueue);
  player.addEventListener('trackchange', showQueue);
  player.addEventListener('volumechange', showVolume);
  for (const [name, text] of Object.entries(STATES)) player.addEventListener(name, () => !player.error && showState(text));
  player.addEventListener('error', () => showError(player.error));
  player.addEventListener('retry', ({ detail }) => showState(`The network failed (${detail.error.code}); trying again …`));
  showPlaying();
  showQueue();
  showVolume();
  return (text) => {
    $('said').textContent = text;
  };
}

/** After an error: goes on from what is held, or begins again when the stored bytes are gone. */
export function tryAgain(player) {
  if (player.error?.code === 'asset.changed') player.load();
  else player.retry();
  player.play().catch(() => {}); // the player tells of errors
}

function showState(text) {
  $('state').textContent = text;
  delete $('state').dataset.error;
  $('retry').hidden = true;
}

function showError(error) {
  if (!error || error.name === 'AbortError') return;
  $('state').textContent = error.message;
  $('state').dataset.error = error.code ?? '';
  $('retry').hidden = error.code === 'output.notAllowed';
}
