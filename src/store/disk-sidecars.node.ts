import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { isSystemError } from './disk-error.node.ts';
import type { DiskLayout } from './disk-layout.node.ts';
import type { Reading } from './disk-reading.node.ts';

const MAGIC = 0x31535541; // "AUS1"
const HEADER_BYTES = 8;

/** The sidecars of one generation on disk: each a file of its own, which is its magic, the checksum of the rest, and the rest. */
export class DiskSidecars {
  readonly #folder: string;
  readonly #generation: number;
  /** Stored size of each. */
  readonly #sizes = new Map<string, number>();

  constructor(folder: string, generation: number) {
    this.#folder = folder;
    this.#generation = generation;
  }

  /** Those that lie in `folder` under one of `names`. */
  static async find(folder: string, names: readonly string[], generation: number, reading: Reading): Promise<DiskSidecars> {
    const sidecars = new DiskSidecars(folder, generation);
    const prefix = `side.${generation}.`;
    for (const name of names) {
      if (name.startsWith(prefix)) sidecars.#sizes.set(name.slice(prefix.length), await reading.size(path.join(folder, name)));
    }
    return sidecars;
  }

  /** Bytes of all of them. */
  get bytes(): number {
    return [...this.#sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** One that cannot be read is none: it can be made again from the asset. */
  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      const handle = await fs.open(this.#file(name), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return decode(await handle.readFile());
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isSystemError(error)) return undefined;
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array, layout: DiskLayout): Promise<void> {
    await layout.replace(this.#file(name), encode(bytes));
    this.#sizes.set(name, HEADER_BYTES + bytes.length);
  }

  #file(name: string): string {
    return path.join(this.#folder, `side.${this.#generation}.${name}`);
  }
}

function encode(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(crc32(bytes), 4);
  return Buffer.concat([header, bytes]);
}

function decode(stored: Buffer): Uint8Array | undefined {
  if (stored.length < HEADER_BYTES || stored.readUInt32LE(0) !== MAGIC) return undefined;
  const bytes = stored.subarray(HEADER_BYTES);
  return crc32(bytes) === stored.readUInt32LE(4) ? new Uint8Array(bytes) : undefined;
}
