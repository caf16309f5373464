import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import { type PhaseMachine, phaseAt } from './phase.ts';
import type { Resource } from './resource.ts';
import type { Readiness } from './source.ts';

/** How it stands with an asset that is fetched: what there is to read, what a read would meet, and what has ended the download. */
export class Standing {
  /** True while nothing is given out, because the server is asked whether what is held is still its version. */
  isHeldBack = false;
  isClosed = false;
  readonly #resource: Resource;
  readonly #phase: PhaseMachine;
  readonly #events: EventScope;
  #error: AulosError | undefined;

  constructor(resource: Resource, phase: PhaseMachine, events: EventScope) {
    this.#resource = resource;
    this.#phase = phase;
    this.#events = events;
  }

  /** What can be read. */
  get bytes(): Resource['bytes'] {
    return this.#resource.bytes;
  }

  get length(): number | undefined {
    return this.#resource.length;
  }

  get isLive(): boolean {
    return this.#resource.live !== undefined;
  }

  /** Where a reader begins that comes now. */
  get joinAt(): number {
    return this.#resource.live?.joinAt ?? 0;
  }

  /** What a station says it plays at byte `offset`. */
  titleAt(offset: number): string | undefined {
    return this.#resource.live?.titles.at(offset);
  }

  get error(): AulosError | undefined {
    return this.#error;
  }

  /** Why the store takes no more: the asset will never be complete here. */
  get fullCause(): AulosError | undefined {
    return this.#resource.fullCause;
  }

  /** True if nothing will be fetched any more, unless somebody tries again. */
  get isOver(): boolean {
    return this.isClosed || this.#error !== undefined;
  }

  readinessOf(range: ByteRange): Readiness {
    if (this.isHeldBack && !this.isClosed) return { name: 'waiting', missing: range };
    const { bytes, length, live } = this.#resource;
    const { held, committed } = bytes;
    const state = phaseAt(range, { held, length, committed, error: this.#error, closed: this.isClosed });
    const refusal = state.name === 'waiting' && live?.refusal(range);
    return refusal ? { name: 'failed', error: refusal } : state;
  }

  /** Enters Failed. */
  fail(error: AulosError): void {
    this.#error = error;
    this.#phase.move('failed');
    this.#events.publish('source.failed', { error });
  }

  /** Leaves Failed; false if there is nothing to leave. */
  recover(): boolean {
    if (!this.#error || this.isClosed) return false;
    this.#error = undefined;
    this.#phase.move('downloading');
    return true;
  }
}

/** What has ended the download of `from`: an error of ours says so itself. */
export function endOf(from: string, reason: unknown): AulosError {
  if (isAulosError(reason)) return reason;
  const url = redactUrl(from);
  return new AulosError('asset.integrity', { url }, `the download of ${url} broke down`, { cause: reason });
}
