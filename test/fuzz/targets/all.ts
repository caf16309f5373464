import type { Target } from '../target.ts';
import { decoderTarget } from './decoders.ts';
import { fileTarget } from './files.ts';
import { headersTarget } from './headers.ts';
import { frameIndexTarget, segmentIndexTarget, segmentSidecarTarget } from './indexes.ts';
import { folderTarget, journalTarget } from './journal.ts';
import { plantedTargets } from './planted.ts';
import { tagsTarget } from './tags.ts';

/** HE-AAC goes on with its noise, Opus with what it gave, from packet to packet: after damage they sound alike, not the same. */
const PREDICTIVE_DB = 12;

const targets = [
  fileTarget('mp3', 3),
  fileTarget('adts', 3),
  fileTarget('flac', 3),
  fileTarget('ogg', 3),
  fileTarget('wav', 4),
  fileTarget('mp4', 4),
  fileTarget('ts', 2),
  decoderTarget('mp3', 3),
  decoderTarget('aac', 3, PREDICTIVE_DB),
  decoderTarget('flac', 4),
  decoderTarget('alac', 3),
  decoderTarget('pcm', 2),
  decoderTarget('vorbis', 2),
  decoderTarget('opus', 1, PREDICTIVE_DB),
  tagsTarget,
  segmentIndexTarget,
  segmentSidecarTarget,
  frameIndexTarget,
  headersTarget,
  journalTarget,
  folderTarget,
] as const;

/** Everything that takes bytes of strangers, or those whose name begins with `only`. */
export function targetsNamed(only: string | undefined): readonly Target[] {
  if (only === undefined) return targets as readonly unknown[] as readonly Target[];
  return [...targets, ...plantedTargets].filter(({ name }) => name.startsWith(only)) as readonly unknown[] as readonly Target[];
}
