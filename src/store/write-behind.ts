import { type ByteRange, RangeSet } from '../base/ranges.ts';
import { AulosError } from '../errors.ts';
import type { AssetHost } from './asset-host.ts';
import type { Failover } from './failover.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { Volume } from './medium.ts';
import { CHUNK_BYTES } from './record.ts';

/** Back-pressure: a write waits while this much has not reached the medium. */
const MAX_DIRTY_BYTES = 8 * 1024 * 1024;
const BATCH_MS = 1000;

/**
 * The order of what is done to a medium: dirty bytes go there in batches, when there is enough for one or a second has passed, and every
 * other change has its turn between them.
 */
export class WriteBehind {
  readonly #bytes: HeldBytes;
  readonly #volume: Volume;
  readonly #failover: Failover;
  readonly #host: AssetHost;
  #turn: Promise<unknown> = Promise.resolve();
  #draining: Promise<void> | undefined;
  /** The batch that was handed over last, until it is stored, and what is in such batches. */
  #writing: Promise<void> | undefined;
  readonly #underWay = new RangeSet();
  #lastWritten = 0;
  #timer: unknown;

  constructor(bytes: HeldBytes, volume: Volume, failover: Failover, host: AssetHost) {
    this.#bytes = bytes;
    this.#volume = volume;
    this.#failover = failover;
    this.#host = host;
  }

  /** True while so much is dirty that nothing more should be staged before the next {@link drain}. */
  get isBehind(): boolean {
    return !this.#failover.failure && this.#bytes.dirtyBytes >= MAX_DIRTY_BYTES;
  }

  /** Bytes were staged at `offset`. */
  onStaged(offset: number): void {
    this.#lastWritten = offset;
    if (this.#failover.failure || this.#bytes.dirtyBytes === 0) return;
    this.#timer ??= this.#host.clock.setTimeout(() => void this.flush(), BATCH_MS);
    if (this.#bytes.dirtyBytes - this.#underWay.size >= this.#host.medium.batchBytes) void this.drain();
  }

  /**
   * Hands a batch to the medium; single flight. Resolves when it is stored or, where the medium takes batches ahead, when those before it
   * are. The chunk that is being filled stays behind if there is more, so that it is written once and whole.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#afterTurn(async () => {
      const idle = this.#bytes.dirtyRanges().flatMap((range) => [...this.#underWay.gaps(range)]);
      const whole = idle.filter((range) => range.end % CHUNK_BYTES === 0 || !contains(range, this.#lastWritten));
      const before = this.#writing;
      if (idle.length > 0) this.#writing = this.#storeBeside(before, whole.length > 0 ? whole : idle);
      await (this.#host.medium.takesBatchesAhead ? before : this.#writing);
    }).finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Stores all that is dirty, and makes it durable. */
  async flush(): Promise<void> {
    this.#host.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.inTurn(() => this.flushInTurn());
  }

  /** As {@link flush}, as a part of a change. */
  async flushInTurn(): Promise<void> {
    while (!this.#failover.failure && this.#bytes.dirtyBytes > 0) await this.#store(this.#bytes.dirtyRanges());
    this.#bytes.rest();
    await this.#failover.run(() => this.#volume.sync());
  }

  /** Changes of the medium come one after the other, with no batch under way; a failed one does not hold up the next. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#afterTurn(async () => {
      await this.#writing?.catch(() => {});
      return await change();
    });
  }

  /** As {@link inTurn}, but batches may still be under way. */
  #afterTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Stores ranges while those `before` are being stored; resolves when both are. */
  #storeBeside(before: Promise<void> | undefined, ranges: readonly ByteRange[]): Promise<void> {
    for (const range of ranges) this.#underWay.add(range);
    const storing = this.#store(ranges).finally(() => {
      for (const range of ranges) this.#underWay.delete(range);
    });
    const both = Promise.all([before, storing])
      .then(() => {})
      .finally(() => {
        if (this.#writing === both) this.#writing = undefined;
      });
    return both;
  }

  async #store(ranges: readonly ByteRange[]): Promise<void> {
    if (ranges.length === 0) return;
    if (!this.#failover.failure && !(await this.#host.makeRoom(false))) {
      this.#failover.fail(new AulosError('store.full', { needed: this.#bytes.dirtyBytes }, 'the limits of the store leave no room'));
    }
    const pieces = ranges.map((range) => this.#bytes.pieceOf(range));
    await this.#failover.run(async () => {
      await this.#volume.write(pieces);
      this.#bytes.settle(ranges, pieces);
    });
  }
}

const contains = ({ start, end }: ByteRange, offset: number): boolean => start <= offset && offset < end;
