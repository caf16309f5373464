import { expect, test } from 'vitest';
import type { Player } from '../../src/playback/player.browser.ts';
import { createPlayer, origin } from './scene.ts';

/** Whether a player has what `HTMLMediaElement` adds to elements; TypeScript sees to it that none is left out. */
const members: Record<Exclude<keyof HTMLMediaElement, keyof HTMLElement>, boolean> = {
  autoplay: true,
  buffered: true,
  canPlayType: true,
  crossOrigin: true,
  currentSrc: true,
  currentTime: true,
  defaultMuted: true,
  defaultPlaybackRate: true,
  duration: true,
  ended: true,
  error: true,
  fastSeek: true,
  load: true,
  loop: true,
  muted: true,
  networkState: true,
  pause: true,
  paused: true,
  play: true,
  playbackRate: true,
  played: true,
  preload: true,
  preservesPitch: true,
  readyState: true,
  seekable: true,
  seeking: true,
  setSinkId: true,
  sinkId: true,
  src: true,
  volume: true,
  addTextTrack: false,
  controls: false,
  disableRemotePlayback: false,
  mediaKeys: false,
  onencrypted: false,
  onwaitingforkey: false,
  remote: false,
  setMediaKeys: false,
  srcObject: false,
  textTracks: false,
  NETWORK_EMPTY: false,
  NETWORK_IDLE: false,
  NETWORK_LOADING: false,
  NETWORK_NO_SOURCE: false,
  HAVE_NOTHING: false,
  HAVE_METADATA: false,
  HAVE_CURRENT_DATA: false,
  HAVE_FUTURE_DATA: false,
  HAVE_ENOUGH_DATA: false,
};

test('it has what HTMLMediaElement has, of the same kind, but for what the README says it lacks', async () => {
  const readme = await (await fetch(new URL('../../README.md', import.meta.url))).text();
  const [, absent] = readme.split(/it lacks:\n\n|\n\nA player plays its queue/);
  const player = createPlayer();
  const audio = document.createElement('audio');
  for (const [name, isThere] of Object.entries(members) as [keyof typeof members, boolean][]) {
    expect([name, name in player]).toEqual([name, isThere]);
    if (isThere && name in audio) expect([name, typeof player[name as keyof Player]]).toEqual([name, typeof audio[name]]);
    if (!isThere) expect(absent).toMatch(new RegExp(`\`(${name}|${name.replace(/_.*/, '_…')})\``));
  }
});

test('its attributes begin as those of <audio>, and take what those take', () => {
  const attributes = [
    'crossOrigin',
    'defaultMuted',
    'muted',
    'defaultPlaybackRate',
    'preservesPitch',
    'autoplay',
    'loop',
    'volume',
  ] as const;
  const [player, audio] = [createPlayer(), document.createElement('audio')];
  for (const media of [player, audio]) media.defaultPlaybackRate = 1.5;
  const valuesOf = (media: Player | HTMLAudioElement) => attributes.map((name) => media[name]);
  expect(valuesOf(player)).toEqual(valuesOf(audio));
  for (const value of ['use-credentials', 'something else', '', null]) {
    for (const media of [player, audio]) media.crossOrigin = value;
    expect(player.crossOrigin).toBe(audio.crossOrigin);
  }
  for (const media of [player, audio]) media.defaultMuted = true;
  expect(valuesOf(player)).toEqual(valuesOf(audio));
  expect(createPlayer({ muted: true })).toMatchObject({ muted: true, defaultMuted: true });
});

test('cookies go to another origin as crossOrigin says', async () => {
  const content = new Uint8Array(await (await fetch(`${origin.url}/fixtures/mono-48k.mp3`)).arrayBuffer());
  const headers = { 'access-control-allow-origin': location.origin, 'access-control-allow-credentials': 'true' };
  const path = `/cookies/${crypto.randomUUID()}.mp3`;
  await origin.put(path, { content, cors: 'none', headers });
  // biome-ignore lint/suspicious/noDocumentCookie: every engine has it
  document.cookie = 'listener=one';
  const player = createPlayer();
  for (const [number, crossOrigin] of ([null, 'use-credentials'] as const).entries()) {
    player.crossOrigin = crossOrigin;
    const loaded = new Promise((resolve, reject) => {
      player.addEventListener('loadedmetadata', resolve, { once: true });
      player.addEventListener('error', () => reject(player.error), { once: true });
    });
    player.src = `${origin.url}${path}?${number}`;
    await loaded;
  }
  const sent = (await origin.accesses(path)).map(({ headers }) => headers.cookie?.includes('listener=one') ?? false);
  expect([...new Set(sent)]).toEqual([false, true]);
});
