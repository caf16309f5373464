/**
 * Work that is done in steps: between two of them the thread may be given to others, as none of them takes long, even where an engine runs
 * its code for the first time.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Takes all steps at once. */
export function takeAll<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Gives others the thread when it has been held for long, see `createBreather`. */
export type Breather = () => Promise<void> | undefined;

/** Takes the steps with a breath between them. */
export async function takeCalmly<T>(steps: Steps<T>, breathe: Breather): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    const pause = breathe();
    if (pause) await pause;
  }
}
