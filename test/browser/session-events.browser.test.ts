import { beforeAll, describe, expect, test } from 'vitest';
import type { Player } from '../../src/playback/player.browser.ts';
import { createPlayer, origin } from './scene.ts';

type Media = Player | HTMLAudioElement;

/**
 * All but `progress`, `timeupdate`, `waiting` and `stalled`, of which there are as many as there are; and `canplaythrough`, a guess of each
 * player's own that comes before or after `playing`, which the player says when it sounds.
 */
const NAMES = [
  'loadstart',
  'durationchange',
  'loadedmetadata',
  'loadeddata',
  'canplay',
  'play',
  'playing',
  'pause',
  'seeking',
  'seeked',
  'ended',
  'volumechange',
  'ratechange',
  'emptied',
  'abort',
  'error',
];

const happens = (media: Media, name: string) => new Promise<unknown>((resolve) => media.addEventListener(name, resolve, { once: true }));

/** Resolves when `media` is at `seconds`. */
async function reaches(media: Media, seconds: number): Promise<void> {
  while (media.currentTime < seconds) await happens(media, 'timeupdate');
}

let song: string;
let other: string;
beforeAll(() => {
  const copy = Date.now();
  song = `${origin.url}/fixtures/mono-48k.mp3?copy=${copy}`;
  other = `${origin.url}/fixtures/mono-48k.wav?copy=${copy}`;
});

/** Loads `url` until it can be played through. */
async function ready(media: Media, url = song): Promise<void> {
  const canPlayThrough = happens(media, 'canplaythrough');
  media.preload = 'auto';
  media.src = url;
  await canPlayThrough;
}

/** Does something, and waits for what it leads to: the player tells at once, `<audio>` in a task of its own. */
async function until(media: Media, name: string, act: () => unknown): Promise<void> {
  const told = happens(media, name);
  await act();
  await told;
}

const pause = (media: Media) => until(media, 'pause', () => media.pause());
const seek = (media: Media, seconds: number, name = 'canplaythrough') =>
  until(media, name, () => {
    media.currentTime = seconds;
  });

const rows: Record<string, (media: Media) => Promise<unknown>> = {
  'load, and nothing else': (media) => ready(media),
  'load of the head alone': (media) =>
    until(media, 'loadedmetadata', () => {
      media.preload = 'metadata';
      media.src = song;
    }),
  async 'play before there is anything'(media) {
    media.preload = 'auto';
    media.src = song;
    await media.play();
    await reaches(media, 0.1);
    await pause(media);
  },
  async 'play, pause, play, pause'(media) {
    await ready(media);
    for (const seconds of [0.1, 0.3]) {
      await media.play();
      await reaches(media, seconds);
      await pause(media);
    }
  },
  async 'a seek while paused'(media) {
    await ready(media);
    await seek(media, 2);
  },
  async 'a seek while playing'(media) {
    await ready(media);
    await media.play();
    await seek(media, 1.5);
    await reaches(media, 1.7);
  },
  async 'a seek before the head is known'(media) {
    media.preload = 'auto';
    media.src = song;
    await seek(media, 1.5);
  },
  async 'another source while playing'(media) {
    await ready(media);
    await media.play();
    await ready(media, other);
  },
  async 'another source while paused, and load() again'(media) {
    await ready(media);
    await ready(media, other);
    await until(media, 'canplaythrough', () => media.load());
  },
  async 'the end, and play again'(media) {
    await ready(media);
    await seek(media, 2.6);
    await until(media, 'ended', () => media.play());
    await media.play();
    await reaches(media, 0.2);
    await pause(media);
  },
  async 'a seek to the end while paused, and play'(media) {
    await ready(media);
    await seek(media, 3);
    const { ended, currentTime } = media;
    await media.play();
    await reaches(media, 0.2);
    await pause(media);
    return { ended, currentTime };
  },
  async 'a seek to the end of a loop while paused'(media) {
    await ready(media);
    media.loop = true;
    await seek(media, 3);
    return { ended: media.ended, currentTime: media.currentTime };
  },
  async 'volume and muted'(media) {
    media.volume = 0.5;
    media.volume = 0.5;
    media.muted = true;
    media.muted = true;
    media.volume = 0;
    media.muted = false;
    await until(media, 'ratechange', () => {
      media.playbackRate = 1.5;
    });
  },
  async autoplay(media) {
    media.autoplay = true;
    media.src = song;
    await reaches(media, 0.2);
    await pause(media);
  },
  'a source that is not there': (media) =>
    until(media, 'error', () => {
      media.src = `${origin.url}/nothing-here.mp3`;
    }),
  'a source that is not there, and is to be played': (media) =>
    until(media, 'error', () => {
      media.src = `${origin.url}/nothing-here.mp3`;
      return media.play().catch(() => {});
    }),
};

describe('fires the events of <audio>, in its order', () => {
  const heardOf = async (media: Media, act: (media: Media) => Promise<unknown>) => {
    const events: string[] = [];
    for (const name of NAMES) media.addEventListener(name, () => events.push(name));
    const told = await act(media);
    const heard = [...events];
    if (media instanceof HTMLAudioElement) media.removeAttribute('src');
    return { heard, told: told instanceof Event ? undefined : told };
  };

  test.each(Object.entries(rows))('%s', async (_, act) => {
    const player = createPlayer({ mediaSession: false });
    const [expected, actual] = await Promise.all([heardOf(document.createElement('audio'), act), heardOf(player, act)]);
    expect(actual).toEqual(expected);
  });
});
