import path from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { describe, expect, it } from 'vitest';
import type * as Aulos from '../../src/inline.browser.ts';
import { ffmpegPlanes } from '../fakes/ffmpeg-audio.ts';
import { startOrigin } from '../fakes/origin.ts';
import { fixtureBytes } from '../fixtures/fixtures.ts';
import { requireTool, root } from '../tools.ts';

declare const aulos: typeof Aulos;

const html = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/app.js"></script>';
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'];

/** An application in one file, by a bundler that leaves what lies beside a module where it is. */
async function bundleApp(): Promise<Uint8Array> {
  const inline = path.join(root, 'dist/browser/inline.js'); // as `npm run build` left it
  const contents = `import * as aulos from ${JSON.stringify(inline)}; globalThis.aulos = aulos;`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

describe.runIf(requireTool('chromium'))('aulos in a single file', { timeout: 60_000 }, () => {
  it('plays, changes the rate, limits, stores and decodes, and loads nothing but the media', async () => {
    const origin = await startOrigin();
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
    try {
      origin.put('/page', { content: new TextEncoder().encode(html), mediaType: 'text/html' });
      origin.put('/app.js', { content: await bundleApp(), mediaType: 'text/javascript' });
      origin.put('/media', { content: fixtureBytes('stereo.flac'), etag: '"1"' });
      const page = await browser.newPage();
      const asked: string[] = [];
      page.on('request', (request) =>
        asked.push(
          request
            .url()
            .replace(origin.url, '')
            .replace(/^blob:.*/, 'blob:'),
        ),
      );
      await page.goto(`${origin.url}/page`);
      await page.waitForFunction(() => 'aulos' in globalThis);
      const url = `${origin.url}/media`;
      const seen = await page.evaluate(async (url) => {
        const player = new aulos.Player();
        player.effects = [new aulos.Limiter()];
        player.playbackRate = 1.5;
        player.src = url;
        const ended = new Promise((resolve) => player.addEventListener('ended', resolve, { once: true }));
        let loudest = 0;
        player.addEventListener('levels', ({ detail }) => (loudest = Math.max(loudest, ...detail.peak)));
        await player.play();
        await ended;
        await player.close();
        const cache = await aulos.openCache();
        const [{ heldBytes, committed }] = await cache.list();
        await cache.close();
        const track = await aulos.open(url);
        const left: number[] = [];
        for await (const { planes } of track.blocks({ signal: new AbortController().signal })) left.push(...planes[0]);
        await track.close();
        return { loudest, heldBytes, committed, left };
      }, url);
      expect([...new Set(asked)].sort()).toEqual(['/app.js', '/media', '/page', 'blob:']);
      expect(seen).toMatchObject({ heldBytes: fixtureBytes('stereo.flac').length, committed: true });
      expect(seen.loudest).toBeGreaterThan(0.1);
      expect(seen.left).toEqual([...ffmpegPlanes(fixtureBytes('stereo.flac'), 2)[0]]);
    } finally {
      await browser.close();
      await origin.close();
    }
  });
});
