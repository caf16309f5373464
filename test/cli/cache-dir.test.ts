import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { aulos } from './aulos.ts';
import { filesIn, noiseWav, scene } from './scene.ts';

const commands: readonly [name: string, ...args: string[]][] = [['fetch'], ['decode', '-o', '-'], ['inspect']];

describe.each(commands)('aulos %s', (command, ...rest) => {
  it('keeps downloads in --cache-dir, and nothing elsewhere', async () => {
    const { origin, folder, cacheDir } = await scene();
    const home = path.join(folder, 'home');
    origin.put('/noise.wav', { content: noiseWav(10_000), mediaType: 'audio/wav' });
    const env = { HOME: home, XDG_CACHE_HOME: path.join(home, 'xdg') };
    const { code } = await aulos([command, `${origin.url}/noise.wav`, ...rest, '--cache-dir', cacheDir], env);
    expect(code).toBe(0);
    expect(await filesIn(home)).toEqual([]);
    expect(await filesIn(cacheDir)).toContainEqual(expect.stringMatching(/^a\/..\/[a-z2-7]+\/data\.1$/));
  });

  it('keeps them in the user cache folder otherwise', async () => {
    const { origin, folder } = await scene();
    const home = path.join(folder, 'home');
    origin.put('/noise.wav', { content: noiseWav(10_000), mediaType: 'audio/wav' });
    const env = { HOME: home, XDG_CACHE_HOME: path.join(folder, 'xdg') };
    const { code } = await aulos([command, `${origin.url}/noise.wav`, ...rest], env);
    expect(code).toBe(0);
    expect(await filesIn(home)).toEqual([]);
    expect(await filesIn(path.join(folder, 'xdg', 'aulos'))).toContainEqual(expect.stringMatching(/\/data\.1$/));
  });
});

describe('aulos', () => {
  it('takes ~/.cache where XDG_CACHE_HOME is not set', async () => {
    const { origin, folder } = await scene();
    origin.put('/noise.wav', { content: noiseWav(10_000), mediaType: 'audio/wav' });
    const { code } = await aulos(['fetch', `${origin.url}/noise.wav`], { HOME: folder, XDG_CACHE_HOME: '' });
    expect(code).toBe(0);
    expect(await filesIn(path.join(folder, '.cache', 'aulos'))).toContainEqual(expect.stringMatching(/\/data\.1$/));
  });

  it('tells its version and its commands', async () => {
    expect((await aulos(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { code, stdout } = await aulos(['--help']);
    expect(code).toBe(0);
    for (const command of ['fetch', 'decode', 'inspect']) expect(stdout.toString()).toContain(`  ${command} `);
  });
});
