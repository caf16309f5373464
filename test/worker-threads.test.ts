import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scene } from './cli/scene.ts';
import { psnr } from './fakes/pcm.ts';
import { expectedPlanes, fixtures } from './fixtures/fixtures.ts';
import { root } from './tools.ts';

const library = pathToFileURL(path.join(root, 'dist/node.js')).href;
const script = new URL('./fakes/decoding-worker.mjs', import.meta.url);

async function decodedInWorker(url: string, cacheDir: string): Promise<Float32Array[]> {
  const worker = new Worker(script, { workerData: { library, url, cacheDir } });
  onTestFinished(async () => void (await worker.terminate()));
  const exited = once(worker, 'exit');
  exited.catch(() => {}); // the message does not come then
  const [planes] = await once(worker, 'message');
  expect(await exited).toEqual([0]);
  return planes;
}

/** What is lossless is so to the bit; the others to the bars of the design, dB. */
const files = [
  { name: 'stereo.flac', atLeastDb: Number.POSITIVE_INFINITY },
  { name: 'vbr.mp3', atLeastDb: 90 },
  { name: 'moov-last.m4a', atLeastDb: 110 },
];

describe.runIf(fixtures().length > 0)('the library in a worker thread', () => {
  it.each(files)('decodes $name as the reference does, also in two at once', async ({ name, atLeastDb }) => {
    const { origin, cacheDir } = await scene();
    const fixture = fixtures().find((each) => each.name === name)!;
    const url = `${origin.url}/fixtures/${name}`;
    const both = await Promise.all([decodedInWorker(url, cacheDir), decodedInWorker(url, cacheDir)]);
    for (const planes of both) expect(psnr(planes, expectedPlanes(fixture))).toBeGreaterThanOrEqual(atLeastDb);
  });
});
