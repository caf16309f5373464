import os from 'node:os';
import path from 'node:path';

/**
 * Where the store lies unless the caller says otherwise: `$XDG_CACHE_HOME/aulos`, else `~/.cache/aulos` (XDG Base Directory
 * Specification 0.8, which wants relative paths ignored); `~/Library/Caches/aulos` on macOS; `%LOCALAPPDATA%\aulos` on Windows.
 */
export function defaultCacheDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = os.homedir(),
): string {
  if (platform === 'win32') return path.win32.join(env.LOCALAPPDATA ?? path.win32.join(home, 'AppData', 'Local'), 'aulos');
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'Caches', 'aulos');
  const { XDG_CACHE_HOME: xdg } = env;
  return path.posix.join(xdg && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(home, '.cache'), 'aulos');
}
