import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Player } from '../../src/playback/player.browser.ts';
import type { PlayerEventMap } from '../../src/playback/player-events.ts';
import { createPlayer, freshUrl, origin } from './scene.ts';

const { mediaSession } = navigator;

/** What the session was told: handlers by action, and the last position. */
const handlers = new Map<string, MediaSessionActionHandler>();
let position: MediaPositionState | undefined;

beforeEach(() => {
  const setActionHandler = mediaSession.setActionHandler.bind(mediaSession);
  vi.spyOn(mediaSession, 'setActionHandler').mockImplementation((action, handler) => {
    setActionHandler(action, handler);
    if (handler) handlers.set(action, handler);
    else handlers.delete(action);
  });
  const setPositionState = mediaSession.setPositionState.bind(mediaSession);
  vi.spyOn(mediaSession, 'setPositionState').mockImplementation((state) => {
    setPositionState(state); // which throws where it is wrong
    position = state;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

let copies = 0;

const next = <N extends keyof PlayerEventMap>(player: Player, name: N) =>
  new Promise<PlayerEventMap[N]>((resolve) => player.addEventListener(name, resolve as (event: Event) => void, { once: true }));

const act = (action: MediaSessionAction, details: Partial<MediaSessionActionDetails> = {}) => handlers.get(action)!({ action, ...details });
const isControlled = () => vi.waitFor(() => expect(mediaSession.metadata).not.toBe(null));

/** A one-pixel PNG. */
const PNG = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='),
  (character) => character.charCodeAt(0),
);

const latin = (text: string) => [...text].map((character) => character.charCodeAt(0));
/** A frame of ID3v2.3: name, size, no flags, content. */
const frame = (name: string, content: readonly number[]) => [
  ...latin(name),
  0,
  0,
  content.length >> 8,
  content.length & 255,
  0,
  0,
  ...content,
];

/** The MP3 with a title and a cover. */
async function taggedUrl(): Promise<string> {
  const sound = new Uint8Array(await (await fetch(freshUrl('cbr.mp3'))).arrayBuffer());
  const frames = [
    ...frame('TIT2', [0, ...latin('A title')]),
    ...frame('TPE1', [0, ...latin('An artist')]),
    ...frame('APIC', [0, ...latin('image/png'), 0, 3, 0, ...PNG]),
  ];
  const tag = [...latin('ID3'), 3, 0, 0, 0, 0, frames.length >> 7, frames.length & 127, ...frames];
  const path = `/tagged-${Date.now()}-${++copies}.mp3`;
  await origin.put(path, { content: Uint8Array.of(...tag, ...sound), mediaType: 'audio/mpeg' });
  return origin.url + path;
}

describe('the media session', () => {
  test('shows what the file says, with its cover, and where the listener is', async () => {
    const player = createPlayer();
    player.src = await taggedUrl();
    expect(mediaSession.metadata).toBe(null);
    await player.play();
    await isControlled();
    expect(mediaSession.metadata).toMatchObject({ title: 'A title', artist: 'An artist', album: '' });
    await vi.waitFor(() => expect(mediaSession.metadata?.artwork.length).toBe(1));
    const shown = await (await fetch(mediaSession.metadata!.artwork[0].src)).arrayBuffer();
    expect(new Uint8Array(shown)).toEqual(PNG);
    expect(mediaSession.playbackState).toBe('playing');
    expect(position).toMatchObject({ duration: player.duration, playbackRate: 1 });
    await player.seek(3);
    expect(position?.position).toBeCloseTo(3, 1);
    player.pause();
    expect(mediaSession.playbackState).toBe('paused');
  });

  test('works the player and its queue', async () => {
    const player = createPlayer();
    const [first, second] = player.queue.add(
      { url: freshUrl('cbr.mp3'), title: 'One', artwork: `${origin.url}/one.png` },
      { url: freshUrl('mono-48k.mp3'), title: 'Two' },
    );
    await player.play();
    await isControlled();
    expect(mediaSession.metadata).toMatchObject({ title: 'One', artwork: [{ src: `${origin.url}/one.png` }] });
    act('pause');
    expect(player.paused).toBe(true);
    act('seekto', { seekTime: 1.5 });
    await next(player, 'seeked');
    expect(player.currentTime).toBeCloseTo(1.5, 2);
    act('seekforward', { seekOffset: 2 });
    await next(player, 'seeked');
    expect(player.currentTime).toBeCloseTo(3.5, 2);
    act('seekbackward', {});
    await next(player, 'seeked');
    expect(player.currentTime).toBe(0);
    act('nexttrack');
    expect(player.queue.current).toBe(second);
    await vi.waitFor(() => expect(mediaSession.metadata?.title).toBe('Two'));
    act('previoustrack');
    expect(player.queue.current).toBe(first);
    act('play');
    await next(player, 'playing');
    act('stop');
    await next(player, 'seeked');
    expect([player.paused, player.currentTime]).toEqual([true, 0]);
  });

  test('is that of the player that played last, and of none when it is closed', async () => {
    const [one, two] = [createPlayer(), createPlayer()];
    one.queue.add({ url: freshUrl('cbr.mp3'), title: 'One' });
    two.queue.add({ url: freshUrl('mono-48k.mp3'), title: 'Two' });
    await one.play();
    await isControlled();
    await two.play();
    await vi.waitFor(() => expect(mediaSession.metadata?.title).toBe('Two'));
    act('pause');
    expect([one.paused, two.paused]).toEqual([false, true]);
    await two.close();
    expect([mediaSession.metadata, mediaSession.playbackState, handlers.size, position]).toEqual([null, 'none', 0, undefined]);
    one.pause();
    await one.play();
    expect(mediaSession.metadata).toMatchObject({ title: 'One' });
    await one.close();
    expect([mediaSession.metadata, handlers.size]).toEqual([null, 0]);
  });

  test('is left alone when the application says so', async () => {
    const player = createPlayer({ mediaSession: false });
    player.src = freshUrl('mono-48k.mp3');
    await player.play();
    await player.seek(2.8);
    await next(player, 'ended');
    expect([mediaSession.metadata, handlers.size]).toEqual([null, 0]);
    expect(mediaSession.setActionHandler).not.toHaveBeenCalled();
  });

  test('has the page play as media where there is an audio session, and only while it lasts', async () => {
    const audioSession = { type: 'auto' };
    vi.stubGlobal(
      'navigator',
      new Proxy(navigator, { get: (target, name) => (name === 'audioSession' ? audioSession : memberOf(target, name)) }),
    );
    const player = createPlayer();
    player.src = freshUrl('cbr.mp3');
    await player.play();
    await vi.waitFor(() => expect(audioSession.type).toBe('playback'));
    await player.close();
    expect(audioSession.type).toBe('auto');
    vi.unstubAllGlobals();
  });
});

/** A member of a platform object, as if it were asked itself. */
function memberOf(target: object, name: PropertyKey): unknown {
  const value = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('artwork()', () => {
  test('gives the picture as a Blob', async () => {
    const player = createPlayer();
    player.src = await taggedUrl();
    const picture = await player.artwork();
    expect(picture?.type).toBe('image/png');
    expect(new Uint8Array(await picture!.arrayBuffer())).toEqual(PNG);
  });

  test('gives undefined for a track without one, and fails with the track', async () => {
    const player = createPlayer();
    player.src = freshUrl('cbr.mp3');
    expect(await player.artwork()).toBe(undefined);
    player.src = `${origin.url}/nothing-here.mp3`;
    await expect(player.artwork()).rejects.toMatchObject({ code: 'http.status' });
    player.src = freshUrl('cbr.mp3');
    const left = player.artwork();
    player.src = freshUrl('mono-48k.mp3');
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  });
});
