import { sleep } from '../base/abort.ts';
import { type Clock, systemClock } from '../base/clock.ts';

/** So long is waited for the answer whether the store may stay. */
const PERSIST_MS = 5000;

/**
 * Asks that what the origin stores outlives a shortage of space; false without an answer. Firefox asks the user, who may take long or never
 * answer; Chromium and Safari decide by themselves. Workers cannot ask.
 */
export async function askToPersist(clock: Clock = systemClock): Promise<boolean> {
  const answered = new AbortController();
  try {
    const asking = navigator.storage?.persist?.().catch(() => false);
    return (await Promise.race([asking, sleep(PERSIST_MS, answered.signal, clock)])) ?? false;
  } finally {
    answered.abort();
  }
}
