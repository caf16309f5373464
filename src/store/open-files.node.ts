import { constants } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { Wake } from '../base/wake.ts';
import { isDenial } from './disk-error.node.ts';

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** The operations that run on it now. */
  users: number;
}

/** Open files of a store, at most `limit` of them: one that is not in use is closed to make room, and opened again when needed. */
export class OpenFiles {
  readonly #limit: number;
  // By name, least recently used first.
  readonly #files = new Map<string, OpenFile>();
  readonly #freed = new Wake();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `action` on a file that exists. It is opened for writing too, if that is allowed. */
  async use<T>(file: string, action: (handle: FileHandle) => Promise<T>): Promise<T> {
    while (!this.#files.has(file) && this.#files.size >= this.#limit) {
      const { count } = this.#freed;
      if (!(await this.#closeIdle())) await this.#freed.after(count);
    }
    const open = this.#files.get(file) ?? { handle: openFile(file), users: 0 };
    this.#files.delete(file);
    this.#files.set(file, open);
    open.users++;
    try {
      return await action(await open.handle);
    } catch (error) {
      open.handle.catch(() => this.#files.delete(file));
      throw error;
    } finally {
      open.users--;
      this.#freed.signal();
    }
  }

  /** Closes the files for which `isGone` holds, each after the operation that runs on it. */
  async close(isGone: (file: string) => boolean): Promise<void> {
    for (const file of [...this.#files.keys()].filter(isGone)) await this.#close(file);
  }

  async #closeIdle(): Promise<boolean> {
    for (const [file, { users }] of this.#files) {
      if (users > 0) continue;
      await this.#close(file);
      return true;
    }
    return false;
  }

  async #close(file: string): Promise<void> {
    const open = this.#files.get(file);
    this.#files.delete(file);
    const handle = await open?.handle.catch(() => undefined);
    await handle?.close();
  }
}

/** A cache on a read-only disk can still be played from. */
async function openFile(file: string): Promise<FileHandle> {
  try {
    return await fs.open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    if (!isDenial(error)) throw error;
    return await fs.open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  }
}
