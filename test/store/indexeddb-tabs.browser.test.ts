import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Asset, AssetFacts } from '../../src/store/store.ts';
import { contentAt, expectContent } from '../contracts/asset-store.ts';

// Web Locks, channels and databases do not know which tab a store is in: two stores of one page are to each other as those of two tabs.
// test/browser/tabs.test.ts has the real ones.

const CHUNK = 256 * 1024;
const facts: AssetFacts = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: { etag: '"1"' }, length: 8 * CHUNK };
const name = 'aulos-tabs';
const key = assetKey(facts.url);
const lockName = `aulos/1/${name}/${key}`;
const SILENCE_MS = 5000;

/** The system's clock, but the timers of a follower that hears nothing run when the test says so. */
class SilenceClock {
  readonly #silences = new Map<number, () => void>();
  #ids = 0;
  now = systemClock.now;
  setTimeout = (callback: () => void, ms: number): unknown => {
    if (ms !== SILENCE_MS) return systemClock.setTimeout(callback, ms);
    this.#silences.set(--this.#ids, callback);
    return this.#ids;
  };
  clearTimeout = (id: unknown): void => {
    if (!this.#silences.delete(id as number)) systemClock.clearTimeout(id);
  };

  passSilence(): void {
    const callbacks = [...this.#silences.values()];
    this.#silences.clear();
    for (const callback of callbacks) callback();
  }
}

const deleteDatabase = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });

/** The asset as one tab has it open. */
async function openTab(clock: SilenceClock = new SilenceClock()): Promise<Asset & { closeTab(): Promise<void> }> {
  const store = createIndexedDbStore({ name, clock });
  onTestFinished(async () => {
    await store.close();
    await deleteDatabase();
  });
  return Object.assign(await store.open(key), { closeTab: () => store.close() });
}

async function fill(asset: Asset, start: number, end: number): Promise<void> {
  await asset.write(asset.generation, start, contentAt({ start, end }));
  await asset.flush();
}

/** What a tab that comes later finds stored. */
async function expectStored(end: number): Promise<void> {
  const later = await openTab();
  expect(later.held.toArray()).toEqual([{ start: 0, end }]);
  await expectContent(later, { start: 0, end });
}

function withoutLocks(): void {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  onTestFinished(() => {
    Reflect.deleteProperty(navigator, 'locks');
  });
}

const heldTo = (asset: Asset) => asset.held.heldUntil(0);

describe('IndexedDB store: several tabs', () => {
  test('one leads; the others follow, and hear what is stored without reading the database', async () => {
    const leader = await openTab();
    expect(leader.follows).toBe(false);
    const followers = [await openTab(), await openTab()];
    await leader.begin(facts);
    await expect.poll(() => followers.map(({ generation }) => generation)).toEqual([1, 1]);
    const keysRead = vi.spyOn(IDBObjectStore.prototype, 'getAllKeys');
    onTestFinished(() => keysRead.mockRestore());
    for (let chunk = 0; chunk < 8; chunk++) {
      await fill(leader, chunk * CHUNK, (chunk + 1) * CHUNK);
      for (const follower of followers) await expect.poll(() => heldTo(follower)).toBe((chunk + 1) * CHUNK);
    }
    expect(keysRead).not.toHaveBeenCalled();
    await leader.commit(8 * CHUNK);
    for (const follower of followers) {
      await expect.poll(() => follower.committed).toBe(true);
      await expectContent(follower, { start: 0, end: 8 * CHUNK });
      expect(follower).toMatchObject({ follows: true, volatile: false, facts });
    }
  });

  test('when the leader closes, one follower takes over with the same bytes', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    await fill(leader, 0, 3 * CHUNK);
    const followers = [await openTab(), await openTab()];
    const told = vi.fn();
    followers[0].onChanged = told;
    await leader.closeTab();
    await expect.poll(() => followers[0].follows).toBe(false);
    expect(told).toHaveBeenCalled();
    expect(followers[1].follows).toBe(true);
    await fill(followers[0], 3 * CHUNK, 8 * CHUNK);
    await followers[0].commit(8 * CHUNK);
    await expectStored(8 * CHUNK);
  });

  test('hints that are lost are made up for, with one look at the database in five seconds', async () => {
    const clock = new SilenceClock();
    vi.spyOn(BroadcastChannel.prototype, 'postMessage').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const leader = await openTab();
    await leader.begin(facts);
    const follower = await openTab(clock);
    await fill(leader, 0, 2 * CHUNK);
    clock.passSilence();
    await expect.poll(() => heldTo(follower)).toBe(2 * CHUNK);
    expect(follower.follows).toBe(true);
    await fill(leader, 2 * CHUNK, 3 * CHUNK);
    clock.passSilence();
    await expect.poll(() => heldTo(follower)).toBe(3 * CHUNK);
    expect(follower.follows).toBe(true);
  });

  test('a leader that is frozen does not hold the others up, and follows when it thaws', async () => {
    const clock = new SilenceClock();
    const frozen = await openTab();
    await frozen.begin(facts);
    await fill(frozen, 0, 2 * CHUNK);
    await frozen.write(1, 2 * CHUNK, contentAt({ start: 2 * CHUNK, end: 3 * CHUNK })); // on its way when it froze
    const follower = await openTab(clock);
    clock.passSilence();
    await expect.poll(() => follower.follows).toBe(false);
    await fill(follower, 2 * CHUNK, 7 * CHUNK);

    await frozen.flush();
    await expect.poll(() => frozen.follows).toBe(true);
    await expect.poll(() => heldTo(frozen)).toBe(7 * CHUNK);
    expect(frozen.volatile).toBe(false);
    await fill(follower, 7 * CHUNK, 8 * CHUNK);
    await follower.commit(8 * CHUNK);
    await frozen.describe({ mediaType: 'audio/mpeg' }); // does not know of the commit
    await expectStored(8 * CHUNK);
    expect(await openTab()).toMatchObject({ committed: true });
  });

  test('a leader that was frozen cannot replace what another one has gone on with', async () => {
    const clock = new SilenceClock();
    vi.spyOn(BroadcastChannel.prototype, 'postMessage').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const frozen = await openTab();
    await frozen.begin(facts);
    await fill(frozen, 0, CHUNK);
    const follower = await openTab(clock);
    clock.passSilence();
    await expect.poll(() => follower.follows).toBe(false);
    await fill(follower, CHUNK, 2 * CHUNK);

    const told: string[] = [];
    frozen.onFull = ({ code }) => told.push(code);
    const generation = await frozen.begin({ ...facts, validator: { etag: '"2"' } });
    await frozen.write(generation, 0, contentAt({ start: 0, end: CHUNK }, 2));
    await frozen.flush();
    expect(told).toEqual(['store.locked']);
    await expectContent(frozen, { start: 0, end: CHUNK }, 2); // in memory
    await expectStored(2 * CHUNK);
  });

  test('a stolen lock makes its holder follow; what both write is right', async () => {
    const first = await openTab();
    await first.begin(facts);
    await fill(first, 0, 2 * CHUNK);
    const second = await openTab();
    let release = (): void => {};
    const thief = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stolen = navigator.locks.request(lockName, { steal: true }, () => thief);
    await expect.poll(() => first.follows).toBe(true);
    await fill(first, 2 * CHUNK, 3 * CHUNK);
    release();
    await stolen;
    await expect.poll(() => second.follows).toBe(false); // it waited longest
    expect(first.follows).toBe(true);
    await fill(second, 3 * CHUNK, 4 * CHUNK);
    await expect.poll(() => heldTo(first)).toBe(4 * CHUNK);
    await second.closeTab();
    await expect.poll(() => first.follows).toBe(false);
    await fill(first, 4 * CHUNK, 8 * CHUNK);
    await first.commit(8 * CHUNK);
    await expectStored(8 * CHUNK);
  });

  test('what a follower fetches for itself is stored, and heard of by the leader', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    await fill(leader, 0, CHUNK);
    const follower = await openTab();
    await fill(follower, 5 * CHUNK + 1000, 7 * CHUNK);
    expect(follower.follows).toBe(true);
    await expect.poll(() => leader.held.toArray()[1]).toEqual({ start: 5 * CHUNK + 1000, end: 7 * CHUNK });
    for (const gap of [...leader.held.gaps({ start: 0, end: 8 * CHUNK })]) await fill(leader, gap.start, gap.end);
    await leader.commit(8 * CHUNK);
    expect(leader.follows).toBe(false);
    await expectContent(leader, { start: 0, end: 8 * CHUNK });
    await leader.closeTab();
    await expectStored(8 * CHUNK);
  });

  test('the same bytes in different runs of two tabs are counted once, and kept once after the commit', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    const follower = await openTab();
    await leader.write(1, 0, contentAt({ start: 0, end: CHUNK }));
    await follower.write(1, 1000, contentAt({ start: 1000, end: 2000 }));
    await Promise.all([leader.flush(), follower.flush()]);
    expect([leader.volatile, follower.volatile]).toEqual([false, false]);
    await fill(leader, CHUNK, 8 * CHUNK);
    await leader.commit(8 * CHUNK);
    await leader.closeTab();
    await follower.closeTab();
    const store = createIndexedDbStore({ name });
    expect(await store.stat(key)).toMatchObject({ heldBytes: 8 * CHUNK, committed: true });
    await store.close();
    await expectStored(8 * CHUNK);
  });

  test('without Web Locks the last one that writes leads, and the others follow it', async () => {
    withoutLocks();
    const first = await openTab();
    await first.begin(facts);
    await fill(first, 0, 2 * CHUNK);
    const second = await openTab();
    expect([first.follows, second.follows]).toEqual([false, false]);
    expect(heldTo(second)).toBe(2 * CHUNK);
    await fill(second, 2 * CHUNK, 4 * CHUNK);
    await fill(first, 2 * CHUNK, 3 * CHUNK + 1000);
    await first.write(1, 6 * CHUNK, contentAt({ start: 6 * CHUNK, end: 7 * CHUNK }));
    await first.flush();
    expect(first).toMatchObject({ follows: true, volatile: false });
    await expect.poll(() => second.held.toArray()[1]).toEqual({ start: 6 * CHUNK, end: 7 * CHUNK });
    await fill(second, 4 * CHUNK, 8 * CHUNK);
    await second.commit(8 * CHUNK);
    await expect.poll(() => first.committed).toBe(true);
    await expectStored(8 * CHUNK);
  });

  test('without Web Locks, of two that begin at once one keeps the asset and the other one goes on in memory', async () => {
    withoutLocks();
    const tabs = [await openTab(), await openTab()];
    await Promise.all(tabs.map((tab, i) => tab.begin({ ...facts, validator: { etag: `"${i}"` } })));
    await Promise.all(tabs.map(async (tab, i) => tab.write(tab.generation, 0, contentAt({ start: 0, end: CHUNK }, i + 1))));
    await Promise.all(tabs.map((tab) => tab.flush()));
    expect(tabs.filter((tab) => tab.volatile).length).toBe(1);
    const version = tabs.findIndex((tab) => !tab.volatile) + 1;
    for (const [i, tab] of tabs.entries()) await expectContent(tab, { start: 0, end: CHUNK }, i + 1);
    const later = await openTab();
    await expectContent(later, { start: 0, end: CHUNK }, version);
  });

  test('a generation that the leader replaces is left by the others', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    await fill(leader, 0, 2 * CHUNK);
    const follower = await openTab();
    await leader.begin({ ...facts, validator: { etag: '"2"' } });
    await expect.poll(() => follower.generation).toBe(2);
    expect(follower.held.size).toBe(0);
    await leader.write(2, 0, contentAt({ start: 0, end: CHUNK }, 2));
    await leader.flush();
    await expect.poll(() => heldTo(follower)).toBe(CHUNK);
    await expectContent(follower, { start: 0, end: CHUNK }, 2);
  });

  test('a follower reads a run that has grown since it heard of it', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    await fill(leader, 0, 1000);
    const follower = await openTab();
    vi.spyOn(BroadcastChannel.prototype, 'postMessage').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    await fill(leader, 1000, 5000);
    const healed = vi.fn();
    follower.onHealed = healed;
    await expectContent(follower, { start: 10, end: 990 });
    expect(healed).not.toHaveBeenCalled();
  });

  test('what another tab has open is not evicted for want of room: the one that wants it goes on in memory', async () => {
    const leader = await openTab();
    await leader.begin(facts);
    await fill(leader, 0, 4 * CHUNK);
    const store = createIndexedDbStore({ name, limits: { maxBytes: 5 * CHUNK } });
    onTestFinished(() => store.close());
    const other = await store.open(assetKey('https://example.org/b.mp3'));
    const told: string[] = [];
    other.onFull = ({ code }) => told.push(code);
    await other.begin({ ...facts, url: 'https://example.org/b.mp3' });
    await fill(other, 0, 2 * CHUNK);
    expect(told).toEqual(['store.full']);
    await expectContent(other, { start: 0, end: 2 * CHUNK });
    await expectContent(leader, { start: 0, end: 4 * CHUNK });

    await leader.closeTab();
    const third = await store.open(assetKey('https://example.org/c.mp3'));
    await third.begin({ ...facts, url: 'https://example.org/c.mp3' });
    await fill(third, 0, 2 * CHUNK);
    expect(third.volatile).toBe(false);
    expect(await store.stat(key)).toBe(undefined);
  });

  test('an asset that is open here and in another tab is deleted in neither', async () => {
    const leader = await openTab();
    await leader.begin({ ...facts, length: CHUNK });
    await fill(leader, 0, CHUNK);
    await leader.commit(CHUNK);
    const store = createIndexedDbStore({ name });
    onTestFinished(() => store.close());
    const whole = await store.open(key);
    await expect(store.delete(key)).rejects.toMatchObject({ code: 'store.locked', details: { key } });
    await expectContent(whole, { start: 0, end: CHUNK });
    await leader.closeTab();
    await store.delete(key);
    expect(whole.held.size).toBe(0);
  });

  test('closing leaves no lock, nor a place in its queue', async () => {
    const tabs = [await openTab(), await openTab(), await openTab()];
    await tabs[0].begin(facts);
    for (const tab of [tabs[1], tabs[2], tabs[0]]) await tab.closeTab();
    const named = (locks: LockInfo[] = []) => locks.filter((lock) => lock.name?.startsWith('aulos/'));
    await expect.poll(async () => named((await navigator.locks.query()).held)).toEqual([]);
    expect(named((await navigator.locks.query()).pending)).toEqual([]);
  });

  test('a complete asset is locked by nobody', async () => {
    const first = await openTab();
    await first.begin({ ...facts, length: CHUNK });
    await fill(first, 0, CHUNK);
    await first.commit(CHUNK);
    await first.closeTab();
    const tabs = [await openTab(), await openTab()];
    expect(tabs.map(({ follows, committed }) => ({ follows, committed }))).toEqual(Array(2).fill({ follows: false, committed: true }));
  });
});
