// One download in a process of its own: `node fetch-one.mjs <bare|none|batched> <url> <folder>`. Prints { rssMiB }.
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Agent, request } from 'undici';

const [contender, url, folder] = process.argv.slice(2);

/** What any download has to do: bytes off the wire and into a file. */
async function bare() {
  const dispatcher = new Agent();
  const { body } = await request(url, { dispatcher, headers: { range: 'bytes=0-' } });
  const file = await open(path.join(folder, 'bare'), 'w');
  let at = 0;
  for await (const bytes of body) at += (await file.write(bytes, 0, bytes.length, at)).bytesWritten;
  await file.close();
  await dispatcher.destroy();
}

async function ours(durability) {
  const { createAulos } = await import('../dist/node.js');
  const aulos = createAulos({ cacheDir: path.join(folder, durability), durability });
  const source = await aulos.source(url);
  await source.completed(new AbortController().signal);
  await source.close();
  await aulos.close();
}

await (contender === 'bare' ? bare() : ours(contender));
console.log(JSON.stringify({ rssMiB: process.resourceUsage().maxRSS / 1024 }));
