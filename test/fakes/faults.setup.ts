import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Asked, type FaultServer, type Spoilt, startFaultServer } from './fault-server.ts';
import { type HttpFault, httpFaults } from './faults.ts';

/** A fault as a page sees it: what it needs to know of it, and a server of its own. */
export interface RemoteFault extends Pick<HttpFault, 'name' | 'ends' | 'refreshTo' | 'isSlow'> {
  readonly versions: readonly { readonly seed: number; readonly size: number }[];
}

/** Whether pages of other origins may read every header of an answer, or only the few that the Fetch standard always shows. */
export type Exposure = 'exposed' | 'hidden';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The fault table. A GET of `${url}?fault=<index>&headers=<exposure>` starts a server of that fault and gives its URL. */
    faults: { readonly url: string; readonly table: readonly RemoteFault[] };
  }
}

/** Gives test pages a fault server for each time they ask. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers: FaultServer[] = [];
  const start: RequestListener = async (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://here');
    const { versions, answer } = httpFaults[Number(searchParams.get('fault'))];
    const exposure = searchParams.get('headers') as Exposure;
    const server = await startFaultServer(versions, (asked: Asked) => readable(answer(asked), exposure));
    servers.push(server);
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end(server.url);
  };
  const control = createServer(start).listen(0, '127.0.0.1');
  await new Promise((resolve) => control.once('listening', resolve));
  const table = httpFaults.map(({ answer, versions, ...rest }) => ({
    ...rest,
    versions: versions.map(({ seed, size }) => ({ seed, size })),
  }));
  project.provide('faults', { url: `http://127.0.0.1:${(control.address() as AddressInfo).port}`, table });
  return async () => {
    control.closeAllConnections();
    control.close();
    await Promise.all(servers.map((server) => server.close()));
  };
}

/** Lets a page of another origin read the answer, and the browser hand over what came before a connection breaks. */
function readable(spoilt: Spoilt, exposure: Exposure): Spoilt {
  const headers = { 'Access-Control-Allow-Origin': '*', ...(exposure === 'exposed' && { 'Access-Control-Expose-Headers': '*' }) };
  return { ...spoilt, lingerMs: 50, headers: { ...headers, ...spoilt.headers } };
}
