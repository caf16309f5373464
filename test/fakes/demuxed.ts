import { createHash } from 'node:crypto';
import type { Demuxer, DemuxerFactory } from '../../src/demux/demuxer.ts';
import type { Packet, SeekPoint } from '../../src/media.ts';
import { MemorySource, type MemorySourceOptions } from './memory-source.ts';

/** For waits that no test aborts. */
export const never = new AbortController().signal;

/** All packets of a demuxer, each with a copy of its bytes. */
export async function packetsOf(demuxer: Demuxer, from?: SeekPoint): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of demuxer.packets(never, from)) packets.push({ ...packet, data: packet.data.slice() });
  return packets;
}

/** All packets of a file in memory. */
export function demux(factory: DemuxerFactory, bytes: Uint8Array, options?: MemorySourceOptions): Promise<Packet[]> {
  return packetsOf(factory(new MemorySource(bytes, options)));
}

export const md5 = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
