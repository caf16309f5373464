import { once } from 'node:events';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { raceAbort } from '../../src/base/abort.ts';
import { type Answer, answerTo, corsHeaders, type Fault, type Resource } from './answer.ts';
import { contentBytes } from './content.ts';

export type { Fault, Resource } from './answer.ts';

/** One line of the access log. It is written when the request arrives and kept up to date while it is answered. */
export interface Access {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The Range header as sent. */
  readonly range: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** 0 until (or when no) head was sent. */
  status: number;
  /** Body bytes taken by the socket. */
  bodyBytes: number;
  /** True when the answer has ended, well or badly. */
  finished: boolean;
}

/** What the tests of both platforms do to an origin; {@link Origin} is one at hand, `RemoteOrigin` one behind HTTP. */
export interface OriginControl {
  /** Such as `http://127.0.0.1:41234`, without a slash at the end. */
  readonly url: string;
  /** Serves `resource` at `path`, instead of what was there. */
  put(path: string, resource: Resource): void | Promise<void>;
  /** Spoils the next requests for `path` (`*`: for anything), in this order; see {@link Fault.times}. */
  fault(path: string, ...faults: Fault[]): void | Promise<void>;
  /** The access log, or what of it is about `path`. */
  accesses(path?: string): readonly Access[] | Promise<readonly Access[]>;
  /** Resolves when a request for `path` has come and so many bytes of its answer are sent. */
  sent(path: string, bodyBytes: number): Promise<void>;
}

const SLICE = 256 * 1024;

/** Starts an origin on a free port of 127.0.0.1. */
export async function startOrigin(): Promise<Origin> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new Origin(server);
}

/**
 * An HTTP server for tests: honest by default, wrong on demand. Every answer can be slowed by the query (`?rate=` bytes per second,
 * `?latency=` milliseconds) or by {@link rate} and {@link latency}.
 */
export class Origin implements OriginControl, AsyncDisposable {
  readonly url: string;
  readonly log: Access[] = [];
  /** Bytes per second of every answer that says nothing else. */
  rate = Number.POSITIVE_INFINITY;
  /** Milliseconds before every head that says nothing else. */
  latency = 0;
  #hold: { readonly path: string; readonly after: number } | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #resources = new Map<string, Resource>();
  readonly #folders = new Map<string, string>();
  readonly #faults = new Map<string, Fault[]>();
  readonly #waiters = new Set<() => void>();

  constructor(server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    server.on('connection', (socket) => this.#track(socket));
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Answers for `path` stop when `after` bytes of their bodies are sent, until {@link resume}. */
  hold(path: string, after: number): void {
    this.#hold = { path, after };
  }

  resume(): void {
    this.#hold = undefined;
    this.#changed();
  }

  put(path: string, resource: Resource): void {
    this.#resources.set(path, resource);
  }

  /** Serves the files of `folder` below `prefix`. */
  mount(prefix: string, folder: string): void {
    this.#folders.set(prefix, folder);
  }

  fault(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  accesses(path?: string): readonly Access[] {
    return this.log.filter((access) => path === undefined || access.path === path);
  }

  sent(path: string, bodyBytes: number): Promise<void> {
    return this.until(() => this.accesses(path).some((access) => access.bodyBytes >= bodyBytes));
  }

  /** Resolves when `isSo` holds; it is asked at every change of the log and of the connections. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}); // a client that goes away is no error here
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    for (const look of this.#waiters) look();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname === '/control') return this.#control(request, response);
    const access = this.#enter(request, decodeURIComponent(pathname));
    const ended = new AbortController();
    response.on('close', () => ended.abort());
    try {
      const isPreflight = access.method === 'OPTIONS'; // it is no request for the resource: it spoils no fault of one
      const fault = { ...numbersOf(searchParams), ...(isPreflight ? {} : this.#nextFault(access.path)) };
      const pause = fault.latency ?? this.latency;
      if (pause > 0) await wait(pause, undefined, { signal: ended.signal });
      await this.#answer(access, response, fault, ended.signal);
    } catch (error) {
      const clientIsGone = ended.signal.aborted || response.socket?.destroyed !== false;
      if (!clientIsGone) throw error;
    } finally {
      access.finished = true;
      this.#changed();
    }
  }

  #enter(request: IncomingMessage, path: string): Access {
    const headers = request.headers as Record<string, string>;
    const access: Access = { method: request.method ?? '', path, range: headers.range, headers, status: 0, bodyBytes: 0, finished: false };
    this.log.push(access);
    this.#changed();
    return access;
  }

  #nextFault(path: string): Fault {
    for (const key of [path, '*']) {
      const faults = this.#faults.get(key);
      const fault = faults?.[0];
      if (!faults || !fault) continue;
      const left = (fault.times ?? 1) - 1;
      if (left > 0) faults[0] = { ...fault, times: left };
      else faults.shift();
      return fault;
    }
    return {};
  }

  async #answer(access: Access, response: ServerResponse, fault: Fault, signal: AbortSignal): Promise<void> {
    if (fault.stallAfter === -1) return silence(signal);
    if (fault.cutAfter === -1) return cut(response.socket, fault.reset);
    if (fault.raw !== undefined) {
      response.socket?.end(Buffer.from(fault.raw, 'latin1'));
      return;
    }
    const resource = this.#resources.get(access.path);
    if (access.method === 'OPTIONS') {
      access.status = resource?.cors === 'preflighted' ? 204 : 403;
      response.writeHead(access.status, corsHeaders(resource ?? {})).end();
      return;
    }
    if (resource) return this.#send(access, response, answerTo(askedBy(access), resource, fault), fault, signal);
    await using file = await this.#openFile(access.path);
    if (file) return await this.#send(access, response, answerTo(askedBy(access), file.resource, fault), fault, signal, file.handle);
    access.status = 404;
    response.writeHead(404, corsHeaders({})).end();
  }

  async #send(
    access: Access,
    response: ServerResponse,
    answer: Answer,
    fault: Fault,
    signal: AbortSignal,
    file?: FileHandle,
  ): Promise<void> {
    access.status = answer.status;
    response.writeHead(answer.status, answer.headers);
    response.flushHeaders();
    if (access.method !== 'HEAD') {
      const stopAfter = Math.min(fault.stallAfter ?? Number.POSITIVE_INFINITY, fault.cutAfter ?? Number.POSITIVE_INFINITY);
      const end = Math.min(answer.end, answer.start + stopAfter);
      const rate = fault.rate ?? this.rate;
      const slice = Math.max(1, Math.min(SLICE, Math.floor(rate / 20)));
      const startedAt = performance.now();
      for (let at = answer.start; at < end; at += slice) {
        const bytes = await readSlice(answer, at, Math.min(at + slice, end), file);
        const early = startedAt + ((access.bodyBytes + bytes.length) / rate) * 1000 - performance.now();
        if (early > 0) await wait(early, undefined, { signal });
        if (this.#isHeld(access))
          await raceAbort(
            this.until(() => !this.#isHeld(access)),
            signal,
          );
        await write(response, bytes, signal);
        access.bodyBytes += bytes.length;
        this.#changed();
      }
      if (fault.stallAfter !== undefined && stopAfter === fault.stallAfter) return silence(signal);
      if (fault.cutAfter !== undefined) return cut(response.socket, fault.reset);
    }
    response.end();
    await once(response, 'close', { signal });
  }

  #isHeld({ path, bodyBytes }: Access): boolean {
    return this.#hold?.path === path && bodyBytes >= this.#hold.after;
  }

  async #openFile(name: string) {
    for (const [prefix, folder] of this.#folders) {
      if (!name.startsWith(`${prefix}/`)) continue;
      const file = path.join(folder, path.posix.normalize(name.slice(prefix.length)));
      const handle = await openRegularFile(file);
      if (!handle) continue;
      const { size, mtime } = await handle.stat();
      const mediaType = mediaTypes[path.extname(file)] ?? 'application/octet-stream';
      const etag = `"${size.toString(36)}-${mtime.getTime().toString(36)}"`;
      const resource: Resource = { content: { size }, mediaType, etag, lastModified: mtime.toUTCString() };
      return { handle, resource, [Symbol.asyncDispose]: () => handle.close() };
    }
    return undefined;
  }

  /** The same for tests in a page: a call of {@link OriginControl} as JSON, see `RemoteOrigin`. */
  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const call = JSON.parse(Buffer.concat(parts).toString(), reviveBytes) as ControlCall;
    if (call.name === 'put') this.put(...call.args);
    if (call.name === 'fault') this.fault(...call.args);
    if (call.name === 'sent') await this.sent(...call.args);
    const answer = call.name === 'accesses' ? this.accesses(...call.args) : null;
    response.writeHead(200, { 'content-type': 'application/json', ...corsHeaders({}) }).end(JSON.stringify(answer));
  }
}

/** What a test page posts to `/control`. */
export type ControlCall = {
  [Name in 'put' | 'fault' | 'accesses' | 'sent']: { readonly name: Name; readonly args: Parameters<OriginControl[Name]> };
}['put' | 'fault' | 'accesses' | 'sent'];

const mediaTypes: Readonly<Record<string, string>> = {
  '.mp3': 'audio/mpeg',
  '.aac': 'audio/aac',
  '.flac': 'audio/flac',
  '.m4a': 'audio/mp4',
  '.mp4': 'video/mp4',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.wav': 'audio/wav',
  '.aiff': 'audio/aiff',
  '.ts': 'video/mp2t',
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
};

function askedBy(access: Access) {
  const { 'if-range': ifRange, 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = access.headers;
  return { range: access.range, ifRange, ifNoneMatch, ifModifiedSince };
}

function numbersOf(query: URLSearchParams): Fault {
  return Object.fromEntries(['rate', 'latency'].filter((name) => query.has(name)).map((name) => [name, Number(query.get(name))]));
}

async function openRegularFile(file: string): Promise<FileHandle | undefined> {
  const isFile = await stat(file).then(
    (facts) => facts.isFile(),
    () => false,
  );
  return isFile ? open(file) : undefined;
}

async function readSlice({ content }: Answer, start: number, end: number, file?: FileHandle): Promise<Uint8Array> {
  if (!file || content instanceof Uint8Array) return contentBytes(content, start, end);
  const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}

/** Resolves when the socket has taken the bytes. A socket that closes first forgets to say so. */
function write(response: ServerResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(signal.reason);
    signal.addEventListener('abort', onGone, { once: true });
    response.write(bytes, (error) => {
      signal.removeEventListener('abort', onGone);
      if (error) reject(error);
      else resolve();
    });
  });
}

function silence(signal: AbortSignal): Promise<void> {
  return once(signal, 'abort').then(() => {});
}

function cut(socket: Socket | null, reset = false): void {
  if (reset) socket?.resetAndDestroy();
  else socket?.end();
}

function reviveBytes(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string';
  return isBytes ? new Uint8Array(Buffer.from(value.base64 as string, 'base64')) : value;
}
