import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { isSystemError } from './disk-error.node.ts';

/** Creates an empty file for its owner only; false if the name is taken, by a link that leads nowhere too. */
export async function createFile(file: string): Promise<boolean> {
  try {
    const handle = await fs.open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    await handle.close();
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Writes all of `bytes` at `position`; a single call may write less. */
export async function writeFully(handle: Pick<fs.FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Names in `folder`; none if there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return [];
    throw error;
  }
}
