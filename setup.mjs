// Makes a fresh clone ready: npm packages, and a build that is not older than its sources. Only Node's own modules here.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('.', import.meta.url));

/** Runs a command with its output on this terminal; throws when it fails. */
export function run(program, args, env = {}) {
  execFileSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
}

/** Installs what package-lock.json says, unless that has been done. */
export function installPackages() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs) return;
  console.log('aulos: installing npm packages …');
  // Not `npm ci`: that refuses a lock file without the optional binaries of platforms which a registry does not have.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Builds dist/, unless it is newer than everything it is made from. */
export function build() {
  const sources = ['package.json', 'rollup.config.mjs', 'tsconfig.json', ...filesUnder('src')];
  const newest = Math.max(...sources.map((file) => statSync(path.join(root, file)).mtimeMs));
  const built = path.join(root, 'dist/node.d.ts'); // the last output of the build
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  console.log('aulos: building …');
  run('npx', ['rollup', '--config', '--silent']);
}

function filesUnder(folder) {
  const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}
