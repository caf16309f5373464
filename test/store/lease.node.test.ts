import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Wake } from '../../src/base/wake.ts';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import { takeLease } from '../../src/store/lease.node.ts';
import { contentAt, factsOf, findWrongByte, SIZE } from '../sweeps/scenarios.mjs';
import { bundleStore } from '../sweeps/store-bundle.mjs';

const STEP = 65_536;
const program = fileURLToPath(new URL('fetcher.mjs', import.meta.url));
const base = await mkdtemp(path.join(os.tmpdir(), 'aulos-lease-'));
const bundle: string = await bundleStore(base);
const key = assetKey('https://example.org/sweep.mp3');
const processes: Fetcher[] = [];

afterEach(() => {
  for (const fetcher of processes.splice(0)) fetcher.child.kill('SIGKILL');
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** A process that fetches one asset step by step. */
class Fetcher {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: string[] = [];
  #seen = 0;
  readonly #said = new Wake();

  constructor(root: string, platform: string = process.platform) {
    this.child = spawn(process.execPath, [program, bundle, root, platform]);
    this.child.stderr.pipe(process.stderr);
    let rest = '';
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
      this.#said.signal();
    });
    processes.push(this);
  }

  /** The next line that begins with `beginning`, after the one that this gave last. */
  async next(beginning: string): Promise<string> {
    for (let at = this.#seen; ; ) {
      const { count } = this.#said;
      for (; at < this.lines.length; at++) {
        if (!this.lines[at].startsWith(beginning)) continue;
        this.#seen = Math.max(this.#seen, at + 1);
        return this.lines[at];
      }
      await this.#said.after(count);
    }
  }

  say(word: string): void {
    this.child.stdin.write(`${word}\n`);
  }

  async step(): Promise<string> {
    this.say('step');
    return await this.next('stored');
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    const exit = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill(signal);
    return exit;
  }

  /** Lets it close its store. Gives where it read a wrong byte. */
  async end(): Promise<string> {
    const exit = new Promise((resolve) => this.child.once('exit', resolve));
    this.say('end');
    const wrong = await this.next('wrong');
    await exit;
    return wrong;
  }

  get stored(): number[] {
    return this.lines.filter((line) => line.startsWith('stored')).map((line) => Number(line.split(' ')[1]));
  }
}

const newRoot = async (): Promise<string> => path.join(await mkdtemp(path.join(base, 'root-')), 'store');

async function expectWhole(root: string): Promise<void> {
  const store = createDiskStore({ root });
  const asset = await store.open(key);
  expect(asset).toMatchObject({ committed: true, generation: 1 });
  expect(asset.held.size).toBe(SIZE);
  expect(await findWrongByte(asset)).toBe(undefined);
  await store.close();
}

const platforms = process.platform === 'linux' ? ['linux', 'darwin'] : [process.platform];

describe.each(platforms)('two processes and one asset, with the sockets of %s', (platform) => {
  const own = process.platform;
  let sockets: string;
  beforeEach(async () => {
    sockets = await mkdtemp(path.join(base, 's-')); // a short path: that of a socket ends at 103 bytes
    vi.stubEnv('XDG_RUNTIME_DIR', sockets);
    Object.defineProperty(process, 'platform', { value: platform });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    Object.defineProperty(process, 'platform', { value: own });
  });

  test('one fetches, the other follows, and completes it when the first is killed', async () => {
    const root = await newRoot();
    const one = new Fetcher(root, platform);
    await one.next('leads 0 0');
    const two = new Fetcher(root, platform);
    await two.next('follows 0 0');
    for (let i = 1; i <= 3; i++) {
      await one.step();
      await two.next(`follows 1 ${i * STEP}`);
    }
    two.say('step');
    await two.next('follows');
    expect(two.stored).toEqual([]);
    await one.kill('SIGKILL');
    await two.next(`leads 1 ${3 * STEP}`);
    await two.step();
    expect(two.stored).toEqual([3 * STEP]);
    two.say('complete');
    await two.next(`leads 1 ${SIZE}`);
    expect(await two.end()).toBe('wrong ');
    await expectWhole(root);
  });

  test('the follower takes over at once when the first lets go', async () => {
    const root = await newRoot();
    const one = new Fetcher(root, platform);
    await one.next('leads');
    const two = new Fetcher(root, platform);
    await two.next('follows');
    await one.step();
    one.say('end');
    await two.next(`leads 1 ${STEP}`);
    two.say('complete');
    await two.next(`leads 1 ${SIZE}`);
    await two.end();
    await expectWhole(root);
  });

  test('of many that start at the same moment one leads', async () => {
    const root = await newRoot();
    const fetchers = Array.from({ length: 5 }, () => new Fetcher(root, platform));
    const states = await Promise.all(fetchers.map(async (fetcher) => [fetcher, await fetcher.next('')] as const));
    const leaders = states.filter(([, state]) => state.startsWith('leads')).map(([fetcher]) => fetcher);
    expect(leaders.length).toBe(1);
    await leaders[0].step();
    const followers = fetchers.filter((fetcher) => fetcher !== leaders[0]);
    await Promise.all(followers.map((fetcher) => fetcher.next(`follows 1 ${STEP}`)));
    await leaders[0].kill('SIGKILL');
    const next = await Promise.race(followers.map(async (fetcher) => [fetcher, await fetcher.next('leads 1')] as const));
    next[0].say('complete');
    await Promise.all(followers.map((fetcher) => fetcher.next(`${fetcher === next[0] ? 'leads' : 'follows'} 1 ${SIZE}`)));
    expect(followers.filter((fetcher) => fetcher.lines.some((line) => line.startsWith('leads'))).length).toBe(1);
    await next[0].end();
    await expectWhole(root);
  });

  test('a process that was killed is in nobody’s way, and leaves nothing once the next one ends', async () => {
    const root = await newRoot();
    const one = new Fetcher(root, platform);
    await one.next('leads');
    expect((await readdir(sockets)).length).toBe(platform === 'darwin' ? 1 : 0);
    await one.step();
    await one.kill('SIGKILL');
    const two = new Fetcher(root, platform);
    await two.next(`leads 1 ${STEP}`);
    two.say('complete');
    await two.next(`leads 1 ${SIZE}`);
    await two.end();
    await expectWhole(root);
    expect(await readdir(sockets)).toEqual([]);
  });

  test('what one has open the other cannot delete, evict or trim', async () => {
    const root = await newRoot();
    const one = new Fetcher(root, platform);
    await one.next('leads');
    await one.step();
    await expectKept(root, STEP);
    one.say('complete');
    await one.next(`leads 1 ${SIZE}`);
    await expectKept(root, SIZE); // whole, but opened to fetch
    const two = new Fetcher(root, platform);
    await two.next(`leads 1 ${SIZE}`);
    await one.end();
    await expectKept(root, SIZE); // opened to read
    await two.end();
    const store = createDiskStore({ root });
    await store.delete(key);
    expect(await store.list()).toEqual([]);
    await store.close();
  });
});

/** Tries to get rid of the asset in all ways there are. */
async function expectKept(root: string, heldBytes: number): Promise<void> {
  const store = createDiskStore({ root, durability: 'none', limits: { maxAssets: 1 } });
  await expect(store.delete(key)).rejects.toMatchObject({ code: 'store.locked' });
  await store.clear();
  expect(await store.trim(0)).toBe(heldBytes);
  const other = await store.open(assetKey('https://example.org/other'));
  await other.begin(factsOf(1));
  await other.write(1, 0, contentAt({ start: 0, end: 1000 }, 1));
  await other.close();
  const asset = await store.open(key);
  expect(asset.held.size).toBe(heldBytes);
  await expect(store.delete(key)).rejects.toMatchObject({ code: 'store.locked' });
  await asset.close();
  await store.trim(heldBytes);
  expect((await store.list()).map((stat) => stat.key)).toEqual([key]);
  await store.close();
}

describe('two processes, one of which freezes', () => {
  test('a frozen process does not hold the others up, and does no harm when it thaws', async () => {
    const root = await newRoot();
    const one = new Fetcher(root);
    await one.next('leads');
    const two = new Fetcher(root);
    await two.next('follows');
    await one.step();
    await two.next(`follows 1 ${STEP}`);
    one.child.kill('SIGSTOP');
    await two.next(`leads 1 ${STEP}`); // after 5 s
    await two.step();
    await two.step();
    one.child.kill('SIGCONT');
    await one.step();
    expect(one.stored).toEqual([0, STEP]);
    one.say('complete');
    two.say('complete');
    await Promise.all([one.next(`leads 1 ${SIZE}`), two.next(`leads 1 ${SIZE}`)]);
    for (const fetcher of [one, two]) {
      expect(await fetcher.end()).toBe('wrong ');
    }
    await expectWhole(root);
  });
});

describe('a lease', () => {
  const nothing = (): void => {};

  test('of another store or another key is another one', async () => {
    const [a, b] = [await newRoot(), await newRoot()];
    const leases = [
      await takeLease(a, key, 'fetch', nothing),
      await takeLease(b, key, 'fetch', nothing),
      await takeLease(a, `${key}x`, 'fetch', nothing),
      await takeLease(a, key, 'read', nothing),
    ];
    expect(leases.map(({ isHeld }) => isHeld)).toEqual([true, true, true, true]);
    for (const lease of leases) await lease.close();
  });
});
