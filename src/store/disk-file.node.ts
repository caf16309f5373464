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

/** Most that one call writes. From 256 KiB on, ext4 (Linux 6.18) takes large folios, and to fill those costs three times the CPU. */
const CALL_BYTES = 128 * 1024;

/** Writes all of `bytes` from `position` on; a single call may write less. */
export async function writeFully(handle: Pick<fs.FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, Math.min(CALL_BYTES, bytes.length - at), position + at);
    at += bytesWritten;
  }
}

/** Names in `folder`; none if there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** True if a system call failed because there is no such folder. */
export const isMissing = (error: unknown): boolean => isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR');
