/**
 * Opening tracks: a part of its own, since it is only needed when the first bytes have come, and what asks for them is not to wait for it.
 * All that leads to demuxers and decoders is in here, so that what these share comes with it.
 */
export { segmentIndexer } from '../demux/segment-indexer.ts';
export { openTrack } from './open-track.ts';
