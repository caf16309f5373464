import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { root } from './tools.ts';

const KB = 1000;
const folder = path.join(root, 'dist/browser');
const isBuilt = existsSync(path.join(folder, 'worklet.js'));
if (!isBuilt) console.warn('\n*** SKIPPED: nothing is built; run npm run build\n');

const sizeOf = (file: string): number => gzipSync(readFileSync(path.join(folder, file)), { level: 9 }).length;
const staticImport = /(?:^|[;}\s])(?:import|export)\s*(?:[^"'();]*?\bfrom\s*)?["']\.\/([^"']+)["']/g;

/** The file, and all that has to be there before it runs. */
function graphOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, target] of readFileSync(path.join(folder, file), 'utf8').matchAll(staticImport)) graphOf(target, found);
  return found;
}

const total = (...files: string[]): number => files.flatMap((file) => [...graphOf(file)]).reduce((sum, file) => sum + sizeOf(file), 0);

describe.runIf(isBuilt)('the size of what pages load, gzipped', () => {
  const chunks = isBuilt ? readdirSync(folder).filter((file) => file.endsWith('.js')) : [];
  const chunkOf = (name: string) => chunks.find((file) => file.startsWith(`${name}-`))!;
  const ours = chunks.filter((file) => /^decode-(?!opus|webcodecs)/.test(file));

  it('is at most 15 kB for the page itself', () => {
    expect(total('aulos.js')).toBeLessThanOrEqual(15 * KB);
  });

  it('is at most 40 kB for page, worker and worklet, without what is loaded later', () => {
    expect(total('aulos.js', 'worker.js', chunkOf('host'), 'worklet.js')).toBeLessThanOrEqual(40 * KB);
  });

  it('is at most 50 kB for what the worker loads beside its first request', () => {
    const [pipeline] = /pipeline-[\w-]+\.js/.exec(readFileSync(path.join(folder, chunkOf('host')), 'utf8')) ?? [];
    expect(sizeOf(pipeline!)).toBeLessThanOrEqual(50 * KB);
  });

  it('is told of what others wrote', () => {
    const theirs = { mp4box: /^mp4-/, 'mux.js': /^demux-ts-/, 'opus-decoder': /^decode-opus-[^o]/, 'stretching in rate.js': /^rate\.js$/ };
    const sizes = Object.entries(theirs).map(([name, pattern]) => [name, chunks.find((file) => pattern.test(file))] as const);
    console.log(sizes.map(([name, file]) => `${name} ${file && (sizeOf(file) / KB).toFixed(1)} kB`).join(', '));
    expect(sizes.filter(([, file]) => !file)).toEqual([]);
  });

  it('is at most 16 kB for each decoder of ours', () => {
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter((file) => sizeOf(file) > 16 * KB)).toEqual([]);
  });

  it('has the tools of HE-AAC and of parametric stereo in chunks that nothing begins with', () => {
    const isLate = (file: string) => /^decode-aac-(sbr|ps)-/.test(file);
    expect(chunks.filter(isLate).length).toBeGreaterThanOrEqual(4);
    const early = chunks.filter((file) => !isLate(file));
    expect(early.filter((file) => [...graphOf(file)].some(isLate))).toEqual([]);
  });
});
