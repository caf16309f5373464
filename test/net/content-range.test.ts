import { expect, test } from 'vitest';
import { parseContentRange } from '../../src/net/content-range.ts';

test.each([
  ['bytes 0-499/1234', { range: { start: 0, end: 500 }, total: 1234 }],
  ['bytes 734-1233/1234', { range: { start: 734, end: 1234 }, total: 1234 }],
  ['Bytes  0-0/1', { range: { start: 0, end: 1 }, total: 1 }],
  [' bytes 5-9/10 ', { range: { start: 5, end: 10 }, total: 10 }],
  ['bytes 0-499/*', { range: { start: 0, end: 500 }, total: undefined }],
  ['bytes */1234', { range: undefined, total: 1234 }],
  ['bytes 5000000000-5999999999/6000000000', { range: { start: 5e9, end: 6e9 }, total: 6e9 }],
])('%j is %o', (header, parsed) => {
  expect(parseContentRange(header)).toEqual(parsed);
});

test.each([
  '',
  'bytes',
  'bytes 0-499',
  'bytes=0-499/1234',
  'items 0-499/1234',
  'bytes 500-499/1234',
  'bytes 0-1234/1234',
  'bytes -1-5/10',
  'bytes 0-4/10, bytes 5-9/10',
  'bytes 0x0-0x4/10',
  'bytes 1e1-2e1/100',
  'bytes */*',
  'bytes 0-9007199254740992/9007199254740993',
  'bytes */99999999999999999999',
])('%j is refused', (header) => {
  expect(parseContentRange(header)).toBeUndefined();
});
