import { expect, test } from 'vitest';
import { defaultCacheDir } from '../../src/store/cache-dir.node.ts';

test.each<[NodeJS.Platform, NodeJS.ProcessEnv, string, string]>([
  ['linux', {}, '/home/me', '/home/me/.cache/aulos'],
  ['linux', { XDG_CACHE_HOME: '/big/cache' }, '/home/me', '/big/cache/aulos'],
  ['linux', { XDG_CACHE_HOME: '' }, '/home/me', '/home/me/.cache/aulos'],
  ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/me', '/home/me/.cache/aulos'],
  ['darwin', { XDG_CACHE_HOME: '/x' }, '/Users/me', '/Users/me/Library/Caches/aulos'],
  ['win32', { LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }, 'C:\\Users\\me', 'C:\\Users\\me\\AppData\\Local\\aulos'],
  ['win32', {}, 'C:\\Users\\me', 'C:\\Users\\me\\AppData\\Local\\aulos'],
])('on %s with %j the cache lies where that system keeps caches', (platform, env, home, expected) => {
  expect(defaultCacheDir(env, platform, home)).toBe(expected);
});
