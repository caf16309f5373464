// What is kept for offline: each track is downloaded whole and pinned, so that it stays however much else is played.
import { open } from '/aulos/aulos.js';
import { headers } from './session.js';

/** The stored tracks, and the downloads that make more of them; `change` tells of both. */
export class Offline extends EventTarget {
  #cache;
  #stats = [];
  /** URL → the share of it that is there, and what ends the download. */
  #downloads = new Map();

  constructor(cache) {
    super();
    this.#cache = cache;
  }

  /** Everything that is stored, by URL. */
  get stats() {
    return this.#stats;
  }

  statOf(url) {
    const { href } = new URL(url, location.href);
    return this.#stats.find(({ facts }) => facts?.url === href);
  }

  /** Whether a track is kept, and which share of it is there while it is being downloaded. */
  stateOf(url) {
    const stat = this.statOf(url);
    return { isKept: Boolean(stat?.pinned && stat.committed), share: this.#downloads.get(url)?.share };
  }

  async toggle(url) {
    const running = this.#downloads.get(url);
    if (running) return running.controller.abort();
    if (this.stateOf(url).isKept) await this.#cache.pin(this.statOf(url).key, false);
    else await this.#download(url);
    await this.refresh();
  }

  async refresh() {
    this.#stats = await this.#cache.list();
    this.dispatchEvent(new Event('change'));
  }

  async #download(url) {
    const controller = new AbortController();
    const { signal } = controller;
    const download = { controller, share: 0 };
    this.#downloads.set(url, download);
    this.dispatchEvent(new Event('change'));
    try {
      const track = await open(url, { headers, signal });
      const { source } = track;
      source.events.on(
        'source.progress',
        () => {
          download.share = source.length ? source.held.size / source.length : 0;
          this.dispatchEvent(new Event('change'));
        },
        { signal },
      );
      try {
        await track.download({ signal });
      } finally {
        await track.close();
      }
      await this.#cache.pin(source.key);
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(new CustomEvent('failed', { detail: { url, error } }));
    } finally {
      this.#downloads.delete(url);
    }
  }
}
