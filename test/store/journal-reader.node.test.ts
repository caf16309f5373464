import { appendFile, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { namesIn } from '../../src/store/disk-file.node.ts';
import { JournalReader, journalFile } from '../../src/store/journal-reader.node.ts';
import { encodeRecord, RECORD_BYTES } from '../../src/store/journal-record.node.ts';
import { type Run, runAt } from '../../src/store/record.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'aulos-journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (i: number): Run => runAt({ start: i * 1000, end: i * 1000 + 500 }, i);
const records = (epoch: number, first: number, end: number): Buffer =>
  Buffer.concat(Array.from({ length: end - first }, (_, i) => encodeRecord(run(first + i), { generation: 2, epoch }, first + i)));

describe('a journal that is read again', () => {
  test('gives only what was appended, and does not look at the rest', async () => {
    const reader = new JournalReader(folder, 2);
    const file = journalFile(folder, 2, 1);
    await writeFile(file, records(1, 0, 3));
    expect(await reader.read(await namesIn(folder))).toEqual([run(0), run(1), run(2)]);
    expect(await reader.read(await namesIn(folder))).toEqual([]);
    await writeFile(file, Buffer.concat([Buffer.alloc(3 * RECORD_BYTES), records(1, 3, 5)]));
    expect(await reader.read(await namesIn(folder))).toEqual([run(3), run(4)]);
  });

  test('gives a record that was only half there once it is whole', async () => {
    const reader = new JournalReader(folder, 2);
    const whole = records(1, 0, 2);
    await writeFile(journalFile(folder, 2, 1), whole.subarray(0, RECORD_BYTES + 10));
    expect(await reader.read(await namesIn(folder))).toEqual([run(0)]);
    await appendFile(journalFile(folder, 2, 1), whole.subarray(RECORD_BYTES + 10));
    expect(await reader.read(await namesIn(folder))).toEqual([run(1)]);
  });

  test('gives a new journal from its beginning, and nothing of one that shrank, went or was never one', async () => {
    const reader = new JournalReader(folder, 2);
    for (const epoch of [1, 2]) await writeFile(journalFile(folder, 2, epoch), records(epoch, 0, 2));
    await symlink('/etc/passwd', journalFile(folder, 2, 9));
    await writeFile(journalFile(folder, 3, 1), records(1, 0, 2)); // of another generation
    expect(await reader.read(await namesIn(folder))).toEqual([run(0), run(1), run(0), run(1)]);
    await rm(journalFile(folder, 2, 1));
    await truncate(journalFile(folder, 2, 2), 10);
    await writeFile(journalFile(folder, 2, 3), records(3, 0, 1));
    expect(await reader.read(await namesIn(folder))).toEqual([run(0)]);
    expect(reader.epochs).toEqual([1, 2, 9, 3]);
  });
});
