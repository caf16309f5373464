import { AulosError } from '../errors.ts';
import { type Aulos, type OpenOptions, type SystemPlayerName, systemPlayerSink } from '../node.ts';
import { listenToKeys } from './keys.node.ts';
import { showPlace } from './place-line.node.ts';
import { Playing } from './playing.node.ts';
import { showProgress } from './progress.node.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';

export interface PlayOptions extends CommonOptions {
  /** Second of the first track. */
  readonly start?: number;
  /** Second of the last one. */
  readonly end?: number;
  /** From 0 to 1. */
  readonly volume: number;
  readonly player?: SystemPlayerName;
  readonly decoder: OpenOptions['decoder'];
}

/** `aulos play URL…`: plays one after the other through a program of this machine, without a gap where their formats agree. */
export async function playCommand(
  aulos: Aulos,
  urls: readonly string[],
  options: PlayOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { start = 0, end, volume, player, decoder, json } = options;
  if (urls.length === 1 && end !== undefined && end <= start) {
    throw new AulosError('input.invalid', { input: String(end) }, 'the end must come after the start');
  }
  const createSink = () => systemPlayerSink({ player, volume });
  await using found = await createSink(); // before anything is fetched
  await using playing = new Playing({ aulos, urls, start, end, decoder, createSink, signal });
  using _progress = json ? await showProgress(aulos.events, { json }) : undefined;
  using _line = showPlace(playing, urls, { json });
  using _keys = listenToKeys((wish) => playing.steer(wish));
  await playing.play();
  return { json: { urls, player: found.player }, text: `played through ${found.player}` };
}
