import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { createBreather } from '../base/breathe.ts';
import { AulosError } from '../errors.ts';
import { isSystemError } from './disk-error.node.ts';
import { namesIn, writeFully } from './disk-file.node.ts';
import { readHere } from './disk-reading.node.ts';

/**
 * Where things lie under the root of a disk store, for example:
 *
 *     a/7k/7kq…/meta.3.json     facts of generation 3
 *     a/7k/7kq…/data.3          its bytes, at their true offsets; sparse
 *     a/7k/7kq…/journal.3.1     which bytes those are, as the first writer recorded them …
 *     a/7k/7kq…/journal.3.2     … and as the next one did
 *     a/7k/7kq…/side.3.peaks    a sidecar
 *     tmp/…                     files on their way to their place, folders on their way out
 */
export class DiskLayout {
  readonly root: string;
  /** Files and folders are synced, so that they are there after a power cut. */
  readonly durable: boolean;
  /** Temporary files and folders that are nobody's any more. */
  readonly #discarded = new Set<string>();

  constructor(root: string, durable: boolean) {
    this.root = path.resolve(root);
    this.durable = durable;
  }

  /** Folder of an asset; `key` is one that `isAssetKey` accepts. */
  folder(key: string): string {
    return path.join(this.root, 'a', key.slice(0, 2), key);
  }

  /** The bytes of a generation. */
  dataFile(key: string, generation: number): string {
    return path.join(this.folder(key), `data.${generation}`);
  }

  /**
   * Makes the root, open to its owner only, and clears away what an earlier process left half done.
   * @throws AulosError `store.denied` if the root is a symbolic link, no folder, or somebody else's: what lies there could be anything.
   */
  async prepare(): Promise<void> {
    const first = await fs.mkdir(this.root, { recursive: true, mode: 0o700 }).catch(unlessThere);
    if (first) await this.#syncNames(this.root, path.dirname(first));
    const stat = await fs.lstat(this.root);
    const foreign = process.geteuid !== undefined && stat.uid !== process.geteuid();
    if (foreign || !stat.isDirectory()) {
      const reason = stat.isSymbolicLink() ? 'is a symbolic link' : foreign ? 'belongs to another user' : 'is not a folder';
      throw new AulosError('store.denied', { path: this.root }, `the root of the store ${reason}: ${this.root}`);
    }
    if (stat.mode & 0o077) await fs.chmod(this.root, 0o700);
    await this.#clearLeftovers();
  }

  /** Keys of all assets. */
  async keys(): Promise<string[]> {
    const breathe = createBreather();
    const keys: string[] = [];
    for (const shelf of await namesIn(path.join(this.root, 'a'))) {
      keys.push(...(await readHere.names(path.join(this.root, 'a', shelf))));
      await breathe();
    }
    return keys;
  }

  /** Makes the folder of an asset. */
  async makeFolder(key: string): Promise<string> {
    const folder = this.folder(key);
    const first = await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    if (first) await this.#syncNames(folder, this.root);
    return folder;
  }

  /** Creates or replaces `target` in one step: readers see all of `bytes` or what was there before. */
  async replace(target: string, bytes: Uint8Array): Promise<void> {
    const temporary = await this.#temporary();
    try {
      const file = await fs.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
      try {
        await writeFully(file, bytes, 0);
        if (this.durable) await file.datasync();
      } finally {
        await file.close();
      }
      await fs.rename(temporary, target);
    } catch (error) {
      await this.#discard(temporary);
      throw error;
    }
    await this.syncFolder(path.dirname(target));
  }

  /** Removes the folder of an asset: in one step it is out of the way, then its files go. */
  async remove(key: string): Promise<void> {
    const temporary = await this.#temporary();
    try {
      await fs.rename(this.folder(key), temporary);
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return;
      throw error;
    }
    await this.#discard(temporary);
  }

  /** Removes what could not be removed before. */
  async tidy(): Promise<void> {
    for (const temporary of [...this.#discarded]) await this.#discard(temporary);
  }

  /** Makes names in `folder` durable. */
  async syncFolder(folder: string): Promise<void> {
    if (!this.durable || process.platform === 'win32') return; // Windows has no such call
    const handle = await fs.open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Makes the names on the way from `top` to `folder` durable. */
  async #syncNames(folder: string, top: string): Promise<void> {
    for (let made = folder; made !== top; made = path.dirname(made)) await this.syncFolder(path.dirname(made));
  }

  async #temporary(): Promise<string> {
    await this.tidy();
    const folder = path.join(this.root, 'tmp');
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    return path.join(folder, `${process.pid}.${randomBytes(8).toString('hex')}`);
  }

  /** Out of the way it is already; if it will not go now, it goes later. */
  async #discard(temporary: string): Promise<void> {
    this.#discarded.add(temporary);
    try {
      await fs.rm(temporary, { recursive: true, force: true });
      this.#discarded.delete(temporary);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  /** What lies in `tmp` and belongs to no living process was left by one that died. What cannot be removed now can be later. */
  async #clearLeftovers(): Promise<void> {
    const folder = path.join(this.root, 'tmp');
    try {
      for (const name of await namesIn(folder)) {
        if (!isAlive(Number.parseInt(name, 10))) await fs.rm(path.join(folder, name), { recursive: true, force: true });
      }
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

/** `mkdir` of a root that is a symbolic link or a file says EEXIST; what it is gets looked at next. */
function unlessThere(error: unknown): undefined {
  if (!isSystemError(error, 'EEXIST')) throw error;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isSystemError(error, 'ESRCH');
  }
}
