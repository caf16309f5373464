import type { CrossOrigin } from '../net/client.ts';
import { Load, type Part } from './load.ts';
import type { Loading } from './messages.ts';
import { type DownloadOptions, portable } from './questions.ts';
import type { QueueItem } from './queue-json.ts';

/** Makes the loads of a player, and says of each what the worker has to know. */
export class Loads {
  readonly #options: DownloadOptions;
  #count = 0;
  /** Of what is loaded from now on. */
  crossOrigin: CrossOrigin | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.crossOrigin = options.crossOrigin;
  }

  create(item: QueueItem, part?: Part, isAgain?: boolean): Load {
    const base = globalThis.location?.href;
    const url = URL.canParse(item.url, base) ? new URL(item.url, base).href : item.url;
    return new Load(++this.#count, item, url, part, isAgain);
  }

  /** For the worker, which opens it. */
  tellingOf({ id: load, url, item: { cacheKey }, part }: Load): Loading {
    const options = portable({ ...this.#options, crossOrigin: this.crossOrigin }, url);
    return { load, url, options: cacheKey === undefined ? options : { ...options, cacheKey }, ...part };
  }
}
