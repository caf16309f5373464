// Bundles the disk store for plain Node programs: child processes cannot load TypeScript on every Node that aulos supports.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const contents = `
  export { createDiskStore } from './src/store/disk.node.ts';
  export { assetKey } from './src/store/key.ts';
  export { isAulosError } from './src/errors.ts';
`;

/** Writes the bundle into `folder`; gives its file URL. */
export async function bundleStore(folder) {
  const outfile = path.join(folder, 'store.mjs');
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return pathToFileURL(outfile).href;
}
