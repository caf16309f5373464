import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Agent, Dispatcher } from 'undici';
import { AulosError, redactUrl } from '../errors.ts';
import { ChunkQueue } from './chunk-queue.ts';
import type { NetTimeouts } from './client.ts';
import { nameHeadError } from './node-errors.node.ts';
import type { Transfer } from './transfer.ts';
import type { Arrival } from './transport.ts';

/** An answer whose connection can be given up before its body was read. */
export interface Exchange extends Arrival {
  drop(): void;
}

/** A pool of keep-alive connections. */
export type Connections = Agent;

/**
 * Makes a pool: at most `connectMs` for a connection, to the addresses that `lookup` finds. undici is loaded here, at the first request:
 * that takes as long as starting Node, and what is cached needs none.
 */
export async function createConnections(connectMs: number, lookup: LookupFunction | undefined): Promise<Connections> {
  const { Agent } = await import('undici');
  return new Agent({
    connect: { timeout: connectMs, ...(lookup && { lookup }) },
    maxHeaderSize: MAX_HEADER_BYTES,
    // The transfer keeps time: undici's timers tick once a second, and run on while the receiver takes its time.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

const MAX_HEADER_BYTES = 64 * 1024;

/** Sends one GET and resolves at the head of its answer. Redirects are answers like any other. */
export function exchange(
  connections: Connections,
  target: URL,
  headers: Readonly<Record<string, string>>,
  transfer: Transfer,
  timeouts: NetTimeouts,
): Promise<Exchange> {
  const url = redactUrl(target.href);
  return new Promise((resolve, reject) => {
    let connection: Dispatcher.DispatchController | undefined;
    const drop = () => {
      transfer.signal.removeEventListener('abort', drop);
      connection?.abort(asError(transfer.signal.reason));
    };
    const body = new ChunkQueue(() => connection?.resume());
    transfer.signal.addEventListener('abort', drop, { once: true });
    transfer.arm(timeouts.connectMs, () => new AulosError('net.connect', { url }, `no connection to ${url} within the time`));

    connections.dispatch(
      { origin: target.origin, path: target.pathname + target.search, method: 'GET', headers },
      {
        onRequestStart(controller) {
          connection = controller;
          if (transfer.signal.aborted) return drop();
          const afterMs = timeouts.firstByteMs;
          transfer.arm(afterMs, () => new AulosError('net.stall', { url, afterMs }, `${url} does not answer`));
        },
        onResponseStart(_, status, fields) {
          if (status < 200) return; // 100 and 103 come before the answer
          const endsWithConnection = fields['content-length'] === undefined && fields['transfer-encoding'] === undefined;
          resolve({ status, headers: joined(fields), url: target.href, hidesHeaders: false, endsWithConnection, body, drop });
        },
        onResponseData(controller, chunk) {
          if (!body.push(plainView(chunk))) controller.pause();
        },
        onResponseEnd() {
          // undici frees the connection in an immediate that it asks for after this call; a request that came before would open another.
          setImmediate(() => setImmediate(() => body.end()));
        },
        onResponseError(_, error) {
          reject(nameHeadError(error, url));
          body.end(error);
        },
      },
    );
  });
}

/** A Buffer's `slice` shares memory where that of a Uint8Array copies, so a Buffer is not to be passed for one. */
function plainView({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function joined(fields: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
  return Object.fromEntries(entries);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
