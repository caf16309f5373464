import type { Demuxer } from '../demux/demuxer.ts';
import { type Link, tagsAt } from '../media.ts';
import type { SourceReader } from '../source/source.ts';

/** Songs that are told of: the last ones. */
const MAX_SONGS = 1_000;

/** `demuxer` of what a station sends to `reader`: what it says it plays becomes links of the info, as the packets of each pass by. */
export function withSongs(demuxer: Demuxer, reader: SourceReader): Demuxer {
  let links: readonly Link[] = [];
  const told: Demuxer = {
    container: demuxer.container,
    async info(signal) {
      const info = await demuxer.info(signal);
      return links.length > 0 ? { ...info, links } : info;
    },
    async *packets(signal, from) {
      const { config, encoderDelay, tags } = await demuxer.info(signal);
      for await (const packet of demuxer.packets(signal, from)) {
        const title = reader.titleAt?.(packet.offset);
        const start = Math.max(0, packet.timestamp - encoderDelay) / config.sampleRate;
        if (title !== undefined && title !== tagsAt({ tags, links }, start).title) {
          const before = links.filter((link) => link.start < start);
          links = [...before, { start, tags: { ...tags, title }, pictures: [] }].slice(-MAX_SONGS);
          told.onNews?.();
        }
        yield packet;
      }
    },
    seek: (seconds, signal) => demuxer.seek(seconds, signal),
  };
  demuxer.onNews = () => told.onNews?.();
  return told;
}
