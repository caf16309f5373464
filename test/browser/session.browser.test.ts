import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Player, PlayerOptions } from '../../src/playback/player.browser.ts';
import type { PlayerEventMap } from '../../src/playback/player-events.ts';
import { wavHeader } from '../../src/playback/wav-header.ts';
import { createPlayer, freshUrl, origin } from './scene.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const next = <N extends keyof PlayerEventMap>(player: Player, name: N) =>
  new Promise<PlayerEventMap[N]>((resolve) => player.addEventListener(name, resolve as (event: Event) => void, { once: true }));

/** The names of these events from now on. */
function eventsOf(player: EventTarget, ...names: string[]): string[] {
  const events: string[] = [];
  for (const name of names) player.addEventListener(name, () => events.push(name));
  return events;
}

/** A player that plays, and does not wait any more for what a busy machine is late with. */
async function playing(options?: PlayerOptions): Promise<Player> {
  const player = createPlayer(options);
  const states = eventsOf(player, 'playing', 'waiting');
  player.preload = 'auto';
  const isDecoded = next(player, 'canplaythrough');
  player.src = freshUrl('cbr.mp3');
  await isDecoded; // so that it never starves meanwhile, however busy the machine is
  await player.play();
  do await next(player, 'timeupdate');
  while (states.at(-1) !== 'playing');
  return player;
}

/** Has `context` say that it is in `state`. */
function pretend(context: AudioContext, state: AudioContextState): void {
  vi.spyOn(context, 'state', 'get').mockReturnValue(state);
  context.dispatchEvent(new Event('statechange'));
}

describe('when the system takes the sound away', () => {
  test('it waits, tells so, and goes on by itself when it is given back', async () => {
    const player = await playing();
    const events = eventsOf(player, 'interrupted', 'waiting', 'playing', 'pause');
    const { context } = player;
    const resume = vi.spyOn(context, 'resume');
    pretend(context, 'interrupted');
    expect([events, player.paused]).toEqual([['interrupted', 'waiting'], false]);
    window.dispatchEvent(new Event('click'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(resume).not.toHaveBeenCalled();
    const again = next(player, 'playing');
    pretend(context, 'running');
    await again;
    expect(events).toEqual(['interrupted', 'waiting', 'playing']);
  });

  test('it asks for the sound when the context is suspended', async () => {
    const player = await playing();
    const events = eventsOf(player, 'interrupted', 'waiting', 'playing', 'pause');
    const again = next(player, 'playing');
    await player.context.suspend();
    await again;
    expect(events).toEqual(['interrupted', 'waiting', 'playing']);
    expect(player.context.state).toBe('running');
  });

  test('it leaves a suspended context alone while it is paused', async () => {
    const player = await playing();
    player.pause();
    const resume = vi.spyOn(player.context, 'resume');
    await player.context.suspend();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(resume).not.toHaveBeenCalled();
    await player.play();
  });

  test('a seek that waits for the sound lands with the new context', async () => {
    const player = await playing();
    const { context } = player;
    const sounds = next(player, 'playing');
    const seek = player.seek(4);
    await context.close();
    expect(await seek).toBe(4);
    await sounds;
    expect(player.context).not.toBe(context);
  });
});

describe('a context that is of no more use', () => {
  test.each<[string, (context: AudioContext) => unknown]>([
    ['closed', (context) => context.close()],
    ['said to run while its clock stands still', (context) => vi.spyOn(context, 'currentTime', 'get').mockReturnValue(context.currentTime)],
  ])('because it is %s gives its place to another, which goes on from there', async (_, damage) => {
    const player = await playing();
    const events = eventsOf(player, 'outputchange', 'waiting', 'playing', 'pause', 'error');
    const { context } = player;
    const changed = next(player, 'outputchange');
    await damage(context);
    await changed;
    const from = player.currentTime;
    await next(player, 'playing');
    expect(events.filter((name) => name !== 'outputchange')).toEqual(['waiting', 'playing']);
    expect(player.context).not.toBe(context);
    expect(player.currentTime - from).toBeGreaterThanOrEqual(0);
    expect(player.currentTime - from).toBeLessThan(3); // a busy page hears late of what sounds
  });

  test('is told as output.device when no other works either', async () => {
    const player = await playing();
    const made: AudioContext[] = [];
    class Useless extends AudioContext {
      constructor(options?: AudioContextOptions) {
        super(options);
        made.push(this);
        void this.close();
      }
    }
    vi.stubGlobal('AudioContext', Useless);
    const failed = next(player, 'error');
    await player.context.close();
    await failed;
    expect(player.error?.code).toBe('output.device');
    expect([player.paused, made.length]).toEqual([true, 3]);
  });

  test('is told as output.device at once when it is of the application', async () => {
    const context = new AudioContext();
    const player = await playing({ context });
    const failed = next(player, 'error');
    await context.close();
    await failed;
    expect(player.error).toMatchObject({ code: 'output.device', details: { reason: 'closed' } });
    expect(player.paused).toBe(true);
  });
});

test('a page that is hidden decodes further ahead, and less when it is seen again', async () => {
  const [sampleRate, dataBytes] = [8_000, 30 * 8_000 * 2];
  const header = wavHeader({ sampleRate, channels: 1, format: 's16le' }, dataBytes);
  const content = new Uint8Array(header.length + dataBytes); // half a minute of silence
  content.set(header);
  await origin.put('/half-a-minute.wav', { content, mediaType: 'audio/wav' });
  const player = createPlayer();
  const decoded = (seconds: number) =>
    vi.waitFor(() => expect(player.stats.aheadSeconds).toBeGreaterThanOrEqual(seconds), { timeout: 10_000 });
  const show = (state: DocumentVisibilityState) => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
    document.dispatchEvent(new Event('visibilitychange'));
  };
  player.preload = 'auto';
  player.src = `${origin.url}/half-a-minute.wav`;
  await decoded(3);
  expect(player.stats.aheadSeconds).toBeLessThan(4);
  show('hidden');
  await decoded(10);
  show('visible');
  await player.seek(5);
  await decoded(3);
  expect(player.stats.aheadSeconds).toBeLessThan(4);
});
