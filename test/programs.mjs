// Programs that tests drive, from Debian's packages.
import { spawnSync } from 'node:child_process';
import { run } from '../setup.mjs';

export const has = (program) => spawnSync('which', [program], { stdio: 'ignore' }).status === 0;

/** Installs what is missing of `programs` (program → the Debian package that has it) where that may be done; gives what is missing still. */
export function installPrograms(programs) {
  const missing = () => Object.keys(programs).filter((program) => !has(program));
  if (missing().length === 0) return [];
  if (process.getuid?.() === 0 && has('apt-get')) {
    const packages = missing().map((program) => programs[program]);
    console.log(`aulos: installing ${packages.join(', ')} …`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], env);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env);
  }
  return missing();
}
