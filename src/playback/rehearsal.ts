import { systemClock } from '../base/clock.ts';
import { rehearsals } from '../decode/rehearsals.ts';
import { Engine } from '../engine/engine.ts';
import { EventScope } from '../events/bus.ts';
import { clientOver, type Transport } from '../net/transport.ts';
import { Sources } from '../source/file-source.ts';
import { crc32 } from '../store/crc32.ts';
import { keyOf } from '../store/key-text.ts';
import { MemoryMedium } from '../store/memory.ts';
import { createStoreOn } from '../store/shelf.ts';
import type { AssetStore } from '../store/store.ts';
import type { OutputLane } from './lane.ts';
import type { FromSession } from './messages.ts';
import { PlayerSession, type SessionParts } from './session.ts';

const RATE = 44_100;
/** A second of MP3: what most players play, and for the others nearly the same way. Its decoder, 13 kB gzipped, comes for all. */
const PACKETS = 39;
/** After so many rounds even what runs once a track has been compiled. */
const ROUNDS = 4;
const MUSIC_URL = 'https://rehearsal.invalid/';

/** Names nothing that is stored. */
const NO_KEY = keyOf(new Uint8Array(32));

interface Stage extends Pick<SessionParts, 'openTrack' | 'createSink'> {
  /** Of the players. Nothing is left in it. */
  readonly store: AssetStore;
}

/**
 * Plays a second of music to nobody, from a request that leaves no trace to the lane of an output, and looks for it in the store, a few times, so
 * that the first sound does not wait for the code on that way to be compiled. Ends early when `signal` aborts. What goes wrong is not told: who plays will meet it again.
 */
export async function rehearse(stage: Stage, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    await play(stage, signal);
    const asset = await stage.store.open(NO_KEY); // what plays is looked for there first
    await asset.close();
  }
}

async function play({ openTrack, createSink }: Stage, signal: AbortSignal): Promise<void> {
  const events = new EventScope('rehearsal');
  const engine = new Engine({ apps: [{ name: 'player' }], events });
  const { port1, port2 } = new MessageChannel();
  const output: OutputLane = { lane: { port: port1 }, sampleRate: RATE, channels: 2, forSampleRate: RATE };
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  signal.addEventListener('abort', end, { once: true });
  const tell = (message: FromSession) => {
    if (message.type === 'failed' || (message.type === 'decoded' && message.isEnd)) end();
  };
  const client = clientOver(music);
  const store = createStoreOn(new SummingMedium(), { maxBytes: Infinity, maxAssets: Infinity }, systemClock);
  const sources = new Sources({ client, store, events });
  const openSource = () => sources.open({ url: MUSIC_URL, key: NO_KEY });
  const session = new PlayerSession({ engine, stream: 'rehearsal', openSource, openTrack, createSink, tell });
  session.receive({ type: 'output', output });
  session.receive({ type: 'load', load: 1, url: '' });
  session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
  await ended;
  signal.removeEventListener('abort', end);
  await session.close();
  await engine.close();
  await sources.close();
  await client.close();
  await store.close();
  port2.close();
}

/** Memory with the checksums of a database. */
class SummingMedium extends MemoryMedium {
  override readonly checksum = crc32;
}

/** Answers by itself, as a server does. */
const music: Transport = {
  async send() {
    const { packets } = rehearsals.mp3();
    const bytes = Uint8Array.from(Array.from({ length: PACKETS }, (_, i) => [...packets[i % packets.length]]).flat());
    const headers = { 'content-type': 'audio/mpeg', 'content-length': `${bytes.length}` };
    const body = async function* () {
      yield bytes;
    };
    return { status: 200, headers, url: MUSIC_URL, endsWithConnection: false, hidesHeaders: false, body: body() };
  },
  nameBodyError(error) {
    throw error;
  },
  close: async () => {},
};
