import { expect, test } from 'vitest';
import { type Hop, nextHop } from '../../src/net/redirect.ts';

const hop: Hop = {
  target: new URL('https://a.test/x/song.mp3'),
  headers: { authorization: 'secret' },
  passed: new Set(['https://a.test/start']),
};

test.each([
  ['a path', 302, '/y.mp3', 'https://a.test/y.mp3', hop.headers],
  ['a relative path', 301, 'y.mp3', 'https://a.test/x/y.mp3', hop.headers],
  ['another host', 307, 'https://b.test/y.mp3', 'https://b.test/y.mp3', {}],
  ['another scheme', 308, 'http://a.test/y.mp3', 'http://a.test/y.mp3', {}],
  ['another port', 303, '//a.test:444/y.mp3', 'https://a.test:444/y.mp3', {}],
  ['a URL with a password', 302, 'https://u:p@a.test/y.mp3', 'https://a.test/y.mp3', hop.headers],
])('to %s', (_, status, location, href, headers) => {
  const next = nextHop(hop, status, location);
  expect(next?.target.href).toBe(href);
  expect(next?.headers).toEqual(headers);
});

test.each([
  ['200', 200, '/y.mp3'],
  ['304', 304, '/y.mp3'],
  ['302 without Location', 302, undefined],
])('%s is no redirect', (_, status, location) => {
  expect(nextHop(hop, status, location)).toBeUndefined();
});

test.each(['https://a.test/start', 'https://a.test/x/song.mp3', 'file:///etc/passwd', 'ftp://a.test/', 'http://'])(
  'to %s is refused',
  (location) => {
    expect(() => nextHop(hop, 302, location)).toThrow(expect.objectContaining({ code: 'http.redirect' }));
  },
);

test('headers that were dropped do not come back', () => {
  const away = nextHop(hop, 302, 'https://b.test/');
  expect(away && nextHop(away, 302, 'https://a.test/back')?.headers).toEqual({});
});
