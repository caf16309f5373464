// Bundles what the pages of tabs.test.ts and tab-kills.mjs run.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** opus-decoder can run in workers of its own, which aulos does not use. */
export const withoutNestedWorkers = {
  name: 'without-nested-workers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@eshaz\/web-worker$/ }, ({ path }) => ({ path, namespace: 'none' }));
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export default class {}' }));
  },
};

/** The script as one file. */
export async function bundleTab() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('tab.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
    plugins: [withoutNestedWorkers],
  });
  return outputFiles[0].text;
}
