import { loadPart } from '../base/part.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { RangeResponse } from '../net/client.ts';
import type { Asset } from '../store/store.ts';
import { Announcer } from './announcer.ts';
import { factsOf } from './answer.ts';
import type { LiveRing } from './live-ring.ts';

/** New versions that are begun on the way to Complete. A resource that changes more often is not one that can be downloaded. */
const MAX_RENEWALS = 8;

/** Who is told what is learned. */
export interface ResourceListener {
  /** A new version of what was held has begun. */
  readonly onGeneration: () => void;
  /** The length was looked at: it may be another, or known at last. */
  readonly onLength: (length: number | undefined) => void;
  /** It turned out to have no end. */
  readonly onLive: () => void;
}

/** What is fetched, as far as it is known: which version it is, how long, and where its bytes are. What it learns it records and tells. */
export class Resource {
  readonly asset: Asset;
  readonly announcer: Announcer;
  /** Why the store takes no more: the asset will never be complete here. */
  fullCause: AulosError | undefined;
  readonly #events: EventScope;
  readonly #listener: ResourceListener;
  #live: LiveRing | undefined;
  #renewals = 0;
  /** A digest has said that what came was wrong; it is being fetched once more. */
  #wasDisproved = false;

  constructor(asset: Asset, events: EventScope, listener: ResourceListener) {
    this.asset = asset;
    this.announcer = new Announcer(events, asset.generation);
    this.#events = events;
    this.#listener = listener;
  }

  /** What can be read. */
  get bytes(): Pick<Asset, 'generation' | 'facts' | 'held' | 'committed' | 'read'> {
    return this.#live ?? this.asset;
  }

  /** Where the bytes are once there is no end to them. */
  get live(): LiveRing | undefined {
    return this.#live;
  }

  get length(): number | undefined {
    return this.bytes.facts?.length;
  }

  /** True if every byte of a known length is held. */
  get isWhole(): boolean {
    return this.length !== undefined && this.length > 0 && this.asset.held.contains({ start: 0, end: this.length });
  }

  /** What is held goes on with this, if it is believed. */
  get validator() {
    const { facts } = this.asset;
    return facts?.unverified ? undefined : facts?.validator;
  }

  /** Begins a generation with this answer to a request for `url`, and gives its number. @throws AulosError `asset.changed`, for the last of many */
  async begin(response: RangeResponse, url: string): Promise<number> {
    const isRenewal = this.asset.generation > 0;
    const generation = await this.#begin(response, url);
    if (isRenewal && ++this.#renewals > MAX_RENEWALS) throw restless(response.url);
    this.tell();
    return generation;
  }

  /** As {@link begin}, where somebody asked whether there is another version: that there is one is no sign of unrest. */
  async replace(response: RangeResponse, url: string): Promise<void> {
    await this.#begin(response, url);
    this.tell();
  }

  /** From now on its bytes are in `ring`, which begins with `start` bytes of the asset. */
  async goLive(ring: LiveRing, start: number, url: string): Promise<void> {
    if (start === 0 && this.asset.generation > 0) await this.asset.evict();
    this.#live = ring;
    this.#events.publish('source.live', { url: redactUrl(url) });
    this.tellGeneration();
    this.#listener.onLive();
  }

  /** Notes what an accepted answer tells of its length. */
  async learn({ total = 0, unverifiedRange }: RangeResponse): Promise<void> {
    const { facts } = this.asset;
    const isNews = facts?.length === undefined || (facts.lengthClaimed && (!unverifiedRange || total > facts.length));
    if (unverifiedRange && !facts?.unverified) await this.asset.describe({ unverified: true });
    if (!isNews || total === 0) return;
    await this.asset.describe({ length: total, lengthClaimed: unverifiedRange || undefined });
    this.tellLength();
  }

  /** It ended cleanly after `length` bytes. */
  async ended(length: number): Promise<void> {
    if (this.length !== undefined) return;
    await this.asset.describe({ length, unverified: true });
    this.tellLength();
  }

  /** It was asked where it ends: after `length` bytes, or not before. */
  async endsAt(length: number, isClaimed: boolean): Promise<void> {
    await this.asset.describe({ length, lengthClaimed: isClaimed || undefined });
    this.tellLength();
  }

  /** Its validators are not believed any more. */
  async distrust(): Promise<void> {
    if (this.asset.generation > 0) await this.asset.describe({ unverified: true });
  }

  /** Lets go of bytes of which some are wrong, nobody knows which. False for the second time in a row: the server has no others. */
  async disprove(): Promise<boolean> {
    await this.asset.evict();
    if (this.#wasDisproved) return false;
    this.#wasDisproved = true;
    return true;
  }

  /** What changed until now is forgiven. */
  forgive(): void {
    this.#renewals = 0;
    this.#wasDisproved = false;
  }

  /** Tells what may be new. */
  tell(): void {
    this.tellGeneration();
    this.tellLength();
  }

  tellGeneration(): void {
    this.announcer.generation(this.bytes.generation, this.#listener.onGeneration);
  }

  tellLength(): void {
    this.announcer.length(this.length);
    this.#listener.onLength(this.length);
  }

  async #begin(response: RangeResponse, url: string): Promise<number> {
    const promise = response.headers['repr-digest'];
    const digest = promise ? (await loadPart('digests', () => import('../net/digest-field.ts'))).parseDigest(promise) : undefined;
    return await this.asset.begin({ ...factsOf(response, url, this.asset), digest, confirmedAt: Date.now() });
  }
}

function restless(from: string): AulosError {
  const url = redactUrl(from);
  return new AulosError('asset.changed', { url }, `${url} changes faster than it can be downloaded`);
}
