import type { Sink } from './sink.ts';
import type { SystemPlayerName } from './system-players.node.ts';

export type { SystemPlayerName } from './system-players.node.ts';

/** Options of {@link systemPlayerSink}. */
export interface SystemPlayerOptions {
  /** The program to play through. @default the first of `pw-play` (PipeWire), `aplay` (ALSA), `ffplay`, `sox` in the folders of `PATH` */
  readonly player?: SystemPlayerName;
  /** From 0 to 1, a factor of the samples. @default 1 */
  readonly volume?: number;
}

/**
 * A sink that sounds: a program of this machine plays what it is written. What the program holds (up to about two seconds; it does not say
 * how much) is heard after `write` has resolved, and is gone at once after `flush` or `close`, which end the program. Sound of another rate
 * or other channels has a process of its own, begun when what was before it is heard.
 */
export interface SystemPlayerSink extends Sink {
  readonly player: SystemPlayerName;
  /** From 0 to 1; a change ramps over 10 ms, and is heard after what the program holds. @throws AulosError `input.invalid` on other values. */
  volume: number;
  /**
   * Seconds of sound heard since the last flush. The program does not tell, so this is reckoned: what was written, played in real time from
   * shortly after the program began. It is off by what the program and its device take longer than usual to begin, mostly within 0.2 s.
   */
  readonly heardSeconds: number;
}

/**
 * Looks for the program; starts it with the first block. No process is left behind: it is ended when the sink is closed and when this process
 * exits, and ends by itself when this process is killed.
 * @throws AulosError `output.device` when there is none; so do `write` and `drain` when it fails, with the last line that it put on stderr.
 */
export async function systemPlayerSink({ player, volume = 1 }: SystemPlayerOptions = {}): Promise<SystemPlayerSink> {
  // Apart from the rest: few who import aulos start processes.
  const [{ findSystemPlayer, systemPlayers }, { ProcessSink }] = await Promise.all([
    import('./system-players.node.ts'),
    import('./system-player-sink.node.ts'),
  ]);
  return new ProcessSink(await findSystemPlayer(player ? [player] : systemPlayers), volume);
}
