import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import { AulosError } from '../errors.ts';
import type { SharedAsset } from './shared-asset.ts';
import type { Asset, AssetFacts } from './store.ts';

/** One opener's hold on a shared asset; dead once closed. */
export class AssetHandle implements Asset {
  onHealed: ((range: ByteRange) => void) | undefined;
  onFull: ((cause: AulosError) => void) | undefined;
  onChanged: (() => void) | undefined;
  readonly #shared: SharedAsset;
  readonly #release: () => Promise<void>;
  #closing: Promise<void> | undefined;

  /** `release` runs once, at the first `close`. */
  constructor(shared: SharedAsset, release: () => Promise<void>) {
    this.#shared = shared;
    this.#release = release;
    shared.handles.add(this);
  }

  get key(): string {
    return this.#shared.key;
  }

  get generation(): number {
    return this.#shared.generation;
  }

  get facts(): AssetFacts | undefined {
    return this.#shared.facts;
  }

  get held(): ReadonlyRangeSet {
    return this.#shared.held;
  }

  get committed(): boolean {
    return this.#shared.committed;
  }

  get volatile(): boolean {
    return this.#shared.volatile;
  }

  get failure(): AulosError | undefined {
    return this.#shared.failure;
  }

  get follows(): boolean {
    return this.#shared.follows;
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return await this.#alive().read(range, signal);
  }

  async begin(facts: AssetFacts): Promise<number> {
    return await this.#alive().begin(facts);
  }

  async describe(facts: Partial<AssetFacts>): Promise<void> {
    await this.#alive().describe(facts);
  }

  write(generation: number, offset: number, bytes: Uint8Array): Promise<void> {
    if (this.#closing) return Promise.reject(closedError());
    return this.#shared.write(generation, offset, bytes);
  }

  async flush(): Promise<void> {
    await this.#alive().flush();
  }

  async commit(length: number): Promise<void> {
    await this.#alive().commit(length);
  }

  async evict(): Promise<void> {
    await this.#alive().evict();
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    return await this.#alive().readSidecar(name);
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    await this.#alive().writeSidecar(name, bytes);
  }

  async pin(pinned: boolean): Promise<void> {
    await this.#alive().pin(pinned);
  }

  close(): Promise<void> {
    this.#closing ??= this.#letGo();
    return this.#closing;
  }

  async #letGo(): Promise<void> {
    this.#shared.handles.delete(this);
    await this.#release();
  }

  #alive(): SharedAsset {
    if (this.#closing) throw closedError();
    return this.#shared;
  }
}

function closedError(): AulosError {
  return new AulosError('store.unavailable', { reason: 'closed' }, 'the asset handle was closed');
}
