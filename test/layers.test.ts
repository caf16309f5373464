import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './tools.ts';

/** Imports go left only. Names that stand together are siblings and do not import each other. */
const rows = [
  ['errors'],
  ['base'],
  ['media'],
  ['events'],
  ['net', 'store'],
  ['source'],
  ['demux'],
  ['decode'],
  ['engine'],
  ['playback'],
  ['cluster'],
  ['server'],
  ['browser'],
  ['node'],
  ['cli'],
];
const rank = new Map(rows.flatMap((names, index) => names.map((name) => [name, index] as const)));

/** `src/demux/mp3.ts` is of layer demux, `src/media.ts` of media, `src/worker.browser.ts` of browser. */
function layerOf(file: string): string {
  const [first, ...rest] = path.relative(path.join(root, 'src'), file).split(path.sep);
  if (rest.length > 0) return first;
  return /\.(browser|node)\.ts$/.exec(first)?.[1] ?? path.basename(first, '.ts');
}

const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => path.join(root, 'src', file));
const imports = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, target]) => ({ file, target })),
);
const name = (file: string) => path.relative(root, file);

describe('layers', () => {
  it('has a row for every folder and root file', () => {
    expect(files.map(layerOf).filter((layer) => !rank.has(layer))).toEqual([]);
  });

  it('imports go left only', () => {
    const upward = imports
      .filter(({ target }) => target.startsWith('.'))
      .map(({ file, target }) => ({ file, imported: path.resolve(path.dirname(file), target.replace(/\?.*$/, '')) }))
      .filter(({ file, imported }) => {
        const [from, to] = [layerOf(file), layerOf(imported)];
        // errors and base know each other's types: an error names a byte range, a structure throws.
        if (from === 'errors' && to === 'base') return false;
        return from !== to && (rank.get(to) ?? Number.POSITIVE_INFINITY) >= (rank.get(from) ?? -1);
      })
      .map(({ file, imported }) => `${name(file)} → ${name(imported)}`);
    expect(upward).toEqual([]);
  });

  it('only .node.ts files import node: modules, undici or ws', () => {
    const platform = imports
      .filter(({ file, target }) => /^(node:|undici|ws$|commander|cli-progress)/.test(target) && !file.endsWith('.node.ts'))
      .filter(({ file }) => layerOf(file) !== 'node')
      .map(({ file, target }) => `${name(file)} → ${target}`);
    expect(platform).toEqual([]);
  });

  it('files for anywhere and for browsers reach no .node.ts file', () => {
    const wrong = imports
      .filter(({ file, target }) => target.endsWith('.node.ts') && !file.endsWith('.node.ts') && layerOf(file) !== 'node')
      .map(({ file, target }) => `${name(file)} → ${target}`);
    expect(wrong).toEqual([]);
  });

  it('each third-party package has one importing file', () => {
    const importers = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      if (target.startsWith('.') || target.startsWith('node:')) continue;
      const pkg = /^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target;
      importers.set(pkg, (importers.get(pkg) ?? new Set()).add(name(file)));
    }
    expect([...importers].filter(([, files]) => files.size > 1).map(([pkg, files]) => `${pkg}: ${[...files].join(', ')}`)).toEqual([]);
  });
});
