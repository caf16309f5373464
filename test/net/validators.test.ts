import { expect, test } from 'vitest';
import { ifRangeOf, isStrong, sameVersion } from '../../src/net/validators.ts';

const ten = 'Mon, 06 Jul 2026 10:00:00 GMT';
const tenAndASecond = 'Mon, 06 Jul 2026 10:00:01 GMT';
const eleven = 'Mon, 06 Jul 2026 11:00:00 GMT';

test.each([
  ['a strong tag', { etag: '"a"' }, '"a"'],
  ['an empty strong tag', { etag: '""' }, '""'],
  ['a weak tag', { etag: 'W/"a"' }, undefined],
  ['a tag without quotes', { etag: 'a' }, undefined],
  ['a weak tag beside a strong date', { etag: 'W/"a"', lastModified: ten, date: eleven }, undefined],
  ['a strong tag beside a date', { etag: '"a"', lastModified: ten, date: eleven }, '"a"'],
  ['a date an hour before the answer', { lastModified: ten, date: eleven }, ten],
  ['a date a second before the answer', { lastModified: ten, date: tenAndASecond }, ten],
  ['a date in the second of the answer', { lastModified: ten, date: ten }, undefined],
  ['a date after the answer', { lastModified: eleven, date: ten }, undefined],
  ['a date of an answer without date', { lastModified: ten }, undefined],
  ['a date that is none', { lastModified: 'yesterday', date: ten }, undefined],
  ['nothing', {}, undefined],
])('%s gives If-Range %s', (_, validator, ifRange) => {
  expect(ifRangeOf(validator)).toBe(ifRange);
  expect(isStrong(validator)).toBe(ifRange !== undefined);
});

const strongDate = { lastModified: ten, date: eleven };
test.each([
  ['equal strong tags', { etag: '"a"' }, { etag: '"a"' }, true],
  ['other tags', { etag: '"a"' }, { etag: '"b"' }, false],
  ['equal tags, one weak', { etag: '"a"' }, { etag: 'W/"a"' }, undefined],
  ['equal weak tags', { etag: 'W/"a"' }, { etag: 'W/"a"' }, undefined],
  ['other weak tags', { etag: 'W/"a"' }, { etag: 'W/"b"' }, false],
  ['equal tags, other dates', { etag: '"a"', lastModified: ten }, { etag: '"a"', lastModified: eleven }, true],
  ['equal strong dates', strongDate, { lastModified: ten, date: tenAndASecond }, true],
  ['equal dates, one too fresh', strongDate, { lastModified: ten, date: ten }, undefined],
  ['other dates', strongDate, { lastModified: eleven, date: eleven }, false],
  ['a tag that came or went, equal dates', { etag: '"a"', ...strongDate }, strongDate, true],
  ['a tag on one side only', { etag: '"a"' }, strongDate, undefined],
  ['nothing', {}, {}, undefined],
])('%s: the same version is %s', (_, a, b, same) => {
  expect(sameVersion(a, b)).toBe(same);
  expect(sameVersion(b, a)).toBe(same);
});
