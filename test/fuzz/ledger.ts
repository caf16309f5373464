/** What a worker does at this moment. */
export interface Doing {
  readonly target: number;
  /** Number of the execution of that target. */
  readonly execution: number;
}

const COLUMNS = ['executions', 'accepted', 'rejected', 'findings'] as const;
export type Column = (typeof COLUMNS)[number];

/** Per worker: beats, target, execution, thread. */
const WORKER_FIELDS = 4;

/** Counts of all workers and the pulse of each, in memory that outlives a worker which has to be killed. */
export class Ledger {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #workers: number;

  constructor(workers: number, targets: number, buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(4 * (workers * WORKER_FIELDS + targets * COLUMNS.length));
    this.#numbers = new Int32Array(this.buffer);
    this.#workers = workers;
  }

  /** `worker` begins with `doing`. */
  begin(worker: number, { target, execution }: Doing): void {
    const at = worker * WORKER_FIELDS;
    this.#numbers[at + 1] = target;
    this.#numbers[at + 2] = execution;
    Atomics.add(this.#numbers, at, 1);
  }

  /** A number that changes with everything that `worker` begins. */
  beats(worker: number): number {
    return Atomics.load(this.#numbers, worker * WORKER_FIELDS);
  }

  /** What `worker` began with last. */
  doing(worker: number): Doing {
    const at = worker * WORKER_FIELDS;
    return { target: Atomics.load(this.#numbers, at + 1), execution: Atomics.load(this.#numbers, at + 2) };
  }

  /** The number of the thread that `worker` is; 0 before it runs. */
  thread(worker: number): number {
    return Atomics.load(this.#numbers, worker * WORKER_FIELDS + 3);
  }

  /** `worker` runs as `thread`. */
  run(worker: number, thread: number): void {
    Atomics.store(this.#numbers, worker * WORKER_FIELDS + 3, thread);
  }

  count(target: number, column: Column): void {
    Atomics.add(this.#numbers, this.#place(target, column), 1);
  }

  counted(target: number, column: Column): number {
    return Atomics.load(this.#numbers, this.#place(target, column));
  }

  #place(target: number, column: Column): number {
    return this.#workers * WORKER_FIELDS + target * COLUMNS.length + COLUMNS.indexOf(column);
  }
}
