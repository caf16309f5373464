import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { raceAbort } from '../../src/base/abort.ts';
import { type Place, Playing, type Wish } from '../../src/cli/playing.node.ts';
import { createAulos, type SystemPlayerSink } from '../../src/node.ts';
import { fixtureFolder, fixtures } from '../fixtures/fixtures.ts';
import { scene } from './scene.ts';

/** Plays a track of six seconds and one of three; each sink is stuck in its first block, half a second of which was heard. */
async function stuckPlaying() {
  const { cacheDir } = await scene();
  const aulos = createAulos({ cacheDir });
  const sinks = new EventTarget();
  const createSink = async (): Promise<SystemPlayerSink> => ({
    player: 'aplay',
    volume: 1,
    heardSeconds: 0.5,
    configure: async () => {},
    write: async ({ timestamp, sampleRate }, _, signal) => {
      sinks.dispatchEvent(new CustomEvent('block', { detail: `${timestamp / sampleRate} s at ${sampleRate} Hz` }));
      await raceAbort(new Promise<void>(() => {}), signal);
    },
    flush() {},
    drain: async () => {},
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  });
  const urls = ['stereo.flac', 'mono-48k.flac'].map((name) => path.join(fixtureFolder, name));
  const interrupt = new AbortController();
  const playing = new Playing({ aulos, urls, start: 1, decoder: 'shared', createSink, signal: interrupt.signal });
  onTestFinished(async () => {
    interrupt.abort();
    await playing[Symbol.asyncDispose]();
    await aulos.close();
  });
  /** Gives the first block of the sound that comes next. */
  const nextBlock = async (): Promise<string> => ((await once(sinks, 'block'))[0] as CustomEvent<string>).detail;
  return { playing, nextBlock, interrupt };
}

describe.runIf(fixtures().length > 0)('Playing', () => {
  it.each<{ wishes: Wish[]; block: string; place: Place }>([
    { wishes: [{ seconds: 2 }], block: '3.5 s at 44100 Hz', place: { index: 0, seconds: 4 } },
    { wishes: [{ seconds: 2 }, { seconds: -1 }], block: '2.5 s at 44100 Hz', place: { index: 0, seconds: 3 } },
    { wishes: [{ seconds: -10 }], block: '0 s at 44100 Hz', place: { index: 0, seconds: 0.5 } },
    { wishes: [{ seconds: 10 }], block: '0 s at 48000 Hz', place: { index: 1, seconds: 0.5 } },
    { wishes: ['next'], block: '0 s at 48000 Hz', place: { index: 1, seconds: 0.5 } },
    { wishes: ['next', 'previous'], block: '0 s at 44100 Hz', place: { index: 0, seconds: 0.5 } },
    { wishes: [{ seconds: 2 }, 'previous'], block: '0 s at 44100 Hz', place: { index: 0, seconds: 0.5 } },
    { wishes: ['pause', 'pause'], block: '1.5 s at 44100 Hz', place: { index: 0, seconds: 2 } },
    { wishes: ['pause', { seconds: 1 }, 'pause'], block: '2.5 s at 44100 Hz', place: { index: 0, seconds: 3 } },
  ])('goes on at $block after $wishes', async ({ wishes, block, place }) => {
    const { playing, nextBlock } = await stuckPlaying();
    const first = nextBlock();
    playing.play().catch(() => {}); // it ends with the test
    expect(await first).toBe('1 s at 44100 Hz');
    expect(playing.place).toEqual({ index: 0, seconds: 1.5 });
    const next = nextBlock();
    for (const wish of wishes) playing.steer(wish);
    expect(await next).toBe(block);
    expect(playing.place).toEqual(place);
  });

  it.each<{ wishes: Wish[] }>([{ wishes: ['quit'] }, { wishes: ['next', 'next'] }, { wishes: ['pause', 'quit'] }])(
    'is over after $wishes',
    async ({ wishes }) => {
      const { playing, nextBlock } = await stuckPlaying();
      const first = nextBlock();
      const done = playing.play();
      await first;
      for (const wish of wishes) playing.steer(wish);
      await expect(done).resolves.toBeUndefined();
    },
  );

  it('ends with the reason of an interruption, also while it pauses', async () => {
    const { playing, nextBlock, interrupt } = await stuckPlaying();
    const first = nextBlock();
    const done = playing.play();
    await first;
    playing.steer('pause');
    interrupt.abort('enough');
    await expect(done).rejects.toBe('enough');
  });
});
