import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/**
 * A name that goes with its process where there is one: a pipe on Windows, an abstract socket on Linux. Elsewhere a file, outside of the
 * store and short, because such paths end at 103 bytes. Anyone on the machine may take such a name, which costs those who follow it some
 * seconds of waiting.
 */
export function socketName(...parts: string[]): string {
  const name = createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\aulos-${name}`;
  if (process.platform === 'linux') return `\0aulos-${name}`;
  return path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), `aulos-${name}`);
}

/** A name that this process listens on. */
export interface Listening {
  /** False when another process has taken the name since; a file can be moved away, by one that took its owner for dead. */
  isOurs(): Promise<boolean>;
  /** Gives a file's name back; other names are given back by closing. */
  giveUp(): Promise<void>;
  /** Resolves when all connections have ended. */
  close(): Promise<void>;
}

/**
 * Listens on `name`; undefined if it is taken, by a living process or by what a dead one left. It does not keep the process alive.
 * @throws the system's error if nobody can listen there
 */
export async function listenOn(name: string, onConnection: (socket: net.Socket) => void): Promise<Listening | undefined> {
  const server = net.createServer(onConnection);
  server.unref();
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  if (!isFile(name)) return (await listens(server, name)) ? { isOurs: async () => true, giveUp: async () => {}, close } : undefined;
  // Under a name of its own first: a server takes away its file when it closes, whoever's the file of that name is by then.
  const own = besides(name);
  if (!(await listens(server, own))) return undefined;
  const inode = await inodeOf(own);
  const isOurs = async () => (await inodeOf(name)) === inode;
  try {
    await fs.link(own, name);
    await fs.rm(own, { force: true });
  } catch (error) {
    await close();
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  return {
    isOurs,
    async giveUp() {
      if (await isOurs()) await fs.rm(name, { force: true });
    },
    close,
  };
}

/** False if the name is taken. */
function listens(server: net.Server, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(name, () => {
      server.removeAllListeners('error');
      server.on('error', () => {}); // one that could not be accepted will ask again
      resolve(true);
    });
  });
}

/** A connection to whoever listens on `name`; undefined if nobody does. */
export function connectTo(name: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(name);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** True if somebody listens on `name`. */
export async function isListenedOn(name: string): Promise<boolean> {
  const socket = await connectTo(name);
  socket?.destroy();
  return socket !== undefined;
}

/**
 * Removes the socket file of a dead process. It is moved away first and asked again: another process may have put a living one there since
 * it was looked at. That one gets its name back, or notices, when the connection ends, that a third one has taken it.
 */
export async function removeStale(name: string): Promise<void> {
  if (!isFile(name)) return;
  const aside = besides(name);
  try {
    await fs.rename(name, aside);
  } catch {
    return; // somebody else removes it
  }
  const living = await connectTo(aside);
  if (living) await fs.link(aside, name).catch(() => {});
  await fs.rm(aside, { force: true });
  living?.destroy();
}

const isFile = (name: string): boolean => path.isAbsolute(name) && process.platform !== 'win32';

const besides = (name: string): string => `${name}.${randomBytes(3).toString('hex')}`;

/** Undefined if there is no such file. */
async function inodeOf(file: string): Promise<number | undefined> {
  const stat = await fs.stat(file).catch(() => undefined);
  return stat?.ino;
}
