import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';
import { corpus, root } from '../tools.ts';
import { startOrigin } from './origin.ts';
import { pcmHash } from './pcm-hash.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Files, where they are served, and the hash of what Node decodes of each. */
    pcmHashes: readonly { readonly name: string; readonly url: string; readonly hash: string }[];
  }
}

/** With AULOS_HASHES=corpus also third-party files that our decoders have to decode. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const origin = await startOrigin();
  const files = fixtures().map(({ name }) => ({ name, bytes: fixtureBytes(name) }));
  const folder = path.join(root, 'test/fixtures/he-aac');
  for (const name of readdirSync(folder)) files.push({ name, bytes: new Uint8Array(readFileSync(path.join(folder, name))) });
  const media = process.env.AULOS_HASHES === 'corpus' ? corpus() : undefined;
  for (const { file, expected } of media?.files ?? []) {
    const isOurs = expected.tier === 'core' && expected.outcome === 'decodes' && expected.codec !== 'opus';
    if (isOurs) files.push({ name: file, bytes: new Uint8Array(readFileSync(path.join(media!.folder, file))) });
  }
  const hashes = [];
  for (const [i, { name, bytes }] of files.entries()) {
    origin.put(`/hashed/${i}`, { content: bytes });
    hashes.push({ name, url: `${origin.url}/hashed/${i}`, hash: await pcmHash(name, bytes).catch((error) => `fails: ${error.code}`) });
  }
  project.provide('pcmHashes', hashes);
  return () => origin.close();
}
