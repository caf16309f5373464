// Bundles a page that has the player as `Player`, with the worker and the worklet, from their sources.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { withoutNestedWorkers } from './tab-script.mjs';

const inputs = {
  '/aulos.js': '../../src/browser.ts',
  '/worker.js': '../../src/worker.browser.ts',
  '/worklet.js': '../../src/playback/worklet.browser.ts',
};
const html =
  '<!doctype html><meta charset="utf-8"><title>player</title><link rel="icon" href="data:,"><body>' +
  '<script type="module">import * as aulos from "/aulos.js"; Object.assign(globalThis, aulos);</script>';

/** What an origin has to have, by path; the page is `/player`. */
export async function bundlePlayerPage() {
  const encode = (text) => new TextEncoder().encode(text);
  const scripts = Object.entries(inputs).map(async ([path, input]) => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(input, import.meta.url))],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
      logLevel: 'error',
      plugins: [withoutNestedWorkers],
    });
    return [path, { content: encode(outputFiles[0].text), mediaType: 'text/javascript' }];
  });
  return new Map([['/player', { content: encode(html), mediaType: 'text/html' }], ...(await Promise.all(scripts))]);
}
