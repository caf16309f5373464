// The demo page: the public API of aulos and nothing else.
import { openCache, Player, Queue } from '/aulos/aulos.js';
import { showDownloads } from './downloads.js';
import { logEvents } from './event-log.js';
import { showFacts } from './facts.js';
import { showMeters } from './meters.js';
import { controlNetwork } from './network.js';
import { Offline } from './offline.js';
import { showQueue } from './queue-list.js';
import { headers } from './session.js';
import { controlSound } from './sound.js';
import { tracks } from './tracks.js';
import { control } from './transport.js';
import { showWaveform } from './waveform.js';
import { $ } from './words.js';

const player = new Player({ headers });
const items = tracks.map(({ file, title, format }) => ({ url: `media/${file}`, title, artist: 'aulos demo', album: format }));
player.queue = storedQueue() ?? new Queue();
if (!player.queue.current) player.queue.replace(...items);
player.queue.addEventListener('change', storeQueue);
player.addEventListener('trackchange', storeQueue);
$('refill').addEventListener('click', () => player.queue.replace(...items));

const say = control(player);
controlSound(player);
logEvents(player);
const [showPosition, showLevels, showNumbers] = [showWaveform(player), showMeters(player), showFacts(player)];
setInterval(showNumbers, 100);
requestAnimationFrame(function frame() {
  showPosition();
  showLevels();
  requestAnimationFrame(frame);
});

await controlNetwork();
const cache = await openCache();
const offline = new Offline(cache);
showQueue(player, offline, say);
showDownloads(player, cache, offline, say);
offline.addEventListener('failed', ({ detail: { error } }) => say(`The download failed: ${error.message}`));
await offline.refresh();

/** The queue as the visitor left it; another version of the demo may have left something else. */
function storedQueue() {
  try {
    return Queue.from(JSON.parse(localStorage.queue));
  } catch {
    return undefined;
  }
}

function storeQueue() {
  localStorage.queue = JSON.stringify(player.queue);
}
