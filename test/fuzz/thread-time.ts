import { readFileSync } from 'node:fs';

// How long a thread has computed, whatever else the machine does. Linux tells it in files; elsewhere it is the time that passes.

/** Jiffies are 10 ms. */
const MS_PER_TICK = 10;

/** The number of this thread; 0 where the system does not tell. */
export function threadNumber(): number {
  try {
    return Number.parseInt(readFileSync('/proc/thread-self/stat', 'latin1'), 10);
  } catch {
    return 0;
  }
}

/** Milliseconds of CPU that `thread` of this process has taken so far. */
export function threadMs(thread: number): number {
  if (thread === 0) return performance.now();
  try {
    // pid (name) state ppid … utime stime, the 14th and 15th field (proc(5))
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return performance.now(); // the thread has ended
  }
}
