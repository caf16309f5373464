import { afterEach, inject } from 'vitest';
import { linkWorker } from '../../src/playback/pipeline-worker.browser.ts';
import { Player, type PlayerOptions } from '../../src/playback/player.browser.ts';
import type { PlayerEventMap } from '../../src/playback/player-events.ts';
import { RemoteOrigin } from '../fakes/remote-origin.ts';

/** What a test file has an origin and players of its own by; they are closed after each test. */

export const origin = new RemoteOrigin(inject('origin'));

export const modules = {
  workerUrl: new URL('./worker.ts', import.meta.url),
  workletUrl: new URL('../../src/playback/worklet.browser.ts', import.meta.url),
  rateUrl: new URL('../../src/playback/rate.browser.ts', import.meta.url),
};

/** Else the worker would end with the last player of each test, and load anew for the next. */
linkWorker(modules.workerUrl);

const players: Player[] = [];
afterEach(async () => {
  for (const player of players.splice(0)) await player.close();
});

export function createPlayer(options: PlayerOptions = {}): Player {
  const player = new Player({ ...modules, ...options });
  players.push(player);
  return player;
}

/** A fixture under a URL of its own, so that nothing of it is stored yet. */
export const freshUrl = (name: string, query = ''): string => `${origin.url}/fixtures/${name}?copy=${Date.now()}-${++copies}${query}`;
let copies = 0;

/** The next event of a name. @throws the player's error */
export function next<N extends keyof PlayerEventMap>(player: Player, name: N): Promise<PlayerEventMap[N]> {
  return new Promise((resolve, reject) => {
    player.addEventListener(name, resolve as (event: Event) => void, { once: true });
    if (name !== 'error') player.addEventListener('error', () => reject(player.error), { once: true });
  });
}

/** Resolves when so many seconds were heard, or all. */
export async function until(player: Player, seconds: number): Promise<void> {
  while (player.currentTime < seconds && !player.ended) await next(player, 'timeupdate');
}

/** Resolves when so many seconds are decoded, on whatever tracks: a hole because of a busy machine is not what most tests look at. */
export async function decoded(player: Player, seconds: number): Promise<void> {
  while (player.stats.aheadSeconds < seconds) await new Promise(requestAnimationFrame);
}

interface Facts {
  readonly sampleRate: number;
  readonly channels: number;
  readonly frames: number;
}

/** The fixtures, by name. */
export const fixtures: Readonly<Record<string, Facts>> = await (await fetch(`${origin.url}/fixtures/expected.json`)).json();

/** What ffmpeg decodes of a fixture. */
export async function expectedPlanes(name: string): Promise<Float32Array[]> {
  const interleaved = new Float32Array(await (await fetch(`${origin.url}/fixtures/${name}.f32`)).arrayBuffer());
  const { channels } = fixtures[name];
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: interleaved.length / channels }, (_, i) => interleaved[i * channels + c]),
  );
}
