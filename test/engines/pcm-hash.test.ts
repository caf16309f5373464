import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { withoutNestedWorkers } from '../browser/tab-script.mjs';
import type { Visitor } from '../demo/visitor.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import type { pcmHash } from '../fakes/pcm-hash.ts';
import { WebKitDriver } from './driver.ts';

// What the script of the page defines.
declare const aulos: { readonly pcmHash: typeof pcmHash };

let origin: Origin;
let driver: WebKitDriver;
let visitor: Visitor;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../fakes/pcm-hash.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'aulos',
    write: false,
    plugins: [withoutNestedWorkers],
  });
  origin = await startOrigin();
  origin.put('/decoders.js', { content: outputFiles[0].contents, mediaType: 'text/javascript' });
  const html = '<!doctype html><script src="/decoders.js"></script>';
  origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
  driver = await WebKitDriver.start();
  visitor = await driver.visit();
  await visitor.goto(`${origin.url}/page`);
});
afterAll(async () => {
  await visitor?.close();
  await driver?.close();
  await origin?.close();
});

// Engines differ in their transcendental functions by an ulp; our tables do without.
it.each(inject('pcmHashes'))('$name decodes in WebKitGTK to the very samples that Node gives', async ({ name, url, hash }) => {
  const hashed = visitor.evaluate(
    async (name, url) => {
      const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
      return aulos.pcmHash(name, bytes).catch((error: { code: string }) => `fails: ${error.code}`);
    },
    name,
    url,
  );
  expect(await hashed).toBe(hash);
});
