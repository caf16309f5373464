import { constants } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Wake } from '../base/wake.ts';
import { AulosError } from '../errors.ts';
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
  #ended = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `action` on a file that exists. It is opened for writing too, if that is allowed. @throws `store.unavailable` after {@link end} */
  async use<T>(file: string, action: (handle: FileHandle) => Promise<T>): Promise<T> {
    while (!this.#files.has(file) && this.#files.size >= this.#limit) {
      const { count } = this.#freed;
      if (!(await this.#closeIdle())) await this.#freed.after(count);
    }
    if (this.#ended) throw new AulosError('store.unavailable', { reason: 'closed' }, 'the store was closed');
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

  /** Closes the files in `folder`, each after the operations that run on it. */
  async closeIn(folder: string): Promise<void> {
    for (const file of [...this.#files.keys()]) if (path.dirname(file) === folder) await this.#close(file);
  }

  /** Closes all files, each after the operations that run on it; from now on none is opened. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const file of [...this.#files.keys()]) await this.#close(file);
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
    if (!open) return;
    this.#files.delete(file);
    for (let { count } = this.#freed; open.users > 0; { count } = this.#freed) await this.#freed.after(count);
    const handle = await open.handle.catch(() => undefined);
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
