import { afterEach, describe, expect, test, vi } from 'vitest';
import type { OutputKind } from '../../src/playback/output.ts';
import type { Player, PlayerOptions } from '../../src/playback/player.browser.ts';
import { psnr } from '../fakes/pcm.ts';
import { createPlayer, expectedPlanes, fixtures, freshUrl, next, origin, until } from './scene.ts';
import { fromFirstSound, Tap } from './tap.ts';

/** The elements that players made. */
const elements: HTMLAudioElement[] = [];
globalThis.Audio = class extends Audio {
  constructor() {
    super();
    elements.push(this);
  }
};

const contexts: AudioContext[] = [];
const canBeInWorker = Object.getOwnPropertyDescriptor(MediaSource, 'canConstructInDedicatedWorker')!;
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  Object.defineProperty(MediaSource, 'canConstructInDedicatedWorker', canBeInWorker);
});

/** Where the Media Source is: by default where this browser can have it. */
type Place = 'worker' | 'page';

/** The Media Source is there from now on, as in a browser that has none in workers. */
function placeSource(place: Place): void {
  if (place === 'page') Object.defineProperty(MediaSource, 'canConstructInDedicatedWorker', { ...canBeInWorker, get: () => false });
}

async function playerOn({ output = 'media', ...options }: PlayerOptions = {}): Promise<Player> {
  const player = createPlayer({ output, ...options });
  if (output === 'media') await next(player, 'outputchange');
  return player;
}

/** Records what comes out of the element of the last player. */
async function tapElement(sampleRate: number): Promise<Tap> {
  const context = new AudioContext({ sampleRate });
  contexts.push(context);
  const tap = await Tap.on(context.createMediaElementSource(elements.at(-1)!));
  await context.resume();
  return tap;
}

/** Half a step of 16 bits: what the browser's decoder of FLAC may be off by, which scales by 32,767 where we scale by 32,768. */
const HALF_STEP_DB = 96;

describe('what comes out of the element', () => {
  test.each([
    ['cbr.mp3', 'worker'],
    ['cbr.mp3', 'page'],
    ['stereo.aac', 'worker'],
    ['fragmented.m4a', 'worker'],
  ] as const)('is what ffmpeg decodes of %s, from the first frame on (Media Source of the %s)', async (name, place) => {
    placeSource(place);
    const player = await playerOn();
    const { sampleRate } = fixtures[name];
    const tap = await tapElement(sampleRate);
    player.src = freshUrl(name);
    await player.play();
    await until(player, 0.7);
    expect(player.output).toBe('media');
    const heard = fromFirstSound(tap.take()).map((plane) => plane.subarray(0, sampleRate / 2));
    const expected = fromFirstSound(await expectedPlanes(name)).map((plane) => plane.subarray(0, sampleRate / 2));
    expect(psnr(heard, expected)).toBeGreaterThan(90);
    expect(player.stats.underruns).toBe(0);
  });

  test.each([
    ['stereo.flac', 'worker'],
    ['stereo.flac', 'page'],
    ['cbr.mp3', 'worker'],
  ] as const)('is the very frame that a seek in %s went to (Media Source of the %s)', async (name, place) => {
    placeSource(place);
    const player = await playerOn();
    const tap = await tapElement(44_100);
    player.src = freshUrl(name);
    await player.play();
    await until(player, 0.2);
    player.pause();
    expect(await player.seek(4.2)).toBeCloseTo(4.2, 4);
    expect(player.currentTime).toBeCloseTo(4.2, 4);
    await elementIsAt(4.2);
    tap.take();
    await player.play();
    await until(player, 4.6);
    const heard = fromFirstSound(tap.take());
    const at = Math.round(4.2 * 44_100);
    const expected = await expectedPlanes(name);
    const part = (planes: Float32Array[], from: number) => planes.map((plane) => plane.subarray(from + 2_304, from + 12_000));
    expect(psnr(part(heard, 0), part(expected, at))).toBeGreaterThan(HALF_STEP_DB); // two frames of MP3 may lack what came before them
  });
});

/** Resolves when the element has gone to second `at`. */
async function elementIsAt(at: number): Promise<void> {
  const element = elements.at(-1)!;
  while (element.seeking || Math.abs(element.currentTime - at) > 0.001) await new Promise(requestAnimationFrame);
}

/**
 * Without the quanta that an element which is tapped leaves out where its thread is late. What it plays is not changed by that; a gap in that
 * would hardly end where quanta do.
 */
function withoutHoles(planes: readonly Float32Array[]): Float32Array[] {
  const silent = new Set<number>();
  for (let at = 0; at < planes[0].length; at += 128)
    if (planes.every((plane) => !plane.subarray(at, at + 128).some(Boolean))) silent.add(at / 128);
  return planes.map((plane) => plane.filter((_, i) => !silent.has(Math.floor(i / 128))));
}

describe('one signal cut in two, queued', () => {
  const [RATE, WHOLE, CUT] = [48_000, 96_000, 45_237];
  const half = (number: 1 | 2, extension: string) => freshUrl(`halves/${number}.${extension}`);
  const whole = (async () => {
    const samples = new Int16Array((await (await fetch(`${origin.url}/fixtures/halves/whole.wav`)).arrayBuffer()).slice(44));
    return [0, 1].map((c) => Float32Array.from({ length: WHOLE }, (_, i) => samples[2 * i + c] / 32_768));
  })();

  test.each([
    ['flac', HALF_STEP_DB],
    ['mp3', 38],
    ['opus', 38],
  ])('%s: no sample is lost or added at the junction', async (extension, atLeastDb) => {
    const player = await playerOn();
    const changes: string[] = [];
    const urls = [half(1, extension), half(2, extension)];
    player.preload = 'auto';
    player.queue.add(...urls);
    while (player.stats.aheadSeconds < WHOLE / RATE - 0.001) await new Promise(requestAnimationFrame);
    for (const name of ['trackchange', 'ended', 'pause', 'waiting', 'emptied'] as const) {
      player.addEventListener(name, () => changes.push(name === 'trackchange' ? `${name} ${player.src === urls[1]}` : name));
    }
    const tap = await tapElement(RATE);
    await player.play();
    await next(player, 'ended');
    const heard = fromFirstSound(withoutHoles(tap.take()));
    const expected = await whole;
    const around = (planes: readonly Float32Array[], by = 0) => planes.map((plane) => plane.subarray(CUT + by - 1_200, CUT + by + 1_200));
    const db = psnr(around(heard), around(expected));
    expect(db).toBeGreaterThanOrEqual(atLeastDb);
    for (const shift of [-1, 1]) expect(psnr(around(heard, 2_400 + shift), around(expected, 2_400))).toBeLessThan(db - 3);
    expect(changes).toEqual(['trackchange true', 'pause', 'ended']);
    expect(player.currentTime).toBeCloseTo((WHOLE - CUT) / RATE, 3);
    expect(elements.at(-1)!.buffered.length).toBe(1);
  });
});

test.each([
  ['', ''],
  [' and comes late', '&latency=2000'],
])('what the browser does not play by Media Source comes out of the worklet, also when it follows in the queue%s', async (_, query) => {
  const player = await playerOn();
  const outputs: OutputKind[] = [];
  player.addEventListener('outputchange', () => outputs.push(player.output));
  player.queue.add(freshUrl('halves/1.flac'), freshUrl('halves/2.wav') + query);
  await player.play();
  expect(player.output).toBe('media');
  await next(player, 'trackchange');
  expect(elements.at(-1)!.currentTime).toBeCloseTo(45_237 / 48_000, 3);
  await next(player, 'ended');
  expect(outputs).toEqual(['worklet']);
  expect(player.queue.current).toBe(player.queue.items[1]);
  expect(player.currentTime).toBeCloseTo((96_000 - 45_237) / 48_000, 3);
  player.src = freshUrl('vbr.mp3');
  await player.play();
  expect(outputs).toEqual(['worklet', 'media']);
});

test.each([
  ['worker', ''],
  ['worker', '&latency=300'], // the end is heard before
  ['page', ''],
] as const)('what is added when the browser has decoded to the end is played, too (Media Source of the %s)%s', async (place, query) => {
  placeSource(place);
  const player = await playerOn();
  player.queue.add(freshUrl('halves/1.flac'));
  await player.seek(0.85);
  await elementIsAt(0.85);
  while (elements.at(-1)!.duration > 1) await new Promise(requestAnimationFrame); // it knows of the end
  player.queue.add(freshUrl('halves/2.flac') + query);
  await player.play();
  await next(player, 'ended');
  expect(player.queue.current).toBe(player.queue.items[1]);
  expect(elements.at(-1)!.currentTime).toBeCloseTo(2, 3);
});

/** A copy of an MP3 that says how much louder it should be, dB (ID3v2.4, a TXXX frame). */
async function withTrackGain(name: string, db: number): Promise<string> {
  const text = new TextEncoder().encode(`\u0003REPLAYGAIN_TRACK_GAIN\0${db} dB`); // 3: UTF-8
  const ascii = (word: string) => [...word].map((letter) => letter.charCodeAt(0));
  const frame = [...ascii('TXXX'), 0, 0, 0, text.length, 0, 0, ...text];
  const tag = Uint8Array.from([...ascii('ID3'), 4, 0, 0, 0, 0, 0, frame.length, ...frame]);
  const track = new Uint8Array(await (await fetch(freshUrl(name))).arrayBuffer());
  const content = new Uint8Array(tag.length + track.length);
  content.set(tag);
  content.set(track, tag.length);
  const path = `/${crypto.randomUUID()}.mp3`;
  await origin.put(path, { content, etag: '"1"' });
  return `${origin.url}${path}`;
}

test('ReplayGain makes each track as loud as it says, as far as an element can', async () => {
  const player = await playerOn();
  const element = elements.at(-1)!;
  player.replayGain = 'track';
  player.volume = 0.5;
  player.queue.add(await withTrackGain('halves/1.mp3', -20), await withTrackGain('halves/2.mp3', 3));
  await player.play();
  expect(element.volume).toBeCloseTo(0.05, 4);
  await next(player, 'trackchange');
  while (element.volume < 0.1) await new Promise(requestAnimationFrame);
  expect(element.volume).toBeCloseTo(0.7063, 3);
  player.volume = 1;
  expect(element.volume).toBe(1);
});

test('another output goes on from where the sound is', async () => {
  const player = await playerOn({ output: 'auto' });
  player.src = freshUrl('stereo.flac');
  await player.play();
  await until(player, 0.5);
  for (const kind of ['media', 'worklet'] as const) {
    const changed = next(player, 'outputchange');
    const [before, begin] = [player.currentTime, performance.now()];
    /** The sound neither went back nor went ahead of what could be heard since. */
    const expectGoingOn = () => {
      expect(player.currentTime - before).toBeGreaterThan(-0.05);
      expect(player.currentTime - before).toBeLessThan((performance.now() - begin) / 1e3 + 0.05);
    };
    player.output = kind;
    await changed;
    expect(player.output).toBe(kind);
    expectGoingOn();
    await next(player, 'playing');
    expectGoingOn();
    await until(player, before + 0.3);
  }
  expect(player.paused).toBe(false);
});

test('fires the events of the worklet, in its order', async () => {
  const url = freshUrl('mono-48k.mp3');
  const heardFrom = async (output: OutputKind) => {
    const player = await playerOn({ output });
    const events: string[] = [];
    const names = [
      'loadstart',
      'loadedmetadata',
      'loadeddata',
      'canplay',
      'play',
      'playing',
      'seeking',
      'seeked',
      'pause',
      'ended',
    ] as const;
    for (const name of names) player.addEventListener(name, () => events.push(name));
    player.preload = 'auto';
    player.src = url;
    await next(player, 'canplaythrough');
    await player.play();
    player.currentTime = 2.5;
    await next(player, 'ended');
    expect([player.currentTime, player.paused, player.played.length]).toEqual([3, true, player.played.length]);
    return events;
  };
  expect(await heardFrom('media')).toEqual(await heardFrom('worklet'));
});

test('without a gesture play() is refused, and a gesture plays it', async () => {
  const player = await playerOn();
  const element = elements.at(-1)!;
  element.play = () => Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
  player.src = freshUrl('cbr.mp3');
  await expect(player.play()).rejects.toMatchObject({ code: 'output.notAllowed' });
  expect(player.paused).toBe(true);
  Reflect.deleteProperty(element, 'play');
  const unlocked = next(player, 'unlocked');
  await player.unlock();
  await unlocked;
  expect(player.paused).toBe(false);
});

test('what pauses the element pauses the player, unless it plays again before that is told', async () => {
  const player = await playerOn();
  const element = elements.at(-1)!;
  player.src = freshUrl('cbr.mp3');
  await player.play();
  element.dispatchEvent(new Event('pause'));
  expect(player.paused).toBe(false);
  const paused = next(player, 'pause');
  element.pause(); // as the system does when headphones are pulled out
  await paused;
  expect(player.paused).toBe(true);
});

test('a page that is busy for longer than its element has sound keeps none from it', async () => {
  const player = await playerOn();
  const element = elements.at(-1)!;
  player.preload = 'auto';
  player.src = freshUrl('stereo.flac', '&rate=55000'); // 45,000 would do
  while (player.stats.aheadSeconds < 1) await new Promise(requestAnimationFrame);
  await player.play();
  await until(player, 0.1);
  const end = element.buffered.end(0);
  const free = performance.now() + (end - element.currentTime + 0.5) * 1e3;
  while (performance.now() < free); // busy
  await until(player, end + 0.5);
  expect(player.stats.underruns).toBe(0);
});

describe('a browser that fails to play it after all has the worklet', () => {
  const expectWorklet = async (player: Player) => {
    player.src = freshUrl('stereo.flac');
    await player.play();
    expect([player.output, player.error]).toEqual(['worklet', null]);
  };

  test('of a Media Source of the worker', async () => {
    await expectWorklet(await playerOn({ workerUrl: new URL('./worker-without-media.ts', import.meta.url) }));
  });

  test('of a Media Source of the page', async () => {
    placeSource('page');
    const { appendBuffer } = SourceBuffer.prototype;
    SourceBuffer.prototype.appendBuffer = () => {
      throw new DOMException('broken', 'InvalidStateError');
    };
    try {
      await expectWorklet(await playerOn());
    } finally {
      SourceBuffer.prototype.appendBuffer = appendBuffer;
    }
  });

  test('of a Media Source that never opens', async () => {
    placeSource('page');
    const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src')!;
    Object.defineProperty(HTMLMediaElement.prototype, 'src', { ...src, set: () => {} });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const player = await playerOn();
      const playing = expectWorklet(player);
      while (player.output === 'media') {
        await new Promise(requestAnimationFrame);
        vi.advanceTimersByTime(1_000);
      }
      await playing;
    } finally {
      vi.useRealTimers();
      Object.defineProperty(HTMLMediaElement.prototype, 'src', src);
    }
  });

  test('from where it is', async () => {
    const player = await playerOn();
    player.src = freshUrl('cbr.mp3');
    await player.seek(1);
    await player.play();
    await until(player, 1.2);
    const before = player.currentTime;
    elements.at(-1)!.dispatchEvent(new Event('error')); // as of what it cannot decode
    expect([player.output, player.paused]).toEqual(['worklet', false]);
    expect(player.currentTime - before).toBeCloseTo(0, 1);
    await until(player, before + 0.2);
    expect([player.output, player.error]).toEqual(['worklet', null]);
  });
});

test('a closed player leaves nothing that plays', async () => {
  const player = await playerOn();
  const element = elements.at(-1)!;
  player.src = freshUrl('cbr.mp3');
  await player.play();
  expect(element.srcObject).toBeInstanceOf(MediaSourceHandle);
  await player.close();
  expect([element.paused, element.srcObject, element.buffered.length]).toEqual([true, null, 0]);
});

test('nor does a Media Source of the page', async () => {
  placeSource('page');
  const revoked: string[] = [];
  const { revokeObjectURL } = URL;
  URL.revokeObjectURL = (url) => {
    revoked.push(url);
    revokeObjectURL.call(URL, url);
  };
  const player = await playerOn();
  const element = elements.at(-1)!;
  player.src = freshUrl('cbr.mp3');
  await player.play();
  const url = element.src;
  await player.close();
  URL.revokeObjectURL = revokeObjectURL;
  expect([element.paused, element.src, element.buffered.length]).toEqual([true, '', 0]);
  expect(revoked).toContain(url);
});
