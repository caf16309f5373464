import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { AulosError } from '../../src/errors.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import { never } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { corpus } from '../tools.ts';

const media = corpus();
const bad = (media?.files ?? [])
  .filter(({ file }) => file.startsWith('bad/'))
  .map(({ file, expected }) => ({ file, outcomes: [expected.outcome, ...((expected.alsoAccept as string[] | undefined) ?? [])] }));

/** Sound after which a file plays. What comes of all of it is said in corpus.test.ts. */
const ENOUGH_FRAMES = 100_000;

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(path.join(media?.folder ?? '', file)));

/** Frames that sound; an error takes their place. */
async function play(bytes: Uint8Array, name: string): Promise<number> {
  const demuxer = await openDemuxer(new MemorySource(bytes), name, never);
  const info = await demuxer.info(never);
  const decoder = await createDecoder(info.config, { decoder: 'shared' });
  let frames = 0;
  for await (const { planes } of decodeBlocks(demuxer, decoder, info, frameSpan(info), never)) {
    frames += planes[0].length;
    if (frames > ENOUGH_FRAMES) break;
  }
  decoder.close();
  return frames;
}

/** A code, a place in the file and a sentence: what somebody needs who asks what is wrong with a file. */
function expectExplained(error: unknown, codes: RegExp, length: number): void {
  expect(error).toBeInstanceOf(AulosError);
  const { code, details, message } = error as AulosError<'media.malformed'>;
  expect(code).toMatch(codes);
  expect(details.offset).toBeGreaterThanOrEqual(0);
  expect(details.offset).toBeLessThanOrEqual(length);
  expect(message).toMatch(/^[\w,:;.()"'/\- ]+$/);
  expect(message.split(' ').length).toBeGreaterThanOrEqual(3);
  expect(message).not.toMatch(/undefined|NaN|null|\[object/);
}

describe.runIf(media)('a bad file', () => {
  it.each(bad.filter(({ outcomes }) => outcomes.join() === 'reject'))('is refused: $file', async ({ file }) => {
    const bytes = bytesOf(file);
    const error = await play(bytes, file).then(
      (frames) => `${frames} frames`,
      (reason: unknown) => reason,
    );
    expectExplained(error, /^media\./, bytes.length);
  });

  it.each(bad.filter(({ outcomes }) => !outcomes.includes('reject')))('plays nevertheless: $file', async ({ file }) => {
    expect(await play(bytesOf(file), file)).toBeGreaterThan(0);
  });

  it.each(bad.filter(({ outcomes }) => outcomes.length > 1 && outcomes.includes('reject')))(
    'plays or is refused: $file',
    async ({ file }) => {
      const bytes = bytesOf(file);
      const outcome = await play(bytes, file).catch((reason: unknown) => reason);
      if (typeof outcome === 'number') expect(outcome).toBeGreaterThan(0);
      else expectExplained(outcome, /^(media|decode)\./, bytes.length);
    },
  );
});
