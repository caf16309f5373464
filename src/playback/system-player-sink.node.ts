import { AulosError } from '../errors.ts';
import { framesOf, type PcmBlock } from '../media.ts';
import { HeardTime } from './heard-time.ts';
import { encodePcm } from './pcm-encoding.ts';
import { helpOf, PlayerProcess } from './player-process.node.ts';
import type { SystemPlayerSink } from './system-player.node.ts';
import { type FoundPlayer, type PlayerUsage, playerUsage, type SystemPlayerName } from './system-players.node.ts';
import { wavHeader } from './wav-header.ts';

/** A change of volume takes this long, so that it does not click. */
const RAMP_SECONDS = 0.01;

/** A program that runs, and what it was told to expect. */
interface Playing {
  readonly process: PlayerProcess;
  readonly sampleRate: number;
  readonly channels: number;
}

/** Plays through processes: one after the other, since a program takes sound of one format and cannot forget what it has. */
export class ProcessSink implements SystemPlayerSink {
  readonly player: SystemPlayerName;
  readonly #file: string;
  readonly #usage: PlayerUsage;
  #playing: Playing | undefined;
  /** The end of the process before: until then the device may be taken. */
  #before: Promise<unknown> = Promise.resolve();
  #heard: HeardTime;
  #help: string | undefined;
  #epoch = 0;
  #volume: number;
  /** The volume of the last sample. */
  #lastVolume: number;

  constructor({ name, file }: FoundPlayer, volume: number) {
    this.player = name;
    this.#file = file;
    this.#usage = playerUsage[name];
    this.#heard = new HeardTime(this.#usage.startSeconds);
    this.#volume = checkedVolume(volume);
    this.#lastVolume = volume;
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = checkedVolume(volume);
  }

  get heardSeconds(): number {
    return this.#heard.secondsAt(now());
  }

  /** Blocks tell their format themselves. */
  async configure(): Promise<void> {}

  async write(block: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (epoch < this.#epoch) return;
    const playing = await this.#playingFor(block, epoch, signal);
    if (!playing) return;
    const bytes = encodePcm({ ...block, planes: this.#atVolume(block) }, this.#usage.format);
    await this.#unlessFlushed(playing, playing.process.write(bytes, signal));
    if (playing === this.#playing) this.#heard.wrote(framesOf(block) / block.sampleRate, now());
  }

  flush(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#heard = new HeardTime(this.#usage.startSeconds);
    this.#playing?.process.kill();
    this.#playing = undefined;
  }

  async drain(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const playing = this.#playing;
    if (!playing) return;
    await this.#unlessFlushed(playing, playing.process.finish(signal));
    if (playing === this.#playing) this.#playing = undefined;
  }

  async close(): Promise<void> {
    this.flush(Number.POSITIVE_INFINITY);
    await this.#before;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The process for such blocks, begun when the sound of another format is out; undefined after a flush. */
  async #playingFor({ sampleRate, planes }: PcmBlock, epoch: number, signal: AbortSignal): Promise<Playing | undefined> {
    const channels = planes.length;
    const there = this.#playing;
    if (there?.sampleRate === sampleRate && there.channels === channels && !there.process.isEnding) return there;
    await this.drain(signal);
    await this.#before;
    const { format, wav, args, needsHelp } = this.#usage;
    if (needsHelp) this.#help ??= await helpOf(this.#file, signal);
    if (epoch < this.#epoch) return undefined;
    const sound = { sampleRate, channels, format };
    const process = new PlayerProcess(this.player, this.#file, args(sound, this.#help ?? ''));
    const playing = { process, sampleRate, channels };
    this.#playing = playing;
    this.#before = process.ended;
    if (wav) await this.#unlessFlushed(playing, process.write(wavHeader(sound, undefined), signal));
    return playing === this.#playing ? playing : undefined;
  }

  /** A flush ends a process, and is no failure of it. */
  async #unlessFlushed(playing: Playing, promise: Promise<void>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      if (playing === this.#playing) throw error;
    }
  }

  #atVolume({ planes, sampleRate }: PcmBlock): readonly Float32Array[] {
    const [from, to] = [this.#lastVolume, this.#volume];
    this.#lastVolume = to;
    if (from === 1 && to === 1) return planes;
    const ramp = Math.min(planes[0].length, Math.round(RAMP_SECONDS * sampleRate));
    return planes.map((plane) => plane.map((sample, i) => sample * (i < ramp ? from + ((to - from) * (i + 1)) / ramp : to)));
  }
}

function checkedVolume(volume: number): number {
  if (volume >= 0 && volume <= 1) return volume;
  throw new AulosError('input.invalid', { input: `${volume}` }, `a volume lies between 0 and 1: ${volume}`);
}

/** Seconds of a monotonic clock. */
const now = (): number => performance.now() / 1e3;
