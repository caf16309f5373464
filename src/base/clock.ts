/** Where time comes from, so that tests can own it. Monotonic: the wall clock may jump, this one does not. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};
