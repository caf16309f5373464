import { createDecoder } from '../../src/decode/registry.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { MemorySource } from './memory-source.ts';

const signal = new AbortController().signal;

/** SHA-256, in hex, of all samples that our decoder gives for a file, bit by bit. */
export async function pcmHash(name: string, bytes: Uint8Array): Promise<string> {
  const demuxer = await openDemuxer(new MemorySource(bytes), name, signal);
  const { config } = await demuxer.info(signal);
  const decoder = await createDecoder(config, { decoder: 'shared' });
  let hash = new Uint8Array(32);
  for await (const packet of demuxer.packets(signal)) {
    for (const { planes } of await decoder.decode([packet], signal)) {
      for (const plane of planes) hash = await chained(hash, plane);
    }
  }
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The platform has no hash that takes its input in parts, so each part is hashed together with the hash of those before. */
async function chained(hash: Uint8Array, plane: Float32Array): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(hash.length + plane.byteLength);
  bytes.set(hash);
  bytes.set(new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength), hash.length);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
