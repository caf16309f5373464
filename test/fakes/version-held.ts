import type { FileSource } from '../../src/source/source.ts';
import { firstDifference, virtualBytes } from './content.ts';

/** A version of a resource that {@link virtualBytes} makes up. */
export interface MadeUp {
  readonly seed: number;
  readonly size: number;
}

/** Seed of the one version that all held bytes are of (and, where it `isWhole`, all bytes); 0 if there are none; undefined if it is no one version. */
export async function versionHeld(source: FileSource, versions: readonly MadeUp[], isWhole: boolean): Promise<number | undefined> {
  const runs: { start: number; bytes: Uint8Array | undefined }[] = [];
  for (const range of source.held) runs.push({ start: range.start, bytes: await source.reader().tryRead(range) });
  const isOf = ({ seed, size }: MadeUp) =>
    (!isWhole || source.length === size) &&
    runs.every(({ start, bytes }) => bytes && firstDifference(bytes, virtualBytes(start, start + bytes.length, seed)) < 0);
  return versions.find(isOf)?.seed ?? (runs.length === 0 ? 0 : undefined);
}
