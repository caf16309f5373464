import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from './tools.ts';

const text = readFileSync(path.join(root, 'test/README.md'), 'utf8');
const named = [...text.slice(text.indexOf('## Their case')).matchAll(/`([a-z./-]+): ([^`]+)`/g)].map(([, file, words]) => ({
  file,
  words,
}));

test('the tests that the README sets beside those of others are there', () => {
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter(({ file, words }) => !sourceOf(file).includes(words))).toEqual([]);
});

function sourceOf(file: string): string {
  const found = [`${file}.test.ts`, `${file}.ts`].map((name) => path.join(root, 'test', name)).find(existsSync);
  return found === undefined ? '' : readFileSync(found, 'utf8');
}
