import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Who writes an asset, seen from one process. The holder is told of by a socket that it listens on, so that with it its lease dies. */
export interface Lease {
  /** True if this process holds it. */
  readonly isHeld: boolean;
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

/**
 * Takes the lease on `key` in the store at `root`, or follows its holder. A lease that cannot be had for other reasons (no folder for
 * sockets) is held by all who ask: what keeps reads right are checksums and journals of one writer each, the lease saves traffic.
 *
 * `onChange` is called in a follower when the holder has stored more, and when this process has become the holder, because the other one
 * let go, died, or was silent for {@link SILENCE_MS}.
 */
export async function takeLease(root: string, key: string, onChange: () => void): Promise<Lease> {
  const lease = new SocketLease(nameOf(root, key), onChange);
  await lease.take(MAX_ATTEMPTS);
  return lease;
}

class SocketLease implements Lease {
  isHeld = false;
  readonly #path: string;
  readonly #onChange: () => void;
  readonly #followers = new Set<net.Socket>();
  #server: net.Server | undefined;
  #holder: net.Socket | undefined;
  #closed = false;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  tell(): void {
    // One that has not read the last word yet will read everything when it does.
    for (const follower of this.#followers) if (follower.writableLength === 0) follower.write('.');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#holder?.destroy();
    for (const follower of this.#followers) follower.destroy();
    const server = this.#server;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async take(attempts: number): Promise<void> {
    for (; attempts > 0 && !this.#closed; attempts--) {
      if (await this.#listen()) break;
      if (await this.#follow()) return;
      await removeStale(this.#path);
    }
    this.isHeld = true;
  }

  /** False if the name is taken, by a living holder or by what a dead one left. */
  #listen(): Promise<boolean> {
    const server = net.createServer((follower) => this.#welcome(follower));
    server.unref();
    return new Promise((resolve) => {
      server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'));
      server.listen(this.#path, () => {
        this.#server = server;
        server.on('error', () => {}); // a follower that could not be accepted will ask again
        resolve(true);
      });
    });
  }

  #welcome(follower: net.Socket): void {
    this.#followers.add(follower);
    follower.unref();
    follower.on('error', () => {}); // 'close' comes next
    follower.on('close', () => this.#followers.delete(follower));
    follower.resume();
  }

  /** False if nobody listens. */
  async #follow(): Promise<boolean> {
    const holder = await connect(this.#path);
    if (!holder) return false;
    this.#holder = holder; // keeps the process alive, as a download of its own would
    let isSilent = false;
    holder.setTimeout(SILENCE_MS, () => {
      isSilent = true;
      holder.destroy();
    });
    holder.on('error', () => {}); // 'close' comes next
    holder.on('data', () => this.#onChange());
    holder.on('close', () => void this.#succeed(isSilent));
    return true;
  }

  async #succeed(isSilent: boolean): Promise<void> {
    if (this.#closed) return;
    if (isSilent) this.isHeld = true;
    else await this.take(MAX_ATTEMPTS);
    if (this.#closed) return this.close();
    this.#onChange(); // also when another follower was faster: the old holder may have stored more than it told
  }
}

/** A connection to whoever listens; undefined if nobody does. */
function connect(name: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(name);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/**
 * Removes the socket file of a dead process. It is moved away first and asked again: another process may have put a living one there since
 * it was looked at. If two come out as holders all the same, they fetch the same bytes twice.
 */
async function removeStale(name: string): Promise<void> {
  if (!path.isAbsolute(name) || process.platform === 'win32') return; // no file
  const aside = `${name}.${randomBytes(4).toString('hex')}`;
  try {
    await fs.rename(name, aside);
  } catch {
    return; // somebody else removes it
  }
  const living = await connect(aside);
  living?.destroy();
  if (living) await fs.link(aside, name).catch(() => {});
  await fs.rm(aside, { force: true });
}

/**
 * A name that goes with its process where there is one: a pipe on Windows, an abstract socket on Linux. Elsewhere a file, outside of the
 * store and short, because such paths end at 103 bytes. Anyone on the machine may take such a name, which costs those who follow
 * {@link SILENCE_MS}.
 */
function nameOf(root: string, key: string): string {
  const name = createHash('sha256').update(`${root}\0${key}`).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\aulos-${name}`;
  if (process.platform === 'linux') return `\0aulos-${name}`;
  return path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), `aulos-${name}`);
}
