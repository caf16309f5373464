import type { Found, StoredRecord } from './indexeddb-layout.browser.ts';
import type { Run } from './record.ts';
import { RunTable } from './run-table.ts';

/** What a tab tells the others of a change. */
export interface Hint {
  readonly record: StoredRecord;
  /** The runs that came; undefined if that is not all that changed. */
  readonly added: readonly Run[] | undefined;
  /** True if the tab leads. */
  readonly leads: boolean;
}

/** What is stored of an asset, as far as one tab has read it and heard of every change since. */
export class News {
  #known: { readonly record: StoredRecord; readonly runs: RunTable } | undefined;
  /** Revision that was heard of last. */
  #revision = 0;

  constructor(found: Found) {
    this.read(found);
  }

  /** Undefined if a change was missed: then it has to be read. */
  get stored(): Found | undefined {
    return this.#known && { record: this.#known.record, runs: [...this.#known.runs] };
  }

  /** True if `record` is later than all that was heard of. */
  isOldTo({ revision }: StoredRecord): boolean {
    return revision > this.#revision;
  }

  /** Takes in what was read. */
  read({ record, runs }: Found): void {
    if (!record) return;
    this.#revision = record.revision;
    this.#known = { record, runs: new RunTable(runs) };
  }

  /** Takes in a hint. */
  hear({ record, added }: Hint): void {
    const known = this.#known;
    const isNext = record.generation === known?.record.generation && record.revision === known.record.revision + 1;
    this.#revision = Math.max(this.#revision, record.revision);
    this.#known = isNext && added ? { record, runs: known.runs } : undefined;
    for (const run of added ?? []) this.#known?.runs.add(run);
  }

  /** Something has changed, and nobody knows what. */
  miss(): void {
    this.#known = undefined;
  }
}
