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

/** Writes all of `parts`, one behind the other, from `position` on; a single call may write less. */
export async function writeFully(handle: Pick<fs.FileHandle, 'writev'>, parts: readonly Uint8Array[], position: number): Promise<void> {
  for (let rest = parts.filter(({ length }) => length > 0); rest.length > 0; ) {
    const { bytesWritten } = await handle.writev(rest, position);
    position += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of `parts` without their first `count` bytes. */
function behind(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const part of parts) {
    if (count < part.length) rest.push(part.subarray(count));
    count = Math.max(0, count - part.length);
  }
  return rest;
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
