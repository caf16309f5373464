import { Scope } from '../base/scope.ts';
import type { Engine, Publication, Subscription } from '../engine/engine.ts';
import { AulosError, isAulosError } from '../errors.ts';
import type { MediaInfo, PcmBlock } from '../media.ts';
import type { FileSource } from '../source/source.ts';
import type { OutputLane } from './lane.ts';
import { levelsOf } from './levels.ts';
import type { TrackOptions } from './library.ts';
import type { FromSession, ToSession } from './messages.ts';
import { Outlet } from './outlet.ts';
import { feedSink, pcmConfig, publishBlocks } from './pipeline.ts';
import type { PortableOptions } from './questions.ts';
import type { Sink } from './sink.ts';
import type { Track } from './track.ts';

/** What a session is made of; the composition root gives it. */
export interface SessionParts {
  readonly engine: Engine;
  /** Name of the player's stream in the app `player` of the engine. */
  readonly stream: string;
  openSource(url: string, options?: PortableOptions): Promise<FileSource>;
  openTrack(source: FileSource, options: TrackOptions): Promise<Track>;
  createSink(output: OutputLane): Sink;
  tell(message: FromSession): void;
}

/** A resource that the player was given. */
interface Load {
  readonly id: number;
  readonly scope: Scope;
  source?: FileSource;
  track?: Track;
  run?: Run;
}

/** One decoding from a place in the track on. */
interface Run {
  readonly id: number;
  readonly seconds: number;
  readonly scope: Scope;
  /** Blocks decoded so far. */
  blocks: number;
  /** Media time up to which there is sound, seconds. */
  until: number;
  /** True once the page was told where it begins. */
  hasLanded: boolean;
}

/**
 * One player's half in the worker: opens what it is given, decodes from where it is told into a stream of the engine, from which the
 * sink plays and the levels are taken. A newer load or run ends the older one at once.
 */
export class PlayerSession {
  readonly #parts: SessionParts;
  readonly #scope = new Scope();
  readonly #outlet: Outlet;
  #load: Load | undefined;
  #publishing: Promise<Publication> | undefined;
  #publication: Publication | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#outlet = new Outlet(parts.createSink, (epoch, from, until) => this.#onBlock(epoch, from, until));
    this.#scope.defer(() => this.#outlet.close());
  }

  receive(message: Exclude<ToSession, { type: 'close' | 'answer' }>): void {
    if (message.type === 'output') this.#outlet.offer(message.output);
    else if (message.type === 'load') void this.#open(message.load, message.url, message.options);
    else if (message.load === this.#load?.id) this.#steer(this.#load, message);
  }

  async close(): Promise<void> {
    await this.#unload();
    await this.#scope.close();
  }

  #steer(load: Load, message: Extract<ToSession, { type: 'decode' | 'retry' | 'unload' }>): void {
    if (message.type === 'unload') void this.#unload();
    else if (message.type === 'retry') load.source?.retry();
    else {
      const { run: id, seconds } = message;
      void load.run?.scope.close();
      load.run = { id, seconds, scope: new Scope(), blocks: 0, until: seconds, hasLanded: false };
      if (load.track) void this.#decode(load, load.run, load.track);
    }
  }

  async #unload(): Promise<void> {
    const load = this.#load;
    this.#load = undefined;
    await load?.run?.scope.close();
    await load?.scope.close();
  }

  async #open(id: number, url: string, options?: PortableOptions): Promise<void> {
    void this.#unload();
    const load: Load = { id, scope: new Scope() };
    this.#load = load;
    try {
      const source = await this.#parts.openSource(url, options);
      load.scope.defer(() => source.close());
      load.scope.signal.throwIfAborted();
      load.source = source;
      this.#relay(load, source);
      const track = await this.#parts.openTrack(source, { signal: load.scope.signal, decoder: options?.decoder });
      load.scope.defer(() => track.close());
      await this.#announce(load, track);
      load.track = track;
      if (load.run) void this.#decode(load, load.run, track);
    } catch (error) {
      this.#fail(load, load.scope.signal, error);
    }
  }

  /** What was under way is flushed and the format is set before the page hears of the head, for then it may offer another output. */
  async #announce(load: Load, track: Track): Promise<void> {
    const { sampleRate, channels } = track.info.config;
    this.#publishing ??= this.#publish(sampleRate, channels);
    const publication = await this.#publishing;
    load.scope.signal.throwIfAborted();
    this.#outlet.expect(sampleRate, channels);
    publication.setConfig(pcmConfig(sampleRate, channels));
    this.#outlet.flush(publication.flush());
    this.#parts.tell({ type: 'head', load: load.id, info: track.info });
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
    feedSink(toSink, this.#outlet, signal).catch((error) => this.#load && this.#fail(this.#load, signal, error));
    void this.#meter(toMeter);
    this.#publication = publication;
    return publication;
  }

  async #decode(load: Load, run: Run, track: Track): Promise<void> {
    const { signal } = run.scope;
    const publication = this.#publication!;
    try {
      // In the same task as the order to decode, so that no block of the run before passes for one of this.
      this.#outlet.flush(publication.flush());
      const blocks = track.blocks({ start: run.seconds, signal });
      await publishBlocks(publication, this.#counted(blocks, run, publication, track.info), signal);
      await this.#outlet.written(run.blocks, signal);
      if (!run.hasLanded) this.#onBlock(publication.epoch, run.seconds, run.seconds);
      this.#parts.tell({ type: 'decoded', load: load.id, run: run.id, until: run.until, isEnd: true });
      await this.#outlet.drain(signal);
    } catch (error) {
      this.#fail(load, signal, error);
      await this.#playOut(run);
    }
  }

  /** After a failure: what was decoded is heard, and what follows it is an end rather than a lack. */
  async #playOut({ blocks, scope: { signal } }: Run): Promise<void> {
    try {
      await this.#outlet.written(blocks, signal);
      await this.#outlet.drain(signal);
    } catch {
      // Another run took its place, or the output is what failed.
    }
  }

  /** Passes blocks on and counts them. A first one that is not what the head promised needs a config of its own. */
  async *#counted(blocks: AsyncIterable<PcmBlock>, run: Run, publication: Publication, { config }: MediaInfo) {
    for await (const block of blocks) {
      const { planes, sampleRate } = block;
      const isAsPromised = sampleRate === config.sampleRate && planes.length === config.channels;
      if (run.blocks === 0 && !isAsPromised) publication.setConfig(pcmConfig(sampleRate, planes.length));
      run.blocks++;
      yield block;
    }
  }

  /** A block of the current run is on its way to the speaker. */
  #onBlock(epoch: number, from: number, until: number): void {
    const { load, run } = this.#ids();
    if (load === undefined || run === undefined) return;
    const current = this.#load!.run!;
    if (!current.hasLanded) this.#parts.tell({ type: 'landed', load, run, epoch, seconds: from });
    current.hasLanded = true;
    current.until = until;
    this.#parts.tell({ type: 'decoded', load, run, until, isEnd: false });
  }

  async #meter(subscription: Subscription): Promise<void> {
    let sampleRate = 1;
    for await (const item of subscription) {
      const { load, run } = this.#ids();
      if (item.type === 'config') sampleRate = item.config.sampleRate;
      else if (item.type === 'frame' && item.frame.planes && load !== undefined && run !== undefined) {
        const timestamp = (item.frame.timestampUs * sampleRate) / 1e6;
        this.#parts.tell({ type: 'levels', load, run, levels: levelsOf({ planes: item.frame.planes, sampleRate, timestamp }) });
      }
    }
  }

  #ids(): { load: number | undefined; run: number | undefined } {
    return { load: this.#load?.id, run: this.#load?.run?.id };
  }

  /** Tells the page how the download goes. */
  #relay(load: Load, source: FileSource): void {
    const { signal } = load.scope;
    const progress = () => {
      const { phase, held, length, traffic } = source;
      const { network: networkBytes, store: storeBytes, requests } = traffic;
      const facts = { phase, held: held.toArray(), length, networkBytes, storeBytes, requests };
      this.#parts.tell({ type: 'progress', load: load.id, progress: facts });
    };
    progress();
    for (const name of ['source.phase', 'source.length', 'source.progress', 'source.mediaInfo'] as const) {
      source.events.on(name, progress, { signal });
    }
    const exact = ({ payload: { info } }: { payload: { info: MediaInfo } }) =>
      load.track && info.durationIsExact && this.#parts.tell({ type: 'info', load: load.id, info });
    source.events.on('source.mediaInfo', exact, { signal });
    source.events.on(
      'source.retry',
      ({ payload: { attempt, delayMs, error } }) =>
        this.#parts.tell({ type: 'retry', load: load.id, attempt, delayMs, error: error.toJSON() }),
      { signal },
    );
  }

  /** An end that was asked for is no failure. */
  #fail(load: Load, signal: AbortSignal, error: unknown): void {
    if (signal.aborted || load !== this.#load) return;
    const known = isAulosError(error) ? error : new AulosError('decode.failed', { what: String(error) }, String(error), { cause: error });
    this.#parts.tell({ type: 'failed', load: load.id, error: known.toJSON() });
  }
}
