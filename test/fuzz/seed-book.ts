import { openDemuxer } from '../../src/demux/probe.ts';
import { isAulosError } from '../../src/errors.ts';
import type { Codec, CodecConfig } from '../../src/media.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import type { Seed } from './seeds.ts';
import { splitterOf } from './split.ts';
import type { Unit } from './units.ts';

/** A seed file in pieces. */
export interface SeedFile {
  readonly name: string;
  readonly units: readonly Unit[];
}

/** The sound of a seed file as a decoder is given it. */
export interface SeedSound {
  readonly name: string;
  readonly config: CodecConfig;
  readonly packets: readonly { readonly data: Uint8Array; readonly duration: number }[];
}

/** Packets of one seed that are kept. */
const MAX_PACKETS = 40;

/** All that cases are made up from. */
export class SeedBook {
  /** By the name of their format, as {@link splitterOf} gives it. */
  readonly files: ReadonlyMap<string, readonly SeedFile[]>;
  readonly sounds: ReadonlyMap<Codec, readonly SeedSound[]>;

  private constructor(files: ReadonlyMap<string, readonly SeedFile[]>, sounds: ReadonlyMap<Codec, readonly SeedSound[]>) {
    this.files = files;
    this.sounds = sounds;
  }

  /** Takes `seeds` apart; those that hold no sound serve as files only. */
  static async open(seeds: readonly Seed[]): Promise<SeedBook> {
    const files = new Map<string, SeedFile[]>();
    const sounds = new Map<Codec, SeedSound[]>();
    for (const { name, bytes } of seeds) {
      const { format, split } = splitterOf(bytes);
      listed(files, format).push({ name, units: split(bytes) });
      const sound = await soundOf(name, bytes);
      if (sound) listed(sounds, sound.config.codec).push(sound);
    }
    return new SeedBook(files, sounds);
  }
}

function listed<K, V>(map: Map<K, V[]>, key: K): V[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

async function soundOf(name: string, bytes: Uint8Array): Promise<SeedSound | undefined> {
  try {
    const demuxer = await openDemuxer(new MemorySource(bytes), name, never);
    const { config } = await demuxer.info(never);
    const packets = (await packetsOf(demuxer)).slice(0, MAX_PACKETS);
    return packets.length > 0 ? { name, config, packets } : undefined;
  } catch (error) {
    if (isAulosError(error)) return undefined; // a file of the corpus that is there to be rejected
    throw error;
  }
}
