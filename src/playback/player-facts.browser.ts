import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { MediaInfo, Tags } from '../media.ts';
import type { Phase } from '../source/source.ts';
import type { Peaks } from './peak-table.ts';
import type { PlayerPeaksOptions } from './peaks-request.ts';
import { PlayerEventTarget, type PlayerStats } from './player-events.ts';
import { HAVE_NOTHING, type ReadyState } from './readiness.ts';
import { SecondsRanges, secondsOf } from './seconds-ranges.ts';
import type { Transport } from './transport.browser.ts';

/** What a player tells of the track that it plays and of its download; nothing here changes what is heard. */
export abstract class PlayerFacts extends PlayerEventTarget {
  protected abstract readonly transport: Transport;

  /** NaN before the head is known, Infinity when live; see `durationIsExact`. */
  get duration(): number {
    return this.transport.load?.duration ?? Number.NaN;
  }

  /** False while `duration` is estimated from the bit rate. */
  get durationIsExact(): boolean {
    return this.transport.load?.durationIsExact ?? false;
  }

  get paused(): boolean {
    return this.transport.paused;
  }

  get ended(): boolean {
    return this.transport.ended;
  }

  get seeking(): boolean {
    return this.transport.load?.stretch?.seek !== undefined;
  }

  get readyState(): ReadyState {
    return this.transport.load?.readyState ?? HAVE_NOTHING;
  }

  /** 0 empty, 1 idle, 2 loading, 3 no source, as in HTML. */
  get networkState(): 0 | 1 | 2 | 3 {
    const load = this.transport.load;
    if (!load) return 0;
    if (load.error && !load.info) return 3;
    return load.isFetching ? 2 : 1;
  }

  get error(): AulosError | null {
    return this.transport.load?.error ?? null;
  }

  /** Where the download is in its life. */
  get phase(): Phase {
    return this.transport.load?.progress?.phase ?? 'init';
  }

  /** What can be played without the network, estimated by the share of the bytes. */
  get buffered(): SecondsRanges {
    return secondsOf(this.cached, this.transport.load?.progress?.length, this.duration);
  }

  /** Byte ranges that are held. */
  get cached(): readonly ByteRange[] {
    return this.transport.load?.progress?.held ?? [];
  }

  get seekable(): SecondsRanges {
    return new SecondsRanges(Number.isFinite(this.duration) ? [[0, this.duration]] : []);
  }

  /** What was heard of this track. */
  get played(): SecondsRanges {
    return this.transport.load?.played ?? new SecondsRanges([]);
  }

  /** Everything that the head says, once it is known. */
  get info(): MediaInfo | undefined {
    return this.transport.load?.info;
  }

  /** Tags of what is heard: those of the file, or of the song that a station plays. None before the head is known. */
  get tags(): Tags {
    return this.transport.load?.tagsAt(this.transport.currentTime) ?? {};
  }

  get stats(): PlayerStats {
    const { output, speaker, load } = this.transport;
    const { progress, firstSoundMs } = load ?? {};
    return {
      underruns: output.underruns,
      networkBytes: progress?.networkBytes ?? 0,
      storeBytes: progress?.storeBytes ?? 0,
      requests: progress?.requests ?? 0,
      firstSoundMs,
      aheadSeconds: load?.aheadOf(this.transport.currentTime) ?? 0,
      outputLatencySeconds: output.kind === 'media' ? 0 : speaker.context.outputLatency || 0,
    };
  }

  /**
   * The waveform of the current track, once all of it is known. It is decoded for it as the bytes arrive and kept with them; none but the
   * head are fetched for it. @throws AulosError `input.invalid` for a number of buckets that cannot be, `source.live`, that of the track;
   * an AbortError when the track is left; `signal.reason`.
   */
  async peaks(options: PlayerPeaksOptions): Promise<Peaks> {
    const load = this.transport.load;
    const { requestPeaks } = await import('./peaks-request.ts');
    if (!load || load !== this.transport.load) throw new DOMException('the track was left', 'AbortError');
    this.transport.preloadAs('metadata');
    return requestPeaks(this, options, (port) =>
      this.transport.tell({ type: 'peaks', load: load.id, buckets: options.buckets, port }, [port]),
    );
  }

  /**
   * The picture of the current track out of its file, the front cover if it has several; undefined if it has none. Its bytes are fetched for it.
   * @throws AulosError that of the track, `media.*`; an AbortError when the track is left.
   */
  async artwork(): Promise<Blob | undefined> {
    const load = this.transport.load;
    const { requestArtwork } = await import('./artwork-request.ts');
    if (!load || load !== this.transport.load) throw new DOMException('the track was left', 'AbortError');
    this.transport.preloadAs('metadata');
    return requestArtwork(this, (port) => this.transport.tell({ type: 'artwork', load: load.id, port }, [port]));
  }
}
