import { open, rename, rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { AulosError, redactUrl } from '../errors.ts';
import type { Aulos } from '../node.ts';
import { fileError } from '../playback/pcm-sink.node.ts';
import type { Asset } from '../store/store.ts';
import { findAsset } from './cache.node.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';
import { formatBytes } from './units.ts';

export interface ExportOptions extends CommonOptions {
  /** A file, or `-` for stdout. */
  readonly output: string;
}

const PIECE_BYTES = 1024 * 1024;

/**
 * `aulos cache export URL|KEY -o FILE`: copies a file out of the cache, without the network. It appears under its name only when it is whole.
 * @throws AulosError `asset.integrity` when not all of it is held.
 */
export async function exportCommand(aulos: Aulos, name: string, { output }: ExportOptions, signal: AbortSignal): Promise<CommandResult> {
  const { key } = await findAsset(aulos.store, name);
  const asset = await aulos.store.open(key);
  try {
    const pieces = piecesOf(asset, signal);
    if (output === '-') await pipeline(pieces, process.stdout, { end: false });
    else await writeWhole(output, pieces);
    const bytes = asset.held.size;
    const result = { key, url: asset.facts?.url, output, bytes };
    return { json: result, text: `${formatBytes(bytes)} written to ${output}`, stdoutIsTaken: output === '-' };
  } finally {
    await asset.close();
  }
}

/** Every byte of a whole asset, each one verified as it is read. */
async function* piecesOf(asset: Asset, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { length } = asset.facts ?? {};
  if (!asset.committed || length === undefined) throw notWhole(asset, `only ${formatBytes(asset.held.size)} are held`);
  for (let start = 0; start < length; start += PIECE_BYTES) {
    signal.throwIfAborted();
    const piece = await asset.read({ start, end: Math.min(start + PIECE_BYTES, length) }, signal);
    if (!piece) throw notWhole(asset, `the bytes from ${start} on were damaged`);
    yield piece;
  }
}

async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await writeSynced(temporary, pieces);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof Error && 'syscall' in error ? fileError(path, error) : error;
  }
}

async function writeSynced(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx');
  await writeFile(file, pieces);
  await file.sync();
}

function notWhole({ facts }: Asset, what: string): AulosError<'asset.integrity'> {
  const url = redactUrl(facts?.url ?? '');
  return new AulosError('asset.integrity', { url }, `${what} of ${url}: fetch it first`);
}
