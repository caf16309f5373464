import type { FileHandle } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { writeFully } from '../../src/store/disk-file.node.ts';

/** A file whose calls write as many bytes as it is told, and then fail. */
function fileThatWrites(...counts: number[]): { file: Pick<FileHandle, 'write'>; written: number[] } {
  const written: number[] = [];
  const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
    const bytesWritten = Math.min(length, counts.shift() ?? Number.NaN);
    if (Number.isNaN(bytesWritten)) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    for (let i = 0; i < bytesWritten; i++) written[position + i] = bytes[offset + i];
    return { bytesWritten, buffer: bytes };
  };
  return { file: { write: write as FileHandle['write'] }, written };
}

describe('bytes are written whole', () => {
  test('however little of them a call takes', async () => {
    const { file, written } = fileThatWrites(1, 3, 2, 100);
    await writeFully(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 2);
    expect(written.slice(2)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('or the error of the call that took none is thrown', async () => {
    const { file } = fileThatWrites(4, 4);
    await expect(writeFully(file, new Uint8Array(9), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  });
});
