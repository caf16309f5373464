import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { corpus, root } from '../tools.ts';
import { failureOf } from './check.ts';

/** The folders of the corpus whose formats aulos plays. */
const folders = ['mp3', 'aac', 'flac', 'mp4', 'fmp4', 'wav', 'ogg', 'ts', 'bad'];
const list = path.join(root, 'test/conformance/passing.txt');
const passing = new Set(
  readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#')),
);
/** Each with its reason. */
const excused = readFileSync(path.join(root, 'test/conformance/failing.md'), 'utf8');
const media = corpus();

describe.runIf(media)('third-party media', () => {
  it('every file passes, but those of which the committed list says why not', { timeout: 300_000 }, async () => {
    const { folder = '', files = [] } = media ?? {};
    const failures = new Map<string, string>();
    const passed: string[] = [];
    for (const file of files.filter(({ file }) => folders.includes(file.split('/')[0]))) {
      const failure = await failureOf(file, new Uint8Array(readFileSync(path.join(folder, file.file))), AbortSignal.timeout(20_000));
      if (failure === undefined) passed.push(file.file);
      else failures.set(file.file, failure);
    }
    report(folders, passed, failures);
    if (process.env.UPDATE_PASSING) writeFileSync(list, `${header}${[...passing, ...passed].filter(unique).sort().join('\n')}\n`);
    expect([...failures].filter(([file]) => passing.has(file) || !excused.includes(`\`${file}\``))).toEqual([]);
  });
});

const header = '# Files of the corpus that aulos reads as the manifest says. A file leaves this list only with a reason in the commit.\n';
const unique = (file: string, index: number, all: string[]) => all.indexOf(file) === index;

function report(folders: readonly string[], passed: readonly string[], failures: ReadonlyMap<string, string>): void {
  const inFolder = (files: Iterable<string>, folder: string) => [...files].filter((file) => file.startsWith(`${folder}/`)).length;
  const rows = folders.map(
    (folder) => `  ${folder.padEnd(5)} ${inFolder(passed, folder)} pass, ${inFolder(failures.keys(), folder)} do not`,
  );
  const reasons = [...failures].map(([file, failure]) => `  ${file}: ${failure}`);
  const news = passed.filter((file) => !passing.has(file)).map((file) => `  ${file}`);
  console.log(
    [
      'corpus:',
      ...rows,
      ...(reasons.length ? ['not passing:', ...reasons] : []),
      ...(news.length ? ['pass, not listed:', ...news] : []),
    ].join('\n'),
  );
}
