import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32 } from '../../src/store/crc32.ts';
import { contentAt } from '../contracts/asset-store.ts';

test('the check value of CRC-32', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

test.each([0, 1, 7, 8, 9, 63, 64, 65, 1000, 262_144])('%i bytes have the checksum that zlib gives them', (length) => {
  const bytes = contentAt({ start: 5, end: 5 + length });
  expect(crc32(bytes)).toBe(zlib.crc32(bytes));
});

test('a checksum goes on from that of the bytes before', () => {
  const bytes = contentAt({ start: 0, end: 1000 });
  for (let cut = 0; cut <= 1000; cut += 37) expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(zlib.crc32(bytes));
});

test('where the bytes begin in their buffer does not matter', () => {
  const bytes = contentAt({ start: 0, end: 1000 });
  for (let start = 0; start < 9; start++) {
    for (let end = start; end < start + 30; end++) expect(crc32(bytes.subarray(start, end))).toBe(zlib.crc32(bytes.subarray(start, end)));
  }
});
