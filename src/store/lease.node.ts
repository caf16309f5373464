import type net from 'node:net';
import { connectTo, isListenedOn, type Listening, listenOn, removeStale, socketName } from './lease-socket.node.ts';

/** What an asset is open for; those who only read it do not wait for each other. */
export type Purpose = 'fetch' | 'read';

/**
 * Who has an asset open and who of them writes it, seen from one process. The holder is told of by a socket that it listens on, so that
 * with it its lease dies.
 */
export interface Lease {
  readonly purpose: Purpose;
  /** True if this process holds it. */
  readonly isHeld: boolean;
  /** True if another process has the asset open too, for whatever purpose. */
  isShared(): Promise<boolean>;
  /** Tells the processes that follow that there is more to read; nothing if there are none. */
  tell(): void;
  /** Lets go; a follower takes over. */
  close(): Promise<void>;
}

/**
 * A holder that is silent for so long is paused, frozen or as badly connected as can be. Whoever waits for its bytes had better fetch them:
 * two that write one asset do no harm, they only fetch more than they need.
 */
const SILENCE_MS = 5000;
/** After so many there is something in the way that will not go. */
const MAX_ATTEMPTS = 8;
const PURPOSES = ['fetch', 'read'] as const;

/**
 * Takes the lease on `key` in the store at `root`, or follows its holder. A lease that cannot be had for other reasons (no folder for
 * sockets) is held by all who ask: what keeps reads right are checksums and journals of one writer each, the lease saves traffic.
 *
 * `onChange` is called in a follower when the holder has stored more, and when this process has become a holder, because the other one
 * let go, died, or was silent for {@link SILENCE_MS}. A silent one may wake again: then there are two.
 */
export async function takeLease(root: string, key: string, purpose: Purpose, onChange: () => void): Promise<Lease> {
  const lease = new SocketLease(root, key, purpose, onChange);
  await lease.take();
  return lease;
}

/** Runs `action` while nobody has the asset open or can open it without waiting; false, and nothing is run, if somebody has. */
export async function whileFree(root: string, key: string, action: () => Promise<void>): Promise<boolean> {
  const leases = PURPOSES.map((purpose) => new SocketLease(root, key, purpose, () => {}));
  try {
    for (const lease of leases) if (!(await lease.takeFree())) return false;
    await action();
    return true;
  } finally {
    for (const lease of leases) await lease.close();
  }
}

class SocketLease implements Lease {
  readonly purpose: Purpose;
  isHeld = false;
  readonly #name: string;
  /** Where those listen who have the asset open for another purpose. */
  readonly #otherNames: string[];
  readonly #onChange: () => void;
  readonly #followers = new Set<net.Socket>();
  #listening: Listening | undefined;
  #holder: net.Socket | undefined;
  #closed = false;

  constructor(root: string, key: string, purpose: Purpose, onChange: () => void) {
    this.purpose = purpose;
    this.#name = socketName(root, key, purpose);
    this.#otherNames = PURPOSES.filter((other) => other !== purpose).map((other) => socketName(root, key, other));
    this.#onChange = onChange;
  }

  async isShared(): Promise<boolean> {
    if (this.#followers.size > 0 || (this.#holder && !this.#holder.destroyed)) return true;
    const listenedOn = await Promise.all(this.#otherNames.map(isListenedOn));
    return listenedOn.includes(true);
  }

  tell(): void {
    // One that has not read the last word yet will read everything when it does.
    for (const follower of this.#followers) if (follower.writableLength === 0) follower.write('.');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#holder?.destroy();
    await this.#letGo();
  }

  /** Becomes the holder or a follower. */
  async take(): Promise<void> {
    await this.#settle(() => this.#follow());
  }

  /** Becomes the holder; false if there is one. */
  async takeFree(): Promise<boolean> {
    return await this.#settle(() => isListenedOn(this.#name));
  }

  /** Listens, unless `isThere` finds somebody who does; false if so. */
  async #settle(isThere: () => Promise<boolean>): Promise<boolean> {
    for (let attempts = MAX_ATTEMPTS; attempts > 0 && !this.#closed; attempts--) {
      try {
        this.#listening = await listenOn(this.#name, (follower) => this.#welcome(follower));
      } catch {
        break; // nobody can listen there
      }
      if (this.#listening) break;
      if (await isThere()) return false;
      await removeStale(this.#name);
    }
    this.isHeld = true;
    return true;
  }

  #welcome(follower: net.Socket): void {
    this.#followers.add(follower);
    follower.unref();
    follower.on('error', () => {}); // 'close' comes next
    follower.on('close', () => {
      this.#followers.delete(follower);
      void this.#stepDownIfReplaced();
    });
    follower.resume();
  }

  /** Whoever took this process for dead has connected to it and left again. */
  async #stepDownIfReplaced(): Promise<void> {
    const listening = this.#listening;
    if (!listening || (await listening.isOurs()) || this.#closed || listening !== this.#listening) return;
    await this.#letGo();
    await this.#succeed();
  }

  async #letGo(): Promise<void> {
    const listening = this.#listening;
    this.#listening = undefined;
    await listening?.giveUp(); // the name is free before those who want it hear of it
    for (const follower of this.#followers) follower.destroy();
    await listening?.close();
  }

  /** False if nobody listens. */
  async #follow(): Promise<boolean> {
    const holder = await connectTo(this.#name);
    if (!holder) return false;
    this.#holder = holder;
    if (this.purpose === 'read') holder.unref(); // else it keeps the process alive, as a download of its own would
    holder.setTimeout(SILENCE_MS, () => this.#goOnWithout(holder));
    holder.on('error', () => {}); // 'close' comes next
    holder.on('data', () => this.#onChange());
    holder.on('close', () => void this.#succeed());
    return true;
  }

  /** The connection stays: it tells when the silent one lets go, and until then that the asset is open there too. */
  #goOnWithout(holder: net.Socket): void {
    holder.setTimeout(0);
    holder.unref();
    this.isHeld = true;
    this.#onChange();
  }

  async #succeed(): Promise<void> {
    if (this.#closed) return;
    this.isHeld = false;
    await this.take();
    if (this.#closed) return this.#letGo();
    this.#onChange(); // also when another follower was faster: the old holder may have stored more than it told
  }
}
