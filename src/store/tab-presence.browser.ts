import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';

/** That something is open in this tab, as the others see it. */
export interface TabPresence {
  /** True if it is open in another tab or worker too, or to somebody else in this one. */
  isShared(): Promise<boolean>;
  leave(): void;
}

/** A deletion takes less. One that still goes on then is of a frozen tab: what it takes away later is found missing, and fetched again. */
const DELETION_MS = 2000;

/**
 * Says that what `name` stands for is open here, once nobody is deleting it, by a Web Lock that all may share: the browser takes it back
 * from a tab that dies. Where there are no Web Locks (a page over plain http) nobody sees anybody.
 */
export async function enter(name: string, clock: Clock): Promise<TabPresence> {
  const { locks }: { locks?: LockManager } = navigator;
  if (!locks) return { isShared: async () => false, leave() {} };
  const left = new AbortController();
  const hasEntered = new Promise<void>((resolve) => {
    const untilLeft = (): Promise<void> => {
      resolve();
      return new Promise((leave) => left.signal.addEventListener('abort', () => leave(), { once: true }));
    };
    // What fails is a page that may not have locks, or one that left before it had entered.
    locks.request(name, { mode: 'shared', signal: left.signal }, untilLeft).catch(() => resolve());
  });
  const entered = new AbortController();
  await Promise.race([hasEntered, sleep(DELETION_MS, entered.signal, clock)]).finally(() => entered.abort());
  return { isShared: async () => (await holdersOf(locks, name)) > 1, leave: () => left.abort() };
}

/** Runs `action` while `name` is open nowhere; false, and nothing is run, if it is open somewhere. */
export async function whileAbsent(name: string, action: () => Promise<void>): Promise<boolean> {
  const { locks }: { locks?: LockManager } = navigator;
  let isFree = false;
  const run = async (lock: Lock | null): Promise<void> => {
    isFree = lock !== null;
    if (isFree) await action();
  };
  if (locks && (await mayHaveLocks(locks))) await locks.request(name, { ifAvailable: true }, run);
  else return action().then(() => true);
  return isFree;
}

async function holdersOf(locks: LockManager, name: string): Promise<number> {
  const { held = [] } = await locks.query();
  return held.filter((lock) => lock.name === name).length;
}

/** Opaque origins may not. */
const mayHaveLocks = (locks: LockManager): Promise<boolean> =>
  locks.query().then(
    () => true,
    () => false,
  );
