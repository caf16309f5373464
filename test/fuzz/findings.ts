import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import v8 from 'node:v8';

/** A case that is not as it must be. */
export interface FoundCase {
  readonly target: string;
  readonly execution: number;
  readonly what: string;
  readonly stack: string;
}

/** Cases told in full of those that look alike. */
const TOLD_PER_KIND = 2;

/** Tells what is found, the first ones of each kind in full. */
export class Findings {
  readonly #folder: string;
  readonly #kinds = new Map<string, number>();
  count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(finding: FoundCase): void {
    this.count++;
    const place = /\n\s+at .*/.exec(finding.stack)?.[0] ?? '';
    const kind = `${finding.target} ${finding.what.replace(/[\d.]+/g, 'n')} ${place}`;
    const seen = (this.#kinds.get(kind) ?? 0) + 1;
    this.#kinds.set(kind, seen);
    if (seen > TOLD_PER_KIND) return;
    const file = fileOf(this.#folder, finding.target, finding.execution);
    console.log(
      `${finding.target}: ${finding.what}\n  npm run fuzz -- --replay ${file}\n${finding.stack.split('\n').slice(1, 6).join('\n')}`,
    );
  }
}

/** Keeps a case in `folder`, to be run again. */
export function keepCase(folder: string, target: string, execution: number, input: unknown): void {
  writeFileSync(fileOf(folder, target, execution), v8.serialize({ target, input }));
}

/** What {@link keepCase} kept. */
export const readCase = (file: string) => v8.deserialize(readFileSync(file)) as { readonly target: string; readonly input: unknown };

function fileOf(folder: string, target: string, execution: number): string {
  return path.join(folder, `${target.replace(/\W+/g, '-')}-${execution}.case`);
}
