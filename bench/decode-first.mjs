// For decode.mjs: `node decode-first.mjs CACHE-DIR URL` opens a cached file in a fresh process. Prints ms since the process began until the
// first PCM, and the CPU of that in ms, with what of both Node itself took.
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const nodeMs = performance.now();
const nodeCpuMs = cpuMs();
const [cacheDir, url] = process.argv.slice(2);
const { createAulos } = await import('../dist/node.js');
const aulos = createAulos({ cacheDir });
const track = await aulos.open(url);
for await (const _ of track.blocks({ signal: new AbortController().signal })) break;
console.log(JSON.stringify({ firstMs: performance.now(), firstCpuMs: cpuMs(), nodeMs, nodeCpuMs }));
await track.close();
await aulos.close();
