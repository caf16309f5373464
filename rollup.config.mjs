// Builds dist/: for browsers the page's entry, the worker (with lazy chunks beside it), the worklets (one file
// each), the effects, and all of it in one file; for Node the library
// and the command line; and the rolled-up types of both.
import { rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import resolve from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import MagicString from 'magic-string';
import { rollup } from 'rollup';
import dts from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import { minify } from 'terser';

// Chunks carry a hash in their names: those of earlier builds would stay, and be published.
rmSync(new URL('dist', import.meta.url), { recursive: true, force: true });

const compile = esbuild({ target: 'es2022', minify: false, tsconfig: 'tsconfig.json' });
const shorten = esbuild({ target: 'es2022', minify: true, tsconfig: 'tsconfig.json' });

/**
 * What esbuild has left (it shortens private names, which terser does not) is by a thirtieth less, gzipped. Only for what every page loads: it
 * takes as long as all the rest of the build. And only what begins a page may have a function that is used once inside of another one:
 * there it is made at each call, which decoders and worklets would feel.
 */
const shortenMore = {
  name: 'shorten-more',
  renderChunk(code, { name }) {
    if (!/^(aulos|host|worklet\.browser|pipeline)$/.test(name)) return null;
    const reduce_funcs = /^(aulos|host)$/.test(name);
    // Arrows are unsafe for functions that somebody calls with `new`: ours are classes.
    return minify(code, { module: true, ecma: 2022, sourceMap: true, compress: { reduce_funcs, passes: 2, unsafe_arrows: true } });
  },
};

/**
 * Has V8 compile all functions of a file when it is loaded, not each when it is first called: browsers keep what was compiled then, and a player
 * that starts has them at hand. They keep nothing of what a worker or a worklet begins with; and of what others wrote, most is never called.
 */
const compileAtOnce = {
  name: 'compile-at-once',
  renderChunk(code, { fileName }) {
    if (/^(worker|worklet|mp4|demux-ts|decode-opus|rate)\b/.test(fileName)) return null;
    const marked = new MagicString(code).prepend('//# allFunctionsCalledOnLoad\n');
    return { code: marked.toString(), map: marked.generateMap({ hires: 'boundary' }) };
  },
};

/** Fails the build when a browser bundle reaches a file or a module that only Node has. */
const browserOnly = {
  name: 'browser-only',
  resolveId(source, importer) {
    if (source.startsWith('node:') || builtinModules.includes(source) || /\.node(\.ts)?$/.test(source)) {
      this.error(`${importer} is bundled for browsers and imports ${source}`);
    }
    return null;
  },
};

/** opus-decoder can run in workers of its own, which aulos does not use, through a package that Rollup cannot read. */
const withoutNestedWorkers = {
  name: 'without-nested-workers',
  resolveId: (source) => (source === '@eshaz/web-worker' ? '\0no-worker' : null),
  load: (id) => (id === '\0no-worker' ? 'export default class {}' : null),
};

/** Chunks have the names of what they are for: `decode-aac-decoder-….js`, not one `decoder-….js` beside the other. */
const chunkFileNames = ({ moduleIds, name }) => {
  if (name in TOGETHER || name in NODE_TOGETHER) return '[name]-[hash].js';
  const source = /\/src\/(.*?)(\.browser)?\.ts$/.exec(moduleIds.at(-1))?.[1]; // the last to run is what the chunk is for
  return `${source?.replaceAll('/', '-') ?? name}-[hash].js`;
};

/** mux.js is written in CommonJS, which Rollup cannot read. */
const withoutCommonJs = {
  name: 'without-common-js',
  async load(id) {
    if (!id.includes('/node_modules/mux.js/')) return null;
    const { outputFiles } = await build({ entryPoints: [id], bundle: true, format: 'esm', write: false });
    return outputFiles[0].text;
  },
};

/**
 * Chunks of what is needed together, of which an earlier one is there before a later one. As chunks of its parts, and of what those share, it
 * would take two rounds of requests, the second known only when the first is answered.
 */
const TOGETHER = {
  host: ['pipeline-host.browser.ts'],
  decoding: ['playback/likely-chunks.ts'],
  pipeline: [
    'library.browser.ts',
    'player-sessions.browser.ts',
    'playback/tracks.ts',
    'net/checked-answer.ts',
    'source/reception.ts',
    'source/index-finding.ts',
    'source/setbacks.ts',
    'store/joining.ts',
    'store/eviction.ts',
    'decode/pcm.ts',
    'demux/data-window.ts',
    'decode/trig.ts',
    'decode/aac/imdct.ts',
  ],
  mp4: ['demux/mp4.ts', 'demux/fragments.ts'],
};

/** Rollup's manualChunks: the chunk of {@link TOGETHER} for a module that `entry` does not begin with. */
function togetherBehind(entry) {
  const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));
  let chunkOf;
  return (id, { getModuleInfo }) => {
    const assign = (ids, chunk) => {
      for (const each of ids) {
        if (chunkOf.has(each) || !getModuleInfo(each)) continue;
        chunkOf.set(each, chunk);
        assign(getModuleInfo(each).importedIds, chunk);
      }
    };
    if (!chunkOf) {
      chunkOf = new Map();
      assign([pathOf(entry)], null);
      for (const [chunk, files] of Object.entries(TOGETHER))
        assign(
          files.map((file) => pathOf(`src/${file}`)),
          chunk,
        );
    }
    return chunkOf.get(id) ?? null;
  };
}

/**
 * What a process needs to play from the cache, each with all that it imports. To find, read and link a chunk takes about a millisecond, and left
 * to itself Rollup makes forty of what entries, commands and lazy parts share.
 */
const NODE_TOGETHER = {
  node: ['src/node.ts', 'src/source/index-finding.ts', 'src/store/eviction.ts'],
  tracks: ['src/playback/tracks.ts', 'src/decode/pcm.ts', 'src/decode/trig.ts', 'src/demux/data-window.ts'],
};

const onwarn = (warning) => {
  throw new Error(`${warning.code}: ${warning.message}`);
};

const browser = (plugins) => [
  withoutNestedWorkers,
  withoutCommonJs,
  browserOnly,
  resolve({ browser: true, extensions: ['.ts', '.mjs', '.js'] }),
  ...plugins,
];
/** `import text from './module.ts?text'` gives the module with all that it imports, bundled, as a string. */
const bundledText = {
  name: 'bundled-text',
  async load(id) {
    if (!id.endsWith('?text')) return null;
    const bundle = await rollup({ input: id.slice(0, -'?text'.length), plugins: browser([shorten]), onwarn });
    const { output } = await bundle.generate({ format: 'es', inlineDynamicImports: true });
    return `export default ${JSON.stringify(output[0].code)};`;
  },
};
const isNodeExternal = (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('\0');

export default [
  // Apart from each other: a chunk that both need would be one more round trip before the page runs.
  ...Object.entries({ aulos: 'src/browser.ts', worker: 'src/worker.browser.ts' }).map(([name, input]) => ({
    input: { [name]: input },
    // Else its static part would be a chunk behind it, one more round trip away.
    preserveEntrySignatures: 'allow-extension',
    output: {
      dir: 'dist/browser',
      format: 'es',
      chunkFileNames,
      manualChunks: togetherBehind(input),
      onlyExplicitManualChunks: true,
      sourcemap: true,
    },
    plugins: browser([shorten, shortenMore, compileAtOnce]),
    onwarn,
  })),
  ...Object.entries({
    worklet: 'src/playback/worklet.browser.ts',
    rate: 'src/playback/rate.browser.ts',
    limiter: 'src/playback/effects/limiter-worklet.browser.ts',
    effects: 'src/effects.browser.ts',
    engine: 'src/engine.browser.ts',
  }).map(([name, input]) => ({
    input,
    output: { file: `dist/browser/${name}.js`, format: 'es', inlineDynamicImports: true, sourcemap: true },
    plugins: browser([shorten, shortenMore, compileAtOnce]),
    onwarn,
  })),
  {
    input: 'src/inline.browser.ts',
    output: { file: 'dist/browser/inline.js', format: 'es', inlineDynamicImports: true },
    plugins: browser([bundledText, shorten]),
    onwarn,
  },
  {
    input: { node: 'src/node.ts', cli: 'src/cli/start.node.ts' },
    // Else the library would be a chunk behind its entry.
    preserveEntrySignatures: 'allow-extension',
    output: {
      dir: 'dist',
      format: 'es',
      chunkFileNames: (chunk) => `node/${chunkFileNames(chunk)}`,
      manualChunks: NODE_TOGETHER,
      // Chunks come from the disk, and what they import of Node is there: naming it sooner saves nothing, and each name is looked up.
      hoistTransitiveImports: false,
      sourcemap: true,
      banner: (chunk) => (chunk.name === 'cli' ? '#!/usr/bin/env node' : ''),
    },
    external: isNodeExternal,
    plugins: [resolve({ extensions: ['.ts', '.mjs', '.js'] }), compile],
    onwarn,
  },
  ...Object.entries({
    browser: 'src/browser.ts',
    node: 'src/node.ts',
    effects: 'src/effects.browser.ts',
    engine: 'src/engine.browser.ts',
    inline: 'src/inline.browser.ts',
  }).map(([name, input]) => ({
    input,
    output: { file: `dist/${name}.d.ts`, format: 'es' },
    external: isNodeExternal,
    plugins: [dts()],
    onwarn,
  })),
];
