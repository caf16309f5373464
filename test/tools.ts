import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const strict = process.env.CI === 'true';

/** True if `name` can be run. Missing, it is said loudly; with CI=true it is a failure. */
export function requireTool(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return absent(`the program "${name}" (on Debian: apt-get install ${name})`);
  }
}

export interface CorpusFile {
  readonly file: string;
  readonly size: number;
  readonly features: readonly string[];
  // The manifest is data of many shapes; each test reads the fields that its assertion is about.
  readonly expected: { readonly outcome: string; readonly [field: string]: unknown };
}

/** Folder and manifest of the third-party media, or undefined (said loudly; a failure with CI=true) when it is not on this machine. */
export function corpus(): { readonly folder: string; readonly files: readonly CorpusFile[] } | undefined {
  const folder = path.resolve(root, process.env.AULOS_CORPUS ?? '../shared/corpus');
  const manifest = path.join(folder, 'MANIFEST.json');
  if (existsSync(manifest)) return { folder, files: JSON.parse(readFileSync(manifest, 'utf8')).files };
  absent(`the media corpus (set AULOS_CORPUS; looked in ${folder})`);
  return undefined;
}

function absent(what: string): false {
  if (strict) throw new Error(`missing: ${what}`);
  console.warn(`\n*** SKIPPED: this machine has no ${what}\n`);
  return false;
}
