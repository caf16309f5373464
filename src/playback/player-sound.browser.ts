import type { Effect } from './effects/effect.ts';
import type { OutputChoice, OutputKind } from './output.ts';
import { PlayerFacts } from './player-facts.browser.ts';
import { RATES } from './rate.ts';
import type { ReplayGainMode } from './replay-gain.ts';
import type { Sound } from './sound.browser.ts';

/** How a player sounds, and what it sounds out of; nothing here changes what is played. */
export abstract class PlayerSound extends PlayerFacts {
  #volume = 1;
  #muted = false;
  /** As in HTML what `muted` is at first, which is told by an option of the same name; setting it later changes nothing that is heard. */
  defaultMuted = false;
  #defaultPlaybackRate = 1;
  #replayGain: ReplayGainMode = 'off';

  /** 0..1. @throws RangeError outside of it. */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    checkVolume(volume);
    const isNews = volume !== this.#volume;
    this.#volume = volume;
    this.#applyVolume(isNews);
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    const isNews = muted !== this.#muted;
    this.#muted = muted;
    this.#applyVolume(isNews);
  }

  /**
   * Goes to `volume`, 0..1, in so many seconds, linearly in amplitude; `volume` tells it at once. Resolves when it is there, or something else
   * was asked of the volume. @throws RangeError.
   */
  fade(volume: number, seconds: number): Promise<void> {
    checkVolume(volume);
    if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`a fade takes some seconds, not ${seconds}`);
    const faded = this.#sound.fade(this.#muted ? 0 : volume, seconds);
    this.#volume = volume;
    this.fire('volumechange');
    return faded;
  }

  /**
   * Seconds of the track in a second, 0.5 to 3. Heard at once (the first time when `rate.js` is loaded); nothing is decoded anew for it.
   * `src` and `load()` set it to `defaultPlaybackRate`. @throws a NotSupportedError outside of it, as HTML says.
   */
  get playbackRate(): number {
    return this.#sound.pace.rate;
  }

  set playbackRate(rate: number) {
    checkRate(rate);
    if (rate === this.playbackRate) return;
    this.#sound.pace = { ...this.#sound.pace, rate };
    this.fire('ratechange');
  }

  /** The rate of what is loaded. @throws a NotSupportedError as `playbackRate`. */
  get defaultPlaybackRate(): number {
    return this.#defaultPlaybackRate;
  }

  set defaultPlaybackRate(rate: number) {
    checkRate(rate);
    if (rate === this.#defaultPlaybackRate) return;
    this.#defaultPlaybackRate = rate;
    this.fire('ratechange');
  }

  /** Whether voices keep their height at other rates than 1 (the default), or rise and fall with them as on a tape. */
  get preservesPitch(): boolean {
    return this.#sound.pace.keepsPitch;
  }

  set preservesPitch(keepsPitch: boolean) {
    if (keepsPitch !== this.preservesPitch) this.#sound.pace = { ...this.#sound.pace, keepsPitch };
  }

  /**
   * What the sound goes through between `node` and the destination, in this order: those of `aulos/effects`, or your own. They are taken along to
   * another context, and are not to be used together with a `node` that you connect elsewhere. One that cannot be had is an `error`, `output.device`.
   */
  get effects(): readonly Effect[] {
    return this.#sound.effects;
  }

  set effects(effects: readonly Effect[]) {
    this.#sound.effects = effects;
  }

  /**
   * Makes tracks, or albums, equally loud by what their tags say, each track by its own factor from its first sample to its last; 'off' by
   * default. A change is heard at once: what is queued is decoded anew, which may take a moment.
   */
  get replayGain(): ReplayGainMode {
    return this.#replayGain;
  }

  set replayGain(mode: ReplayGainMode) {
    if (mode === this.#replayGain) return;
    this.#replayGain = mode;
    this.transport.tell({ type: 'replayGain', mode });
    this.transport.refill();
  }

  /** The device that is played on, as in `AudioContext`; empty: that of the system. */
  get sinkId(): string {
    return this.#sound.sinkId;
  }

  /** Plays on another device. @throws AulosError `output.device` when the browser cannot, does not allow it, or knows no such device. */
  setSinkId(id: string): Promise<void> {
    return this.#sound.setSinkId(id);
  }

  /** What the sound of this track comes out of. Setting it changes that, where the browser can, from where the sound is; `outputchange` tells when. */
  get output(): OutputKind {
    return this.transport.output.kind;
  }

  set output(choice: OutputChoice) {
    void this.transport.choose(choice);
  }

  /** The context in use; another one after `outputchange`, which comes before `loadedmetadata`. */
  get context(): AudioContext {
    return this.transport.speaker.context;
  }

  /** The last node before the destination: connect or reroute it for effects and meters. */
  get node(): AudioNode {
    return this.transport.speaker.node;
  }

  get #sound(): Sound {
    return this.transport.speaker.sound;
  }

  #applyVolume(isNews: boolean): void {
    this.#sound.gain = this.#muted ? 0 : this.#volume;
    if (isNews) this.fire('volumechange');
  }
}

function checkVolume(volume: number): void {
  if (!(volume >= 0 && volume <= 1)) throw new RangeError(`the volume goes from 0 to 1, not to ${volume}`);
}

function checkRate(rate: number): void {
  if (rate >= RATES.min && rate <= RATES.max) return;
  throw new DOMException(`rates go from ${RATES.min} to ${RATES.max}, not to ${rate}`, 'NotSupportedError');
}
