/** The sessions of players and the engine that they share: a part of its own, since they are only needed when the first bytes have come. */
import { Engine } from './engine/engine.ts';
import type { EventScope } from './events/bus.ts';
import type { Library } from './playback/library.ts';
import { rehearse } from './playback/rehearsal.ts';
import { PlayerSession, type SessionParts } from './playback/session.ts';
import { WorkletSink } from './playback/worklet-sink.browser.ts';

const createSink: SessionParts['createSink'] = (output) => new WorkletSink(output);
/** Only who meters reads what the sink has taken, and right away: half a second of it is kept in memory for him, ms. */
const METERED_MS = 500;

let engine: Engine | undefined;
let players = 0;

/** A session for a new player. The events of its engine, which has a stream for each of them, go to `events`. */
export function createSession(parts: Omit<SessionParts, 'engine' | 'stream' | 'createSink'>, events: EventScope): PlayerSession {
  engine ??= new Engine({ apps: [{ name: 'player', ringMs: METERED_MS }], events });
  return new PlayerSession({ ...parts, engine, stream: `player-${++players}`, createSink });
}

/** Gets all that a session goes through up to speed, until `signal` aborts. */
export const rehearseSession = ({ track: openTrack, store }: Library, signal: AbortSignal): Promise<void> =>
  rehearse({ openTrack, store, createSink }, signal);

/** Ends the engine, after its sessions. */
export const closeEngine = async (): Promise<void> => engine?.close();
