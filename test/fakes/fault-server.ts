import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { virtualBytes } from './content.ts';

/** One version of the resource that a fault server has. */
export interface Version {
  readonly seed: number;
  readonly size: number;
  /** Validators, and whatever else every answer of this version says. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One request, as far as faults depend on it. */
export interface Asked {
  /** Number of the request, from 1. */
  readonly n: number;
  readonly path: string;
  /** First byte asked for; 0 without a Range. */
  readonly start: number;
  /** First byte not asked for; Infinity when open. */
  readonly end: number;
  readonly hasRange: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Such as `127.0.0.1:41234`. */
  readonly host: string;
}

/** How an answer goes, byte by byte. `{}` is an honest one. Sizes count body bytes of that answer. */
export interface Spoilt {
  /** @default the first version */
  readonly of?: Version;
  readonly ignoreRange?: boolean;
  readonly ignoreIfRange?: boolean;
  readonly status?: number;
  /** Sets headers (a list: one line each), or removes them with null. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Instead of the bytes of the version, with a Content-Length of its own. */
  readonly body?: string | Uint8Array;
  /** Chunked transfer coding and no Content-Length. */
  readonly chunked?: boolean;
  /** Of the status line. @default 'HTTP/1.1' */
  readonly protocol?: string;
  /** Before the head, such as an interim answer. */
  readonly before?: string;
  /** After the body that was announced. */
  readonly after?: string;
  /** The connection ends after so many body bytes; -1: inside the head; -2: before it. */
  readonly cutAfter?: number;
  /** How it ends. @default 'fin' */
  readonly by?: 'fin' | 'reset' | 'silence';
  /** Milliseconds before it ends: the client has taken the bytes by then. A browser gives none that it learned of with their end. @default 0, 50 for a reset */
  readonly lingerMs?: number;
  /** Ends the connection after the body, unannounced. */
  readonly close?: boolean;
  /** Milliseconds between the bytes of the head. */
  readonly headDripMs?: number;
  /** Milliseconds between the bytes of the body. */
  readonly bodyDripMs?: number;
  /** Instead of an answer: every connection is cut, and new ones are refused for so many milliseconds. */
  readonly awayMs?: number;
}

/** First byte of whoever wants to talk TLS here. */
const TLS_HANDSHAKE = 0x16;

/** Starts a server on a free port of 127.0.0.1 that answers each request as `answer` says. */
export async function startFaultServer(versions: readonly Version[], answer: (asked: Asked) => Spoilt): Promise<FaultServer> {
  const server = new FaultServer(versions, answer);
  await server.listen();
  return server;
}

/** An HTTP/1.1 server on bare sockets, so that every byte that it sends is said by a {@link Spoilt}. */
export class FaultServer implements AsyncDisposable {
  /** Every request so far. */
  readonly log: Asked[] = [];
  readonly #versions: readonly Version[];
  readonly #answer: (asked: Asked) => Spoilt;
  readonly #sockets = new Set<Socket>();
  readonly #ended = new AbortController();
  #server: Server;
  #port = 0;

  constructor(versions: readonly Version[], answer: (asked: Asked) => Spoilt) {
    this.#versions = versions;
    this.#answer = answer;
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#hangUp();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #create(): Server {
    return createServer((socket) => void this.#converse(socket).catch(() => socket.destroy()));
  }

  async #hangUp(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #leaveFor(ms: number): Promise<void> {
    await this.#hangUp();
    await wait(ms, undefined, { signal: this.#ended.signal });
    this.#server = this.#create();
    await this.listen();
  }

  /** One request after the other, for as long as the connection stands. */
  async #converse(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {}); // a client that goes away is no error here
    socket.on('close', () => this.#sockets.delete(socket));
    let received = '';
    for await (const bytes of socket) {
      received += (bytes as Buffer).toString('latin1');
      if (received.charCodeAt(0) === TLS_HANDSHAKE) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) continue;
      const asked = this.#understand(received.slice(0, end));
      received = received.slice(end + 4);
      await this.#send(socket, asked, this.#answer(asked));
    }
  }

  #understand(head: string): Asked {
    const [line, ...fields] = head.split('\r\n');
    const headers = Object.fromEntries(
      fields.map((field) => [field.split(':', 1)[0].toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]),
    );
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const asked: Asked = {
      n: this.log.length + 1,
      path: line.split(' ')[1],
      start: Number(range?.[1] ?? 0),
      end: range?.[2] ? Number(range[2]) + 1 : Number.POSITIVE_INFINITY,
      hasRange: range !== null,
      headers,
      host: `127.0.0.1:${this.#port}`,
    };
    this.log.push(asked);
    return asked;
  }

  async #send(socket: Socket, asked: Asked, spoilt: Spoilt): Promise<void> {
    if (spoilt.awayMs !== undefined) return this.#leaveFor(spoilt.awayMs);
    const { head, body } = answerOf(asked, spoilt, this.#versions[0]);
    const { cutAfter = Number.POSITIVE_INFINITY, before = '', after = '' } = spoilt;
    if (cutAfter === -2) return hangUp(socket, spoilt);
    await this.#drip(socket, Buffer.from(before + head.slice(0, cutAfter === -1 ? 20 : undefined), 'latin1'), spoilt.headDripMs);
    if (cutAfter === -1) return hangUp(socket, spoilt);
    const sent = body.subarray(0, Math.min(body.length, cutAfter));
    await this.#drip(socket, spoilt.chunked ? chunked(sent) : sent, spoilt.bodyDripMs);
    if (cutAfter < body.length) return hangUp(socket, spoilt);
    await write(socket, Buffer.from((spoilt.chunked ? '0\r\n\r\n' : '') + after, 'latin1'));
    if (spoilt.close) await hangUp(socket, { lingerMs: spoilt.lingerMs });
  }

  async #drip(socket: Socket, bytes: Uint8Array, pauseMs: number | undefined): Promise<void> {
    if (pauseMs === undefined) return write(socket, bytes);
    for (let at = 0; at < bytes.length && !socket.destroyed; at++) {
      await write(socket, bytes.subarray(at, at + 1));
      await wait(pauseMs, undefined, { signal: this.#ended.signal });
    }
  }
}

/** Head and body of an answer, before it is cut or slowed. */
function answerOf(asked: Asked, spoilt: Spoilt, usual: Version): { head: string; body: Uint8Array } {
  const { of: version = usual, protocol = 'HTTP/1.1' } = spoilt;
  const { status, start, end, fields } = honestly(asked, version, spoilt);
  const body =
    typeof spoilt.body === 'string' ? Buffer.from(spoilt.body, 'latin1') : (spoilt.body ?? virtualBytes(start, end, version.seed));
  const headers: Record<string, string | readonly string[] | null> = {
    Date: new Date().toUTCString(),
    'Content-Type': 'audio/mpeg',
    'Accept-Ranges': 'bytes',
    ...version.headers,
    ...fields,
    ...(spoilt.chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(body.length) }),
    ...spoilt.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, values]) => [values ?? []].flat().map((value) => `${name}: ${value}\r\n`));
  return { head: `${protocol} ${spoilt.status ?? status} Whatever\r\n${lines.join('')}\r\n`, body };
}

interface Honest {
  readonly status: number;
  readonly start: number;
  readonly end: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a good server would do (RFC 9110 §14 and §13.1.5). */
function honestly({ hasRange, start, end, headers }: Asked, version: Version, { ignoreRange, ignoreIfRange }: Spoilt): Honest {
  const { size } = version;
  const ifRange = headers['if-range'];
  const isSame = ignoreIfRange || ifRange === undefined || ifRange === version.headers.ETag || ifRange === version.headers['Last-Modified'];
  if (!hasRange || ignoreRange || !isSame) return { status: 200, start: 0, end: size, fields: {} };
  if (start >= size) return { status: 416, start: 0, end: 0, fields: { 'Content-Range': `bytes */${size}` } };
  const until = Math.min(end, size);
  return { status: 206, start, end: until, fields: { 'Content-Range': `bytes ${start}-${until - 1}/${size}` } };
}

function chunked(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 50_000) {
    const part = bytes.subarray(at, at + 50_000);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Resolves when the socket has taken the bytes, or is gone. */
function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0 || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('close', resolve);
    socket.write(bytes, () => {
      socket.off('close', resolve);
      resolve();
    });
  });
}

/** A reset may overtake bytes that were sent, so it waits until the client has had the time to take them. */
async function hangUp(socket: Socket, { by = 'fin', lingerMs = by === 'reset' ? 50 : 0 }: Pick<Spoilt, 'by' | 'lingerMs'>): Promise<void> {
  if (by === 'silence') return;
  if (lingerMs > 0) await wait(lingerMs);
  if (by === 'fin') socket.end();
  else socket.resetAndDestroy();
}
