import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeMeta, readFacts } from '../../../src/store/disk-meta.node.ts';
import { JournalReader } from '../../../src/store/journal-reader.node.ts';
import { decodeJournal, encodeRecord } from '../../../src/store/journal-record.node.ts';
import { CHUNK_BYTES, type Run } from '../../../src/store/record.ts';
import { mutateBytes } from '../mutate.ts';
import type { Random } from '../random.ts';
import { must, type Target } from '../target.ts';

const NAME = { generation: 1, epoch: 1 };

/** What was recorded of an asset: nothing that stands there makes a run of bytes that a chunk cannot hold. */
export const journalTarget: Target<Uint8Array> = {
  name: 'journal',
  perRound: 10,
  invent(random) {
    const records = Array.from({ length: random.below(8) }, (_, i) => [...encodeRecord(anyRun(random), NAME, i)]).flat();
    return mutateBytes(random, Uint8Array.from(records));
  },
  run: (bytes) => checkRuns(decodeJournal(bytes, NAME)),
};

interface Folder {
  readonly key: string;
  readonly journal: Uint8Array;
  readonly meta: Uint8Array;
}

/** The same from the folder of an asset, with its facts beside. */
export const folderTarget: Target<Folder> = {
  name: 'asset folder',
  perRound: 1,
  invent(random) {
    const key = 'a'.repeat(64);
    const record = { generation: 1, key, facts: { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: {} } };
    const sound = encodeMeta(record as unknown as Parameters<typeof encodeMeta>[0]);
    const meta = mutateBytes(random, new Uint8Array(sound));
    return { key, journal: mutateBytes(random, encodeRecord(anyRun(random), NAME, 0)), meta };
  },
  async run({ key, journal, meta }) {
    parent ??= mkdtempSync(path.join(tmpdir(), 'aulos-fuzz-journal-'));
    const folder = path.join(parent, key);
    mkdirSync(folder, { recursive: true });
    const names = ['journal.1.1', 'meta.1.json'];
    writeFileSync(path.join(folder, names[0]), journal);
    writeFileSync(path.join(folder, names[1]), meta);
    checkRuns(await new JournalReader(folder, 1).read(names));
    const { record, highest } = await readFacts(folder, names);
    must(highest === 1, `${highest} as the highest generation`);
    must(!record || (record.generation === 1 && record.key === key), 'a record of another asset');
  },
};

/** One for all executions; fuzz.mjs clears it away. */
let parent: string | undefined;

function anyRun(random: Random): Run {
  const start = random.below(CHUNK_BYTES);
  return { chunk: random.below(100), start, length: 1 + random.below(CHUNK_BYTES - start), checksum: random.hostile(32) };
}

function checkRuns(runs: readonly Run[]): void {
  for (const { start, length } of runs) must(length > 0 && start + length <= CHUNK_BYTES, `a run of ${length} bytes at ${start}`);
}
