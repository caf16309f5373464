import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createAulos } from '../../src/node.ts';
import { wavHeader } from '../../src/playback/wav-header.ts';
import { virtualBytes } from '../fakes/content.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { fixtureFolder } from '../fixtures/fixtures.ts';
import { root } from '../tools.ts';

/** What one test works with; all of it goes when the test ends. */
export interface Scene {
  /** Serves the fixtures at `/fixtures/` and the tracks of the demo at `/demo/`. */
  readonly origin: Origin;
  readonly folder: string;
  /** A cache that is not there yet. */
  readonly cacheDir: string;
}

export async function scene(): Promise<Scene> {
  const origin = await startOrigin();
  origin.mount('/fixtures', fixtureFolder);
  origin.mount('/demo', path.join(root, 'demo/media'));
  const folder = await mkdtemp(path.join(tmpdir(), 'aulos-cli-'));
  onTestFinished(async () => {
    await origin.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { origin, folder, cacheDir: path.join(folder, 'cache') };
}

/** Body bytes that the origin has sent in all. */
export const bytesSent = (origin: Origin): number => origin.log.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);

/** Every file below `folder`, by its path from there. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** What a cache holds of a URL, read by the library; fails where a byte is missing and the origin is gone. */
export async function cachedBytes(cacheDir: string, url: string): Promise<Uint8Array> {
  await using library = createAulos({ cacheDir, retry: { attempts: 1 } });
  await using source = await library.source(url);
  return await source.reader().read({ start: 0, end: source.length ?? 0 }, AbortSignal.timeout(10_000));
}

/** A WAV file of that many bytes of noise. */
export function noiseWav(dataBytes: number): Uint8Array {
  const header = wavHeader({ sampleRate: 44_100, channels: 2, format: 's16le' }, dataBytes);
  const bytes = new Uint8Array(header.length + dataBytes);
  bytes.set(header);
  bytes.set(virtualBytes(0, dataBytes), header.length);
  return bytes;
}
