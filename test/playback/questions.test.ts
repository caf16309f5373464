import { expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import { answer, type DownloadOptions, portable, Questions } from '../../src/playback/questions.ts';

const url = 'https://example.org/a.mp3?signature=1';
const refusal = new AulosError('http.status', { url: 'https://example.org/a.mp3', status: 403 }, 'refused');

/** What the worker has in place of `options`, over a port that copies all it is given. */
function across(options: DownloadOptions, base?: string) {
  const questions = new Questions((question) => {
    void answer(structuredClone(question), options, base).then((given) => questions.receive(structuredClone(given)));
  });
  return { questions, opened: questions.openOptions(url, structuredClone(portable(options, url))) };
}

test('plain options cross as they are, and a key is made where the player is', () => {
  const { opened } = across({ headers: { a: 'b' }, revalidate: 60, cacheKey: (of) => of.replace(/\?.*/, '') });
  expect(opened).toMatchObject({ headers: { a: 'b' }, revalidate: 60, cacheKey: 'https://example.org/a.mp3', refreshUrl: undefined });
});

test('a function is asked each time, and is told what it is about', async () => {
  const calls: unknown[] = [];
  const { opened } = across({
    headers: (of) => ({ token: `${calls.push(of)}` }),
    refreshUrl: async (error, of) => {
      calls.push([error.code, error.details, of]);
      return 'https://example.org/a.mp3?signature=2';
    },
  });
  const headers = opened.headers as () => Promise<unknown>;
  expect([await headers(), await headers()]).toEqual([{ token: '1' }, { token: '2' }]);
  expect(await opened.refreshUrl?.(refusal)).toBe('https://example.org/a.mp3?signature=2');
  expect(calls).toEqual([url, url, ['http.status', refusal.details, url]]);
});

test('a new URL may be relative to the page', async () => {
  const { opened } = across({ refreshUrl: () => 'b.mp3' }, 'https://example.org/page/');
  expect(await opened.refreshUrl?.(refusal)).toBe('https://example.org/page/b.mp3');
});

test('what a function throws is told, and so is a player that was closed', async () => {
  const { opened } = across({ refreshUrl: () => Promise.reject(new Error('no session')) });
  await expect(opened.refreshUrl?.(refusal)).rejects.toThrow('no session');
  const hanging = across({ refreshUrl: () => new Promise(() => {}) });
  const waiting = hanging.opened.refreshUrl?.(refusal);
  hanging.questions.close();
  await expect(waiting).rejects.toThrow('closed');
  await expect(hanging.opened.refreshUrl?.(refusal)).rejects.toThrow('closed');
});
