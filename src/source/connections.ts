import { PURPOSES, type Purpose } from './plan.ts';

/** How many connections may be at work at once. */
export interface ConnectionLimits {
  /** @default 6, as in browsers, which would hold the seventh back themselves */
  readonly perOrigin: number;
  /** @default 24 */
  readonly total: number;
}

const defaultLimits: ConnectionLimits = { perOrigin: 6, total: 24 };

/** Who asks for a connection. */
export interface Applicant {
  /** Of the URL that is asked; redirects do not count. */
  readonly origin: string;
  /** How much it matters at the moment; looked at whenever there is a choice. */
  urgency(): Purpose;
  /** Asked of a holder of urgency `fill` while something more urgent waits: ends its connection and applies again. */
  giveWay(): void;
}

interface Waiting {
  readonly applicant: Applicant;
  admit(): void;
}

/**
 * The connections that all assets of a library share. The most urgent applicant comes first, the oldest of them before the others, and one
 * whose origin is full holds nobody else up. What a reader waits for does not wait for the end of a download in the background: that one
 * gives way.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #waiting = new Set<Waiting>();
  readonly #holders = new Set<Applicant>();
  readonly #leaving = new Set<Applicant>();

  constructor(limits: Partial<ConnectionLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Resolves when `applicant` may connect; it calls what it is given when the connection has ended. @throws `signal.reason`, at once. */
  enter(applicant: Applicant, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const admit = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(() => this.#leave(applicant));
      };
      const waiting = { applicant, admit };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiting);
      this.look();
    });
  }

  /** Admits whom there is room for. To be called when the urgency of somebody who waits has grown. */
  look(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      this.#waiting.delete(next);
      this.#holders.add(next.applicant);
      next.admit();
    }
    this.#makeWay();
  }

  #leave(applicant: Applicant): void {
    this.#leaving.delete(applicant);
    if (this.#holders.delete(applicant)) this.look();
  }

  #next(): Waiting | undefined {
    const isAllFull = this.#holders.size >= this.#limits.total;
    return isAllFull ? undefined : mostUrgent([...this.#waiting].filter(({ applicant }) => !this.#isFull(applicant.origin)));
  }

  #isFull(origin: string): boolean {
    return [...this.#holders].filter((holder) => holder.origin === origin).length >= this.#limits.perOrigin;
  }

  /** Has one background download end for each one that somebody waits for. */
  #makeWay(): void {
    const leaving = [...this.#leaving];
    for (const { applicant } of this.#waiting) {
      if (applicant.urgency() === 'fill') continue;
      const wouldHelp = ({ origin }: Applicant) => !this.#isFull(applicant.origin) || origin === applicant.origin;
      const expected = leaving.findIndex(wouldHelp);
      if (expected >= 0) leaving.splice(expected, 1);
      else this.#ask([...this.#holders].findLast((holder) => this.#isIdle(holder) && wouldHelp(holder)));
    }
  }

  #isIdle(holder: Applicant): boolean {
    return !this.#leaving.has(holder) && holder.urgency() === 'fill';
  }

  #ask(holder: Applicant | undefined): void {
    if (!holder) return;
    this.#leaving.add(holder);
    holder.giveWay();
  }
}

function mostUrgent(waiting: readonly Waiting[]): Waiting | undefined {
  const rank = ({ applicant }: Waiting) => PURPOSES.indexOf(applicant.urgency());
  return waiting.reduce<Waiting | undefined>((best, each) => (best && rank(best) <= rank(each) ? best : each), undefined);
}
