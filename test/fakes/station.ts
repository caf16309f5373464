import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { virtualBytes } from './content.ts';

/** What a station sends. */
export interface Programme {
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes from `offset` on; undefined at the end. Offsets count from the start of each answer. */
  readonly bytes?: (offset: number) => Uint8Array | undefined;
  /** The socket, not the last chunk, ends the body. */
  readonly cutsConnection?: boolean;
}

const SLICE = 64 * 1024;

/** An HTTP server that sends as fast as it is read, and without a length. */
export class Station implements AsyncDisposable {
  readonly url: string;
  readonly requests: IncomingMessage[] = [];
  /** Body bytes that the sockets have taken. */
  sent = 0;
  programme: Programme = {};
  readonly #server: Server;
  readonly #open = new Set<ServerResponse>();

  static async start(): Promise<Station> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Station(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/station`;
    server.on('request', (request, response) => void this.#send(request, response));
  }

  /** Answers that somebody still takes. */
  get listeners(): number {
    return this.#open.size;
  }

  /** Cuts every answer. */
  hangUp(): void {
    for (const response of this.#open) response.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(request);
    const { headers, bytes = (offset) => virtualBytes(offset, offset + SLICE), cutsConnection } = this.programme;
    this.#open.add(response);
    const gone = new AbortController();
    response.on('close', () => {
      this.#open.delete(response);
      gone.abort();
    });
    response.writeHead(200, { 'content-type': 'audio/mpeg', ...headers });
    let offset = 0;
    for (let next = bytes(offset); next && !response.destroyed; next = bytes(offset)) {
      if (!response.write(next)) await once(response, 'drain', { signal: gone.signal }).catch(() => {});
      offset += next.length;
      this.sent += next.length;
    }
    if (cutsConnection) response.destroy();
    else response.end();
  }
}
