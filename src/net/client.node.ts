import type { LookupFunction } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { AulosError } from '../errors.ts';
import { type AddressRule, checkedLookup, refuseDenied } from './address-policy.node.ts';
import type { BodyProgress } from './body.ts';
import { defaultTimeouts, type NetTimeouts, type RangeClient } from './client.ts';
import { type Connections, createConnections, exchange } from './exchange.node.ts';
import { nameBodyError } from './node-errors.node.ts';
import { formatRange } from './range-header.ts';
import { type Hop, nextHop } from './redirect.ts';
import type { Transfer } from './transfer.ts';
import { type Arrival, askForTitles, clientOver, type Sent, type Transport } from './transport.ts';
import { ifChangedHeaders, ifRangeOf } from './validators.ts';

/** Options of {@link createNodeClient}. */
export interface NodeClientOptions {
  readonly timeouts?: Partial<NetTimeouts>;
  /**
   * Finds the addresses of a host in place of `dns.lookup`. It is asked for every new connection, redirects included, and the connection
   * goes to the address it gives. An error of ours comes through unchanged. Hosts written as addresses are not looked up.
   */
  readonly lookup?: LookupFunction;
  /**
   * Addresses that are not connected to: a URL or a redirect to one, by whatever spelling or name, ends in `access.denied`.
   * @default none is denied
   */
  readonly isDenied?: AddressRule;
  /** @default 'aulos' */
  readonly userAgent?: string;
  readonly clock?: Clock;
}

/** A client for Node, by undici, with a keep-alive pool of its own. */
export function createNodeClient(options: NodeClientOptions = {}): RangeClient {
  return clientOver(new UndiciTransport(options), options.timeouts, options.clock);
}

class UndiciTransport implements Transport {
  readonly #connect: () => Promise<Connections>;
  #connections: Promise<Connections> | undefined;
  readonly #userAgent: string;
  readonly #isDenied: AddressRule | undefined;

  constructor({ timeouts, lookup, isDenied, userAgent = 'aulos' }: NodeClientOptions) {
    this.#userAgent = userAgent;
    this.#isDenied = isDenied;
    const { connectMs } = { ...defaultTimeouts, ...timeouts };
    this.#connect = async () => {
      const checked = isDenied && checkedLookup(isDenied, lookup ?? (await import('node:dns')).lookup);
      return createConnections(connectMs, checked ?? lookup);
    };
  }

  async send(sent: Sent, transfer: Transfer): Promise<Arrival> {
    this.#connections ??= this.#connect();
    const connections = await this.#connections;
    let hop: Hop = { target: sent.target, headers: sent.headers, passed: new Set() };
    for (;;) {
      if (this.#isDenied) refuseDenied(hop.target, this.#isDenied);
      const headers = {
        'user-agent': this.#userAgent,
        accept: '*/*',
        ...hop.headers,
        ...protocolHeaders(sent),
        ...(sent.titles && askForTitles),
      };
      const answer = await exchange(connections, hop.target, headers, transfer, sent.timeouts);
      const next = nextHop(hop, answer.status, answer.headers.location);
      if (!next) return answer;
      answer.drop();
      hop = next;
    }
  }

  nameBodyError(error: unknown, progress: BodyProgress): AulosError {
    return nameBodyError(error, progress);
  }

  async close(): Promise<void> {
    await (await this.#connections)?.destroy();
  }
}

function protocolHeaders({ range, plain, validator, ifChanged }: Sent): Record<string, string> {
  if (plain) return { 'accept-encoding': 'identity' };
  if (ifChanged) return { range: formatRange(range), 'accept-encoding': 'identity', ...(validator && ifChangedHeaders(validator)) };
  const ifRange = validator && ifRangeOf(validator);
  return { range: formatRange(range), 'accept-encoding': 'identity', ...(ifRange && { 'if-range': ifRange }) };
}
