// The queue: drag a track by its handle, or move it by its buttons; click it to play; switch it to keep it for offline.
import { tracks } from './tracks.js';
import { $, clock, element, iconButton } from './words.js';

const factsOf = (url) => tracks.find(({ file }) => url.endsWith(`/${file}`)) ?? { format: '', seconds: Number.NaN };

/** Shows the queue of `player`; `offline` tells of each track whether it is kept, and keeps it. */
export function showQueue(player, offline, say) {
  const list = $('queue');

  const play = (item) => {
    player.queue.pick(item.id);
    player.play().catch(() => {}); // the player tells of errors
  };
  const move = (item, by) => {
    const index = player.queue.items.indexOf(item) + by;
    if (index < 0 || index >= player.queue.items.length) return;
    player.queue.move(item.id, index);
    rowOf(item.id)
      ?.querySelector(by < 0 ? '.up' : '.down')
      .focus();
    say(`${item.title} is now number ${index + 1} of ${player.queue.items.length}`);
  };
  const remove = (item) => {
    const index = player.queue.items.indexOf(item);
    player.queue.remove(item.id);
    (list.children[index] ?? list.lastElementChild ?? $('refill')).querySelector?.('.track')?.focus();
    say(`${item.title} was removed`);
  };
  const rowOf = (id) => [...list.children].find((row) => row.dataset.id === id);

  function rowFor(item) {
    const { format, seconds } = factsOf(item.url);
    const track = element(
      'button',
      { type: 'button', className: 'track', onclick: () => play(item) },
      element('span', { className: 'title', text: item.title }),
      element('small', { text: format }),
    );
    const keep = element('button', { type: 'button', className: 'switch', onclick: () => offline.toggle(item.url) });
    keep.setAttribute('role', 'switch');
    keep.setAttribute('aria-label', `Keep ${item.title} offline`);
    const handle = element('span', { className: 'handle', title: 'Drag to move' });
    handle.setAttribute('aria-hidden', 'true');
    handle.addEventListener('pointerdown', (event) => drag(event, item));
    const row = element(
      'li',
      {},
      handle,
      track,
      element('span', { className: 'length', text: clock(seconds) }),
      keep,
      element(
        'span',
        { className: 'tools' },
        iconButton('i-up', `Move ${item.title} up`, () => move(item, -1), 'icon up'),
        iconButton('i-down', `Move ${item.title} down`, () => move(item, 1), 'icon down'),
        iconButton('i-remove', `Remove ${item.title}`, () => remove(item), 'icon'),
      ),
    );
    row.dataset.id = item.id;
    return row;
  }

  /** Follows the pointer: the row takes the place of the one that it is over; the queue hears of it at the end. */
  function drag(event, item) {
    const row = rowOf(item.id);
    event.preventDefault();
    list.setPointerCapture(event.pointerId); // the handle would lose it, for its row is taken out and put in again
    row.classList.add('dragged');
    const follow = ({ clientY }) => {
      const before = [...list.children].find((other) => other !== row && clientY < middleOf(other));
      if (row.nextElementSibling !== (before ?? null)) list.insertBefore(row, before ?? null);
    };
    const end = () => {
      row.classList.remove('dragged');
      list.removeEventListener('pointermove', follow);
      const index = [...list.children].indexOf(row);
      if (player.queue.items.indexOf(item) !== index) player.queue.move(item.id, index);
    };
    list.addEventListener('pointermove', follow);
    list.addEventListener('lostpointercapture', end, { once: true });
  }

  function show() {
    const { items, current } = player.queue;
    const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
    const wanted = items.map((item) => rows.get(item.id) ?? rowFor(item));
    if (wanted.length !== list.children.length || wanted.some((row, i) => list.children[i] !== row)) list.replaceChildren(...wanted);
    for (const [index, item] of items.entries()) {
      const row = wanted[index];
      row.querySelector('.track').setAttribute('aria-current', String(item === current));
      row.querySelector('.up').disabled = index === 0;
      row.querySelector('.down').disabled = index === items.length - 1;
    }
    $('refill').hidden = items.length > 0;
    showOffline();
  }

  function showOffline() {
    for (const item of player.queue.items) {
      const keep = rowOf(item.id)?.querySelector('.switch');
      const { isKept, share } = offline.stateOf(item.url);
      keep?.setAttribute('aria-checked', String(isKept || share !== undefined));
      keep?.toggleAttribute('data-busy', share !== undefined);
      keep?.style.setProperty('--share', `${Math.round((share ?? 0) * 100)}%`);
    }
  }

  player.queue.addEventListener('change', show);
  player.addEventListener('trackchange', show);
  offline.addEventListener('change', showOffline);
  show();
}

function middleOf(row) {
  const { top, height } = row.getBoundingClientRect();
  return top + height / 2;
}
