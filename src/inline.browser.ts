/**
 * aulos in a single file (`aulos/inline`), for pages whose bundler does not copy what lies beside a module. It has the worker
 * and the worklets in it as texts, which become Blob URLs when the first player is made, so that a policy has to allow `worker-src blob:`
 * and `script-src blob:`; and it brings every codec, where `aulos` loads the one that it needs.
 */
import type { CacheOptions, PageCache, PlayerOptions } from './browser.ts';
import * as aulos from './browser.ts';
import * as effects from './effects.browser.ts';
import limiter from './playback/effects/limiter-worklet.browser.ts?text';
import rate from './playback/rate.browser.ts?text';
import worklet from './playback/worklet.browser.ts?text';
import worker from './worker.browser.ts?text';

export * from './browser.ts';
export * from './effects.browser.ts';

const urls = new Map<string, string>();

/** One URL a module, however often it is asked for: players of one worker URL share the worker. It is never revoked. */
function urlOf(text: string): string {
  const url = urls.get(text) ?? URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  urls.set(text, url);
  return url;
}

/** As the `Player` of `aulos`, with its worker and worklets in this module. */
export class Player extends aulos.Player {
  constructor(options: PlayerOptions = {}) {
    super({ workerUrl: urlOf(worker), workletUrl: urlOf(worklet), rateUrl: urlOf(rate), ...options });
  }
}

/** As `openCache` of `aulos`, with the worker in this module. */
export function openCache(options: CacheOptions = {}): Promise<PageCache> {
  return aulos.openCache({ workerUrl: urlOf(worker), ...options });
}

/** As the `Limiter` of `aulos/effects`, with its worklet in this module. */
export class Limiter extends effects.Limiter {
  constructor(options: ConstructorParameters<typeof effects.Limiter>[0] = {}) {
    super({ moduleUrl: urlOf(limiter), ...options });
  }
}
