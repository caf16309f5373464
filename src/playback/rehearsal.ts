import { Engine } from '../engine/engine.ts';
import { EventScope } from '../events/bus.ts';
import type { RangeClient } from '../net/client.ts';
import { Sources } from '../source/file-source.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { OutputLane } from './lane.ts';
import type { FromSession } from './messages.ts';
import { PlayerSession, type SessionParts } from './session.ts';
import { wavHeader } from './wav-header.ts';

const RATE = 44_100;
const SILENT_SECONDS = 1;

/**
 * Plays a second of silence to nobody, from a download into memory to the lane of an output, so that the first sound does not wait for the code
 * on that way to be compiled. Ends early when `signal` aborts. What goes wrong is not told: who plays will meet it again.
 */
export async function rehearse(
  { openTrack, createSink }: Pick<SessionParts, 'openTrack' | 'createSink'>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
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
  const store = createMemoryStore();
  const sources = new Sources({ client: offline, store, events });
  const openSource = () => sources.openStream(silence().stream());
  const session = new PlayerSession({ engine, stream: 'rehearsal', openSource, openTrack, createSink, tell });
  session.receive({ type: 'output', output });
  session.receive({ type: 'load', load: 1, url: '' });
  session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
  await ended;
  signal.removeEventListener('abort', end);
  await session.close();
  await engine.close();
  await sources.close();
  await store.close();
  port2.close();
}

/** A stream asks nobody. */
const offline: RangeClient = { get: () => Promise.reject(new Error('offline')), close: async () => {} };

function silence(): Blob {
  const samples = new Uint8Array(4 * RATE * SILENT_SECONDS);
  const head = wavHeader({ sampleRate: RATE, channels: 2, format: 's16le' }, samples.length);
  return new Blob([head.slice(), samples], { type: 'audio/wav' });
}
