/**
 * Calls `onLeave` whenever the page may be about to end, until `signal` aborts: when it is hidden, which on phones is the last that it sees,
 * and when it is left. A hidden page goes on; of one that is left only what needs no answer from outside is sure to be done. A worker hears
 * nothing of either.
 */
export function watchLeave(onLeave: () => void, signal: AbortSignal): void {
  if (typeof document === 'undefined') return;
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && onLeave(), { signal });
  addEventListener('pagehide', onLeave, { signal });
}
