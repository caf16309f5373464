// The network that the demo imitates between a page and its tracks. Every tab has one of its own.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** Tabs that are remembered; the one that came first is forgotten. */
const MAX_SESSIONS = 100;
/** What a link that knows no limit carries, bytes per second. */
const UNLIMITED = 1e9;
const MAX_LATENCY_MS = 5_000;

/** A perfect one: no limit to its rate (bytes per second), no latency, no breaks after so many bytes, not offline. */
const perfect = () => ({ rate: 0, latencyMs: 0, dropBytes: 0, offline: false });

/** The networks by session; that of requests without one is `common`. */
export class Networks {
  common = perfect();
  #sessions = new Map();

  of(session) {
    if (!session) return this.common;
    const network = this.#sessions.get(session) ?? perfect();
    this.#sessions.set(session, network);
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value);
    return network;
  }
}

/** Takes over what a query asks for: `rate`, `latency`, `drop`, `offline`. */
export function adjust(network, asked) {
  const number = (name) => Math.max(0, Number(asked.get(name)) || 0);
  if (asked.has('rate')) network.rate = number('rate');
  if (asked.has('latency')) network.latencyMs = Math.min(MAX_LATENCY_MS, number('latency'));
  if (asked.has('drop')) network.dropBytes = number('drop');
  if (asked.has('offline')) network.offline = asked.get('offline') === 'true';
}

/** Sends part of a file as the network would, in slices of 10 ms; a change of the network shows at the next slice. */
export async function sendOver(network, response, file, { start, end }) {
  const handle = await open(file);
  let due = performance.now();
  try {
    for (let at = start; at < end && !response.destroyed; ) {
      const isBroken = network.dropBytes > 0 && at - start >= network.dropBytes;
      if (network.offline) return response.destroy();
      if (isBroken) return response.socket?.end(); // what was sent still arrives
      const rate = network.rate || UNLIMITED;
      const slice = Math.min(end - at, Math.max(1, Math.round(rate / 100)), 1 << 20, network.dropBytes || Number.POSITIVE_INFINITY);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(slice), { position: at });
      at += bytesRead;
      const isFull = !response.write(buffer.subarray(0, bytesRead));
      if (isFull && !response.destroyed) await roomOf(response);
      due = Math.max(due + (bytesRead / rate) * 1_000, performance.now() - 100); // a link does not catch up for ever
      const restMs = due - performance.now();
      if (restMs > 1) await wait(restMs);
    }
    response.end();
  } finally {
    await handle.close();
  }
}

/** Until more can be written, or nothing ever again; listens no longer than that. */
async function roomOf(response) {
  const listening = new AbortController();
  const { signal } = listening;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  listening.abort();
}
