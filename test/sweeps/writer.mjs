// Child process of the sweeps: `node writer.mjs <bundle>`. Says `ready`, and for each line `<scenario> <root>` on standard input (the scenario
// by its index) runs that scenario in that store, telling on standard output, at once, what was acknowledged.
import { readlinkSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runScenario } from './run-scenario.mjs';
import { scenarios } from './scenarios.mjs';

const library = await import(process.argv[2]);
const MAX_DESCRIPTORS = 200;

const tell = (...words) => writeSync(1, `${words.join(' ')}\n`);

tell('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [, scenario, root] = /^(\d+) (.*)$/.exec(line);
  await runScenario(Object.values(scenarios)[scenario], root, library, tell).catch((error) => tell('untyped', error.stack));
  for (const leak of leaks(root)) tell('leaked', leak);
  tell('ended');
  tell('ready');
}

/** What is left of a store that was closed. No call that a sweep lets fail is needed to find out. */
function leaks(root) {
  const targets = Array.from({ length: MAX_DESCRIPTORS }, (_, descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // not open
    }
  });
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  return [...targets.filter((target) => target.startsWith(root)), ...timers];
}
