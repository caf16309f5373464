import { AulosError, type ErrorCode } from '../errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
// EBADF is what writing says to a file that could only be opened for reading.
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS', 'ELOOP', 'EBADF']);

/** Runs `action`; a failed system call becomes `store.full`, `store.denied` or, for all the rest, `store.io`. */
export async function typed<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new AulosError(codeOf(error), { path: error.path, errno: error.code }, `the store failed: ${error.message}`, { cause: error });
  }
}

/** True if `error` came from a system call and, when given, has that `errno` name. */
export const isSystemError = (error: unknown, errno?: string): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error && (errno === undefined || error.code === errno);

// ENXIO is what opening a socket says, EIO what a bad block does.
const DAMAGED = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO', 'EIO']);

/**
 * True if a system call failed because there is no such file: it was deleted, something else lies in its place, or the disk cannot give it
 * back. All others say something of this process or this moment, and nothing of the file.
 */
export const isDamage = (error: unknown): boolean => isSystemError(error) && DAMAGED.has(error.code ?? '');

/** True if a system call failed for want of a right. */
export const isDenial = (error: unknown): boolean => isSystemError(error) && DENIED.has(error.code ?? '');

function codeOf({ code = '' }: NodeJS.ErrnoException): ErrorCode & ('store.full' | 'store.denied' | 'store.io') {
  if (FULL.has(code)) return 'store.full';
  return DENIED.has(code) ? 'store.denied' : 'store.io';
}
