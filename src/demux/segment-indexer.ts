import type { Indexer } from '../source/index-keeper.ts';
import { isMovie } from './movie.ts';

/** Indexes fragmented MP4. The parser is large and a chunk of its own, which other files need not load. */
export const segmentIndexer: Indexer = async (source, signal) => {
  if (!(await isMovie(source, signal))) return undefined;
  const { buildSegmentIndex } = await import('./fragments.ts');
  return buildSegmentIndex(source, signal);
};
