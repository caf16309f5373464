import { expect, test } from 'vitest';
import type { Player, PlayerOptions } from '../../src/playback/player.browser.ts';
import { createPlayer, origin } from './scene.ts';

let copies = 0;
/** A track under a path of its own, whose URL expires when half of it was sent. */
async function serveExpiring(): Promise<string> {
  const path = `/signed-${Date.now()}-${++copies}.flac`;
  const content = new Uint8Array(await (await fetch(`${origin.url}/fixtures/mono-48k.flac`)).arrayBuffer());
  await origin.put(path, { content, mediaType: 'audio/flac', etag: '"1"', cors: 'preflighted' });
  await origin.fault(path, { cutAfter: Math.floor(content.length / 2) }, { status: 403 });
  return path;
}

function end(options: PlayerOptions, url: string): Promise<Player> {
  const player = createPlayer(options);
  return new Promise((resolve) => {
    for (const name of ['ended', 'error'] as const) player.addEventListener(name, () => resolve(player));
    player.src = url;
    player.play().catch(() => {}); // the error event tells
  });
}

test('a signed URL that expires midway is refreshed by the page, and the track plays to its end', async () => {
  const path = await serveExpiring();
  const refusals: unknown[] = [];
  let tokens = 0;
  const player = await end(
    {
      cacheKey: (url) => url.replace(/\?.*/, ''),
      headers: (url) => ({ authorization: `${url.includes(path)} ${++tokens}` }),
      refreshUrl: async (error, url) => {
        refusals.push([error.code, url]);
        return `${origin.url}${path}?signature=2`;
      },
    },
    `${origin.url}${path}?signature=1`,
  );
  expect([player.error, player.ended]).toEqual([null, true]);
  expect(refusals).toEqual([['http.status', `${origin.url}${path}?signature=1`]]);
  const sent = (await origin.accesses(path)).filter(({ method }) => method === 'GET').map(({ headers }) => headers.authorization);
  expect(sent).toEqual(sent.map((_, i) => `true ${i + 1}`));
  expect(player.phase).toBe('complete');
});

test('without a way to refresh it, the access has expired, and what is held was heard', async () => {
  const path = await serveExpiring();
  // Slowly: a browser drops what it has not handed out yet when the connection breaks.
  const player = await end({ headers: { 'x-test': '1' } }, `${origin.url}${path}?rate=200000`);
  expect(player.error?.code).toBe('access.expired');
  expect(player.cached.length).toBeGreaterThan(0);
});
