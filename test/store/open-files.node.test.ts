import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OpenFiles } from '../../src/store/open-files.node.ts';

const base = await mkdtemp(path.join(os.tmpdir(), 'aulos-files-'));
const fileOf = (i: number): string => path.join(base, `file-${i}`);
for (let i = 0; i < 4; i++) await writeFile(fileOf(i), `${i}`);
afterAll(() => rm(base, { recursive: true, force: true }));

const readAt = (files: OpenFiles, i: number): Promise<string> =>
  files.use(fileOf(i), async (handle) => {
    const bytes = Buffer.alloc(1);
    for (let step = 0; step < 3; step++) await handle.read(bytes, 0, 1, 0);
    return bytes.toString();
  });

async function openCount(): Promise<number> {
  const links = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(links.map((link) => readlink(`/proc/self/fd/${link}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(base)).length;
}

describe('open files', () => {
  test('an operation that runs while its file is closed comes to its end, and no descriptor is left', async () => {
    const files = new OpenFiles(2);
    const reads = [0, 1, 2, 3, 0, 1].map((i) => readAt(files, i));
    const closing = files.closeIn(base);
    expect(await Promise.all(reads)).toEqual(['0', '1', '2', '3', '0', '1']);
    await closing;
    expect(await readAt(files, 2)).toBe('2');
    await files.end();
    expect(await openCount()).toBe(0);
  });

  test('none is opened after the end, not even for those that waited for room', async () => {
    const files = new OpenFiles(1);
    const reads = await Promise.allSettled([readAt(files, 0), readAt(files, 1), files.end(), readAt(files, 0)]);
    expect(reads[0]).toMatchObject({ value: '0' });
    for (const late of [reads[1], reads[3]]) expect(late).toMatchObject({ reason: { code: 'store.unavailable' } });
    expect(await openCount()).toBe(0);
  });

  test('a file that is not there fails, and is found once it is', async () => {
    const files = new OpenFiles(1);
    await expect(readAt(files, 9)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(fileOf(9), '9');
    expect(await readAt(files, 9)).toBe('9');
    await files.end();
  });
});
