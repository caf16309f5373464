import type { Failover } from './failover.ts';
import type { Volume } from './medium.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/** The sidecars of one generation: on the medium, or in memory when that has failed. */
export class Sidecars {
  readonly #volume: Volume;
  readonly #failover: Failover;
  readonly #inMemory = new Map<string, Uint8Array>();

  constructor(volume: Volume, failover: Failover) {
    this.#volume = volume;
    this.#failover = failover;
  }

  /** `isStored` is true if the medium has this generation. */
  async read(name: string, isStored: boolean): Promise<Uint8Array | undefined> {
    return this.#inMemory.get(name) ?? (isStored ? await this.#volume.readSidecar(name) : undefined);
  }

  /** Takes over `bytes`. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#failover.run(() => this.#volume.writeSidecar(name, bytes));
    if (this.#failover.failure) this.#inMemory.set(name, bytes);
  }

  /** Forgets those in memory: another generation comes. */
  clear(): void {
    this.#inMemory.clear();
  }
}

/** @throws RangeError if no sidecar may have this name, or this length. */
export function assertSidecar(name: string, length = 0): void {
  if (!/^[a-z0-9-]{1,32}$/.test(name)) throw new RangeError(`a sidecar's name is 1-32 characters of [a-z0-9-], not "${name}"`);
  if (length > MAX_BYTES) throw new RangeError(`a sidecar holds at most ${MAX_BYTES} bytes, not ${length}`);
}
