/** How long a loop over ready data holds the thread before it lets go, ms: half of what it may, as its steps take time too. */
const SLICE_MS = 4;

/**
 * Gives a loop whose data is always ready the manners of one that waits: `await breathe()` lets timers, I/O and messages run when the
 * loop has held the thread for 4 ms, and costs next to nothing otherwise. It goes on when what `rest` gives resolves. Default: with the next task.
 */
export function createBreather(rest = nextTask): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined;
    return rest().then(() => {
      since = performance.now();
    });
  };
}

/** Resolves in a later task. Timers would do, but browsers clamp them to 4 ms. */
export function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
