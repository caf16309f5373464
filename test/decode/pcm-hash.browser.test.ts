import { expect, inject, it } from 'vitest';
import { pcmHash } from '../fakes/pcm-hash.ts';

// Engines differ in their transcendental functions by an ulp; our tables do without.
it.each(inject('pcmHashes'))('$name decodes to the very samples that Node gives', { timeout: 60_000 }, async ({ name, url, hash }) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  expect(await pcmHash(name, bytes).catch((error) => `fails: ${error.code}`)).toBe(hash);
});
