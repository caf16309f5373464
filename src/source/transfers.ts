import type { Transfer } from './transfer.ts';

/** The connections of one asset that are at work. */
export class Transfers {
  #all: readonly Transfer[] = [];

  get all(): readonly Transfer[] {
    return this.#all;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  add(started: readonly Transfer[]): void {
    this.#all = [...this.#all, ...started];
  }

  /** One that has come to its end. */
  remove(ended: Transfer): void {
    this.#all = this.#all.filter((each) => each !== ended);
  }

  end(ended: readonly Transfer[]): void {
    for (const each of ended) each.cancel();
    this.#all = this.#all.filter((each) => !ended.includes(each));
  }

  /** Ends the others of `transfer`, or all. */
  endAllBut(transfer?: Transfer): void {
    this.end(this.#all.filter((each) => each !== transfer));
  }

  isAlone(transfer: Transfer): boolean {
    return this.#all.every((other) => other === transfer);
  }

  /** True if another one than `transfer` brings byte `offset` next. */
  isOtherAt(offset: number, transfer: Transfer): boolean {
    return this.#all.some((other) => other !== transfer && other.start === offset);
  }
}
