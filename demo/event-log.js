// The events of the player as they come.
import { $, clock, element } from './words.js';

const LINES = 200;
const PLAIN = [
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
  'emptied',
];

export function logEvents(player) {
  for (const name of PLAIN) player.addEventListener(name, () => log(name, clock(player.currentTime)));
  player.addEventListener('error', () => log('error', player.error?.code));
  player.addEventListener('trackchange', ({ detail: { item, reason } }) => log('trackchange', `${item?.title ?? 'nothing'}, ${reason}`));
  player.addEventListener('phase', ({ detail }) => log('phase', detail.phase));
  player.addEventListener('retry', ({ detail: { error, attempt, delayMs } }) =>
    log('retry', `${error.code}, attempt ${attempt} in ${Math.round(delayMs)} ms`),
  );
  player.addEventListener('underrun', ({ detail }) => log('underrun', String(detail.underruns)));
  for (const name of ['interrupted', 'unlocked', 'outputchange']) player.addEventListener(name, () => log(name));
}

function log(name, text = '') {
  const list = $('log');
  const wasAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  const time = element('time', { text: new Date().toLocaleTimeString([], { hour12: false }) });
  list.append(element('li', {}, time, element('b', { text: name }), ` ${text}`));
  if (list.children.length > LINES) list.firstChild.remove();
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}
