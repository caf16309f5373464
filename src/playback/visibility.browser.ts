import { watchLeave } from '../base/page-leave.browser.ts';

/**
 * Sound that is decoded ahead while the page can be seen, seconds: more than the two that make it ready to play through. The less it is,
 * the sooner a change is heard.
 */
const VISIBLE_SECONDS = 3;
/** The same while it is hidden: browsers then run it more rarely. */
const HIDDEN_SECONDS = 10;

/** What a page's visibility changes. */
export interface VisibilityListener {
  /** So much is to be decoded ahead, from now on. */
  onAhead(seconds: number): void;
  /** The page may be about to end. */
  onLeave(): void;
}

/** Tells what to do now, and when the page is hidden, seen again, or left, until `signal` aborts. */
export function watchVisibility({ onAhead, onLeave }: VisibilityListener, signal: AbortSignal): void {
  const look = () => onAhead(document.visibilityState === 'hidden' ? HIDDEN_SECONDS : VISIBLE_SECONDS);
  look();
  document.addEventListener('visibilitychange', look, { signal });
  watchLeave(onLeave, signal);
}
