import { rehearse } from '../decode/registry.ts';
import type { Codec } from '../media.ts';
import { crc32 } from '../store/crc32.ts';

const codecs: Readonly<Record<string, Codec>> = { mp3: 'mp3', flac: 'flac', aac: 'aac', m4a: 'aac', mp4: 'aac', wav: 'pcm' };

/** As many as the first to come may be. */
const FIRST_BYTES = 16 * 1024;

/**
 * Makes ready what the file behind `url` will probably need, the chunks by its extension, while its first bytes are on their way. The bytes
 * decide in the end; a wrong guess costs a few kilobytes.
 */
export function preloadLikelyChunks(url: string): void {
  crc32(new Uint8Array(FIRST_BYTES)); // fills its tables
  const extension = /\.([a-z0-9]+)$/.exec(new URL(url).pathname.toLowerCase())?.[1] ?? '';
  if (extension in codecs) rehearse(codecs[extension]).catch(() => {}); // the use that follows reports it
  if (extension === 'm4a' || extension === 'mp4') import('../demux/mp4.ts').catch(() => {});
}
