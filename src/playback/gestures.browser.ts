/** Events in which browsers let sound start (HTML §6.4.2, activation triggering input events, and Safari's). */
const BEGINNINGS = ['pointerdown', 'pointerup', 'touchend', 'keydown', 'click'];
/** What a gesture ends with. */
const ENDS = ['click', 'keyup'];

/**
 * Calls `onBegin` in the visitor's gestures on the page, and `onEnd` after each of them, when the page has dealt with it: a button that
 * toggles is not to find that somebody else pressed it first. Until `signal` aborts.
 */
export function watchGestures(onBegin: () => void, onEnd: () => void, signal: AbortSignal): void {
  for (const name of BEGINNINGS) addEventListener(name, onBegin, { capture: true, passive: true, signal });
  const later = () => setTimeout(() => signal.aborted || onEnd());
  for (const name of ENDS) addEventListener(name, later, { capture: true, passive: true, signal });
}
