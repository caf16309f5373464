// `npm run fuzz`: hostile bytes into every parser and decoder, on all cores. --seconds 600, --seed N, --only UNIT, --replay FILE.
// Bundles the TypeScript first, with every allocation of a buffer counted, since workers cannot load it on every Node that aulos supports.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
/** What stands in the bundle for the place of a source: that of test/tools.ts, which finds the checkout by it. */
const place = JSON.stringify(pathToFileURL(path.join(here, '../tools.ts')).href);
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Buffers, whose constructors allocations.ts replaces. */
const BUFFERS = /\bnew (ArrayBuffer|(?:Uint|Int)(?:8|16|32)Array|Float(?:32|64)Array)\(/g;

const counted = {
  name: 'counted',
  setup({ onLoad }) {
    onLoad({ filter: /(\/src\/.*\.ts|\/planted\.ts|\/mp4box\/.*\.m?js|\/mux\.js\/.*\.js)$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(BUFFERS, 'new $$$1('),
      loader: file.endsWith('.ts') ? 'ts' : 'js',
    }));
  },
};

const folder = mkdtempSync(path.join(tmpdir(), 'aulos-fuzz-bundle-'));
try {
  await build({
    entryPoints: { main: path.join(here, 'main.ts'), worker: path.join(here, 'worker.ts') },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    banner: { js: banner },
    define: { 'import.meta.url': place },
    inject: [path.join(here, 'allocations.ts')], // before any source runs
    plugins: [counted],
    logLevel: 'error',
  });
  const main = spawn(process.execPath, ['--expose-gc', path.join(folder, 'main.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => main.on('exit', (code) => resolve(code ?? 1)));
} finally {
  rmSync(folder, { recursive: true });
}
