import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../tools.ts';

/** Runs the fuzzer as `npm run fuzz` does; gives what it prints and how it ends. */
async function fuzz(...options: readonly string[]): Promise<{ readonly output: string; readonly code: number }> {
  const child = spawn(process.execPath, [path.join(root, 'test/fuzz/fuzz.mjs'), ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
  return { output, code };
}

it('hostile bytes end in sound or in typed errors', { timeout: 120_000 }, async () => {
  const { output, code } = await fuzz('--seed', '1', '--rounds', '16');
  expect(output).toMatch(/^in all .* 0$/m);
  expect(code).toBe(0);
});

it('the fuzzer finds untyped errors, false offsets, loops, waits without an end and huge buffers', { timeout: 120_000 }, async () => {
  const { output, code } = await fuzz('--seed', '1', '--rounds', '1', '--workers', '1', '--only', 'planted');
  for (const what of [
    'planted: untyped: an untyped error: TypeError',
    'planted: offset: media.malformed with {"offset":101',
    'planted: endless loop: it hangs',
    'planted: never settles: it never settles',
    'planted: allocation: 67108864 bytes were allocated at once',
  ])
    expect(output).toContain(what);
  expect(output).toMatch(/^in all .* 5$/m);
  expect(code).toBe(1);
});
