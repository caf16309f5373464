import { raceAbort } from '../base/abort.ts';
import { loadPart } from '../base/part.ts';
import { Scope } from '../base/scope.ts';
import type { Engine, Publication, Subscription } from '../engine/engine.ts';
import { AulosError } from '../errors.ts';
import type { CodecConfig, MediaInfo } from '../media.ts';
import { Deck, type DeckParts } from './deck.ts';
import type { OutputLane } from './lane.ts';
import { levelsOf } from './levels.ts';
import type { MediaLane } from './media-lane.ts';
import { MediaSender } from './media-sender.ts';
import type { Loading, ToSession } from './messages.ts';
import { Outlet } from './outlet.ts';
import { feedSink, pcmConfig } from './pipeline.ts';
import { type ReplayGainMode, replayGainFactor } from './replay-gain.ts';
import { Run } from './run.ts';
import type { SessionRun } from './session-run.ts';
import type { RevocableSink } from './sink.ts';

/** What a session is made of; the composition root gives it. */
export interface SessionParts extends Omit<DeckParts, 'onProgress'> {
  readonly engine: Engine;
  /** Name of the player's stream in the app `player` of the engine. */
  readonly stream: string;
  createSink(output: OutputLane): RevocableSink;
}

/** What the page plays by itself, and the way there. */
interface MediaOffer {
  readonly lane: MediaLane;
  readonly sender: MediaSender;
}

/**
 * One player's half in the worker: opens what it is given, and decodes from where it is told, through what follows, into a stream of the
 * engine, from which the sink plays and the levels are taken. A newer run ends the older one at once.
 */
export class PlayerSession {
  readonly #parts: SessionParts;
  readonly #scope = new Scope();
  readonly #outlet: Outlet;
  readonly #decks = new Map<number, Deck>();
  /** Ends the run, or the wait for its track to be open. */
  #runScope = new Scope();
  #run: SessionRun | undefined;
  #media: MediaOffer | undefined;
  #fadeSeconds = 0;
  #replayGain: ReplayGainMode = 'off';
  #publishing: Promise<Publication> | undefined;
  #publication: Publication | undefined;
  #format = '';

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#outlet = new Outlet(parts.createSink, (epoch, from, until) => {
      if (this.#run instanceof Run) this.#run.onBlock(epoch, from, until);
    });
    this.#scope.defer(() => this.#outlet.close());
  }

  receive(message: Exclude<ToSession, { type: 'close' | 'answer' | 'keep' }>): void {
    if (message.type === 'output') this.#outlet.offer(message.output);
    else if (message.type === 'media') this.#offerMedia(message.lane);
    else if (message.type === 'load') this.#load(message);
    else if (message.type === 'fade') this.#fadeSeconds = message.seconds;
    else if (message.type === 'ahead') this.#outlet.aheadSeconds = message.seconds;
    else if (message.type === 'replayGain') this.#replayGain = message.mode;
    else if (message.type === 'halt') this.#halt();
    else this.#steer(message);
  }

  async close(): Promise<void> {
    await this.#runScope.close();
    this.#media?.sender.close();
    await Promise.all([...this.#decks.values()].map((deck) => deck.close()));
    await this.#scope.close();
  }

  #steer(message: Extract<ToSession, { type: 'decode' | 'follow' | 'retry' | 'unload' | 'peaks' | 'artwork' }>): void {
    const deck = this.#decks.get(message.type === 'follow' ? message.after : message.load);
    if (!deck) return;
    if (message.type === 'decode') {
      deck.end = message.end;
      void this.#decode(deck, message.run, message.seconds);
    } else if (message.type === 'follow') this.#follow(deck, message.next);
    else if (message.type === 'retry') deck.retry();
    else if (message.type === 'peaks') deck.peaks(message);
    else if (message.type === 'artwork') deck.artwork(message);
    else this.#unload(deck);
  }

  #load(loading: Loading): void {
    const deck = this.#deckOf(loading);
    deck.open().catch((error) => deck.fail(error));
  }

  #deckOf(loading: Loading): Deck {
    const deck = new Deck(loading, { ...this.#parts, onProgress: () => this.#run?.look() });
    this.#decks.set(deck.id, deck);
    return deck;
  }

  #follow(deck: Deck, next: Loading | undefined): void {
    deck.next = next && this.#deckOf(next);
    this.#run?.changeNext(deck);
  }

  #unload(deck: Deck): void {
    this.#decks.delete(deck.id);
    this.#run?.forget(deck);
    void deck.close();
  }

  #offerMedia(lane: MediaLane | undefined): void {
    if (this.#run && !(this.#run instanceof Run)) this.#halt();
    this.#media?.sender.close();
    this.#media = lane && { lane, sender: new MediaSender(lane) };
  }

  #halt(): void {
    void this.#runScope.close();
    this.#run = undefined;
    if (this.#publication) this.#outlet.flush(this.#publication.flush());
  }

  /** Begins a run once the track is open. */
  async #decode(deck: Deck, id: number, seconds: number): Promise<void> {
    void this.#runScope.close();
    const scope = new Scope();
    this.#runScope = scope;
    try {
      const { config } = (await raceAbort(deck.open(), scope.signal)).info;
      const media = this.#media;
      if (media && config.codecString in media.lane.types) await this.#leaveDecoding(deck, id, seconds, media, scope);
      else await this.#beginDecoding(deck, id, seconds, config, scope);
    } catch (error) {
      if (!scope.signal.aborted) deck.fail(error);
    }
  }

  async #beginDecoding(deck: Deck, id: number, seconds: number, config: CodecConfig, scope: Scope): Promise<void> {
    const { sampleRate } = config;
    const channels = Math.max(2, config.channels);
    this.#publishing ??= this.#publish(sampleRate, channels);
    const publication = await raceAbort(this.#publishing, scope.signal);
    const format = `${sampleRate}/${channels}`;
    this.#outlet.expect(sampleRate, config.channels);
    if (this.#format !== format) publication.setConfig(pcmConfig(sampleRate, channels));
    this.#format = format;
    this.#outlet.flush(publication.flush());
    const { tell } = this.#parts;
    const run = new Run(id, deck, seconds, {
      publication,
      outlet: this.#outlet,
      sampleRate,
      channels,
      fadeSeconds: () => this.#fadeSeconds,
      gainOf: this.#gainOf,
      tell,
    });
    this.#take(run, scope);
  }

  /** To the page, by Media Source. */
  async #leaveDecoding(deck: Deck, id: number, seconds: number, media: MediaOffer, scope: Scope): Promise<void> {
    const { MediaRun } = await raceAbort(
      loadPart('media', () => import('./media-run.ts')),
      scope.signal,
    );
    if (this.#publication) this.#outlet.flush(this.#publication.flush());
    this.#take(new MediaRun(id, deck, seconds, { ...media, gainOf: this.#gainOf, tell: this.#parts.tell }), scope);
  }

  readonly #gainOf = ({ replayGain }: MediaInfo): number => replayGainFactor(replayGain, this.#replayGain);

  #take(run: SessionRun, scope: Scope): void {
    this.#run = run;
    scope.defer(() => run.close());
  }

  /** Begins the player's stream, which lives as long as the session. */
  async #publish(sampleRate: number, channels: number): Promise<Publication> {
    const { engine, stream } = this.#parts;
    const key = { app: 'player', stream };
    const publication = await engine.publish(key, pcmConfig(sampleRate, channels));
    this.#scope.defer(() => publication.end());
    const { signal } = this.#scope;
    const toSink = await engine.subscribe(key, { delivery: 'reliable', signal });
    const toMeter = await engine.subscribe(key, { signal });
    feedSink(toSink, this.#outlet, signal).catch((error) => this.#failOutput(error));
    void this.#meter(toMeter);
    this.#publication = publication;
    return publication;
  }

  /** The sink failed: so has every track. */
  #failOutput(cause: unknown): void {
    if (this.#scope.signal.aborted) return;
    const error = new AulosError('output.device', { reason: 'sink' }, String(cause), { cause });
    for (const deck of this.#decks.values()) deck.fail(error);
  }

  async #meter(subscription: Subscription): Promise<void> {
    let sampleRate = 1;
    for await (const item of subscription) {
      if (item.type === 'config') sampleRate = item.config.sampleRate;
      else if (item.type === 'frame' && item.frame.planes && this.#run) {
        const { planes, timestampUs } = item.frame;
        const timestamp = (timestampUs * sampleRate) / 1e6;
        this.#parts.tell({ type: 'levels', run: this.#run.id, levels: levelsOf({ planes, sampleRate, timestamp }) });
      }
    }
  }
}
