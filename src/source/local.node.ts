import { type FileHandle, open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError } from '../errors.ts';
import { type LocalOptions, LocalSource } from './local.ts';
import type { FileSource } from './source.ts';

/** Opens a file by its path; only regular files have a length to seek in. @throws AulosError `input.invalid`, `store.io` */
export async function openLocalSource(path: string, options: LocalOptions = {}): Promise<FileSource> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new AulosError('input.invalid', { input: path }, `there is no file ${path}`, { cause: error });
    throw ioError(path, error);
  });
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new AulosError('input.invalid', { input: path }, `${path} is not a regular file`);
    const { href: url } = pathToFileURL(path);
    const read = (range: ByteRange) => readRange(file, path, range);
    return new LocalSource({ url, length: facts.size, mediaType: '', read, close: () => file.close() }, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readRange(file: FileHandle, path: string, { start, end }: ByteRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled).catch((error) => {
      throw ioError(path, error);
    });
    if (bytesRead === 0) throw new AulosError('asset.changed', { url: pathToFileURL(path).href }, `${path} was cut while it was read`);
    filled += bytesRead;
  }
  return bytes;
}

function ioError(path: string, error: NodeJS.ErrnoException): AulosError<'store.io'> {
  return new AulosError('store.io', { path, errno: error.code }, `${path} cannot be read: ${error.message}`, { cause: error });
}
