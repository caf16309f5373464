// The network between this tab and its tracks, as the visitor wants it to be.
import { headers } from './session.js';
import { $ } from './words.js';

const CONTROLS = { rate: 'rate', latency: 'latencyMs', drop: 'dropBytes' };

export async function controlNetwork() {
  const network = await (await fetch('/network', { headers })).json();
  for (const [id, fact] of Object.entries(CONTROLS)) {
    $(id).value = String(network[fact]);
    $(id).addEventListener('input', change);
  }
  let isOffline = network.offline;
  const showOffline = () => {
    $('offline').setAttribute('aria-checked', String(isOffline));
    document.documentElement.toggleAttribute('data-offline', isOffline);
  };
  $('offline').addEventListener('click', () => {
    isOffline = !isOffline;
    showOffline();
    change();
  });

  async function change() {
    showLatency();
    const asked = new URLSearchParams({ offline: String(isOffline) });
    for (const id of Object.keys(CONTROLS)) asked.set(id, $(id).value);
    await fetch(`/network?${asked}`, { method: 'PUT', headers });
  }
  showOffline();
  showLatency();
}

function showLatency() {
  $('latency-value').textContent = `${$('latency').value} ms`;
}
