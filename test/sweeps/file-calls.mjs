// Tells when the store of this process calls the file system, and can let that fail.
import fs from 'node:fs/promises';

const CALLS = ['open', 'mkdir', 'rename', 'rm', 'link', 'truncate'];
const HANDLE_CALLS = ['write', 'writeFile', 'datasync', 'sync', 'truncate', 'close'];

const handle = await fs.open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();

/**
 * Runs `action` just before the `n`-th call from now on; `isLasting`: before all later ones too. If it gives an error the call is not made,
 * and fails with that. Gives what ends the watching and tells how many calls there were.
 */
export function onCall(n, action, isLasting = false) {
  let count = 0;
  const ends = [
    [fs, CALLS],
    [prototype, HANDLE_CALLS],
  ].flatMap(([target, names]) =>
    names.map((name) => {
      const original = target[name];
      target[name] = async function (...args) {
        count++;
        const error = count === n || (isLasting && count > n) ? action() : undefined;
        if (error) throw error;
        return await original.apply(this, args);
      };
      return () => {
        target[name] = original;
      };
    }),
  );
  return () => {
    for (const end of ends) end();
    return count;
  };
}
