import { describe, expect, test } from 'vitest';
import { decodeJournal, decodeRecord, encodeRecord, RECORD_BYTES } from '../../src/store/journal-record.node.ts';
import { CHUNK_BYTES, type Run, runAt } from '../../src/store/record.ts';

const C = CHUNK_BYTES;
const name = { generation: 3, epoch: 7 };
const run = (start: number, end: number, checksum: number): Run => runAt({ start, end }, checksum);

describe('journal records', () => {
  const runs = [run(0, C, 0xffffffff), run(5 * C + 1, 5 * C + 100, 0), run(40_000 * C, 40_000 * C + 1, 123)];
  const journal = Buffer.concat(runs.map((each, i) => encodeRecord(each, name, i)));

  test('a journal is read back', () => {
    expect(journal.length).toBe(3 * RECORD_BYTES);
    expect(decodeJournal(journal, name)).toEqual(runs);
  });

  test('a journal cut at any byte gives the whole records before', () => {
    for (let cut = 0; cut < journal.length; cut++) {
      expect(decodeJournal(journal.subarray(0, cut), name)).toEqual(runs.slice(0, Math.floor(cut / RECORD_BYTES)));
    }
  });

  test('a journal with any bit flipped gives the records before', () => {
    for (let bit = 0; bit < journal.length * 8; bit++) {
      const damaged = Buffer.from(journal);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(decodeJournal(damaged, name)).toEqual(runs.slice(0, Math.floor(bit / 8 / RECORD_BYTES)));
    }
  });

  test.each([
    ['another generation', { generation: 4, epoch: 7 }, 0],
    ['another epoch', { generation: 3, epoch: 8 }, 0],
    ['another place', name, 1],
  ])('a record of %s is not sound', (_, where, index) => {
    expect(decodeRecord(journal, where, index)).toBe(undefined);
  });

  test.each<[string, Run]>([
    ['is empty', { chunk: 0, start: 0, length: 0, checksum: 0 }],
    ['crosses its chunk', { chunk: 0, start: 1, length: C, checksum: 0 }],
  ])('a run that %s is not sound', (_, bad) => {
    expect(decodeRecord(encodeRecord(bad, name, 0), name, 0)).toBe(undefined);
  });
});
