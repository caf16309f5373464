// The downloads: what is stored, how much room it takes, and what becomes of it.
import { tracks } from './tracks.js';
import { $, element, iconButton, size } from './words.js';

const titleOf = (url) => tracks.find(({ file }) => url?.endsWith(`/${file}`))?.title ?? url ?? 'unknown';

/** Shows what `cache` holds; `player` may be playing some of it. */
export function showDownloads(player, cache, offline, say) {
  const act = (button, action) =>
    $(button).addEventListener('click', async () => {
      $(button).disabled = true;
      try {
        report(await action());
      } catch (error) {
        report(error.message);
      }
      $(button).disabled = false;
      await offline.refresh();
    });
  const report = (text) => {
    $('stored-report').textContent = text;
  };

  act('verify', async () => {
    report('Reading all of it …');
    const { assets, bytes, damaged } = await cache.verify();
    const found = damaged.length === 0 ? 'every byte is as it was stored' : `${damaged.length} damaged parts were dropped`;
    return `Verified ${size(bytes)} in ${assets} ${assets === 1 ? 'track' : 'tracks'}: ${found}.`;
  });
  act('free', async () => `Freed what nobody keeps; ${size(await cache.trim(0))} are left.`);
  act('persist', async () =>
    (await cache.persist()) ? 'The browser keeps it, even when space runs short.' : 'The browser may take it away when space runs short.',
  );

  async function remove({ key, facts }) {
    const isCurrent = facts?.url === player.currentSrc;
    const wasPlaying = !player.paused;
    try {
      await cache.delete(key);
      say(`${titleOf(facts?.url)} was deleted`);
      if (isCurrent) player.load(); // what it had open is gone
      if (isCurrent && wasPlaying) player.play().catch(() => {}); // the player tells of errors
    } catch (error) {
      report(error.code === 'store.locked' ? 'Another tab has it open.' : error.message);
    }
    await offline.refresh();
    $('verify').focus();
  }

  function rowFor(stat) {
    const { facts, heldBytes, committed, pinned } = stat;
    const title = titleOf(facts?.url);
    const state = [committed ? 'whole' : 'partly there', ...(pinned ? ['kept offline'] : [])].join(', ');
    const amount = committed || !facts?.length ? size(heldBytes) : `${size(heldBytes)} of ${size(facts.length)}`;
    const bar = element('span', { className: 'bar' });
    bar.style.setProperty('--share', `${facts?.length ? (heldBytes / facts.length) * 100 : 100}%`);
    return element(
      'li',
      {},
      element('span', { className: 'title', text: title }),
      element('small', { text: state }),
      bar,
      element('span', { className: 'length', text: amount }),
      iconButton('i-remove', `Delete ${title}`, () => remove(stat)),
    );
  }

  let shown = '';
  offline.addEventListener('change', () => {
    const { stats } = offline;
    const state = JSON.stringify(stats);
    if (state === shown) return;
    shown = state;
    $('stored').replaceChildren(...stats.map(rowFor));
    $('stored-total').textContent = size(stats.reduce((sum, { heldBytes }) => sum + heldBytes, 0));
    $('nothing-stored').hidden = stats.length > 0;
  });
  for (const name of ['phase', 'trackchange', 'seeked']) player.addEventListener(name, () => offline.refresh().catch(() => {}));
}
