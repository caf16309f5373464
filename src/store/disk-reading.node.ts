import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import fs from 'node:fs/promises';
import { isMissing, namesIn } from './disk-file.node.ts';

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW;

/** How the small files of an asset are read. Whatever a system call fails of is thrown. */
export interface Reading {
  /** Names in `folder`; none if there is no such folder. */
  names(folder: string): Promise<string[]> | string[];
  /** Bytes of `file`, which is no link, from `position` on. */
  bytes(file: string, position: number): Promise<Uint8Array> | Uint8Array;
  /** Size of what lies at `file`. */
  size(file: string): Promise<number> | number;
}

/** In other threads, so that a slow disk holds nobody up. */
export const readAside: Reading = {
  names: namesIn,
  async bytes(file, position) {
    const handle = await fs.open(file, READ_ONLY);
    try {
      const bytes = new Uint8Array(Math.max(0, (await handle.stat()).size - position));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, position);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  },
  async size(file) {
    return (await fs.lstat(file)).size;
  },
};

/**
 * In this thread, for a listing: it makes ten calls for each of thousands of assets, and the way to another thread and back takes several times
 * as long as a call that is answered from memory. To be paused between assets.
 */
export const readHere: Reading = {
  names(folder) {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  bytes(file, position) {
    const descriptor = openSync(file, READ_ONLY);
    try {
      const bytes = new Uint8Array(Math.max(0, fstatSync(descriptor).size - position));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, position));
    } finally {
      closeSync(descriptor);
    }
  },
  size(file) {
    return lstatSync(file).size;
  },
};
