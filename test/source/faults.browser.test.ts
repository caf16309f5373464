import { afterAll, describe, expect, inject, test, vi } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { createBrowserClient } from '../../src/net/client.browser.ts';
import { openFileSource } from '../../src/source/file-source.ts';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Exposure } from '../fakes/faults.setup.ts';
import { versionHeld } from '../fakes/version-held.ts';

const { url: control, table } = inject('faults');
vi.setConfig({ maxConcurrency: 16 });

/** For what nothing but time tells. To the rest a busy machine is no fault. */
const short = { connectMs: 500, firstByteMs: 500, stallMs: 300, slowMs: 1000 };
const retry = { baseMs: 30, maxDelayMs: 400 };

/** What a browser makes of a fault by itself, so that it ends otherwise than in Node. */
const elsewhere: Readonly<Record<string, string>> = {
  'the same Content-Length twice': 'recovered', // which it takes for one, as RFC 9110 §8.6 allows
  'FIN always at the same byte': 'net.reset', // a failed fetch says no more
  'gzip despite identity, always': 'net.unreachable', // it refuses what it did not ask for
  'redirect to a file': 'net.unreachable', // it follows redirects itself, and tells nothing of them
  'redirect to a place without TLS': 'net.unreachable',
  'redirect in a circle': 'net.unreachable',
};

/** Where headers are hidden, these faults leave no trace that anybody could find before the media is looked at. */
const swallowed: ReadonlySet<string> = new Set([
  'gzip as a transfer coding, once', // the coding is in a hidden header, and Chromium does not undo it
  '206 from another place, always', // the place is
  '206 from an earlier block boundary, always',
  // The digest is.
  'a Content-Digest of other bytes, always',
  'a flipped bit under a Content-Digest, once',
  'a flipped bit under a Content-Digest, always',
  'a flipped bit in a resume under a Content-Digest',
  'a flipped bit under a Repr-Digest, once',
  'a flipped bit under a Repr-Digest, always',
  'another version midway, alike at the resume, under Repr-Digests',
]);

const stores = { exposed: createIndexedDbStore({ name: `faults-${crypto.randomUUID()}` }), hidden: createMemoryStore() };
afterAll(async () => {
  await stores.exposed.clear();
  for (const store of Object.values(stores)) await store.close();
});

describe.each(['exposed', 'hidden'] as const)('in a page that is shown all headers, or (hidden) few: %s', (exposure: Exposure) => {
  const rows = table.map((fault, index) => ({ ...fault, index })).filter(({ name }) => exposure === 'exposed' || !swallowed.has(name));

  test.concurrent.each(rows)('$name', async ({ name, index, versions, ends, refreshTo, isSlow }) => {
    const server = await (await fetch(`${control}?fault=${index}&headers=${exposure}`)).text();
    const client = createBrowserClient({ timeouts: isSlow && short });
    const url = `${server}/a`;
    const refreshUrl = refreshTo === undefined ? undefined : async () => server + refreshTo;
    const options = { client, store: stores[exposure], events: new EventScope(), retry, url, key: assetKey(url), refreshUrl };
    const source = await openFileSource(options);
    const ended = await source.completed(AbortSignal.timeout(25_000)).then(
      () => 'recovered',
      (error) => error.code ?? error,
    );
    expect([ended, await versionHeld(source, versions, ended === 'recovered')]).toEqual([elsewhere[name] ?? ends, expect.any(Number)]);
    await source.close();
    await client.close();
  });
});

test('the faults that are named here are in the table', () => {
  const names = table.map(({ name }) => name);
  expect([...Object.keys(elsewhere), ...swallowed].filter((name) => !names.includes(name))).toEqual([]);
});
