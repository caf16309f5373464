import type { Access, ControlCall, Fault, OriginControl, Resource } from './origin.ts';

/** What `origin.setup.ts` mounts. */
const FIXTURES = '/fixtures/';

/** The origin that `origin.setup.ts` started, as a test in a page works it: `new RemoteOrigin(inject('origin'))`. All test files share it, so use paths of your own. */
export class RemoteOrigin implements OriginControl {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async put(path: string, resource: Resource): Promise<void> {
    await this.#call({ name: 'put', args: [path, resource] });
  }

  /** Serves the fixture `name` at a path of its own, which may be spoiled, and gives that path. */
  async copy(name: string): Promise<string> {
    const content = new Uint8Array(await (await fetch(`${this.url}${FIXTURES}${name}`)).arrayBuffer());
    const path = `/${crypto.randomUUID()}/${name}`;
    await this.put(path, { content, etag: '"1"', cors: 'preflighted' });
    return path;
  }

  async fault(path: string, ...faults: Fault[]): Promise<void> {
    if (path === '*' || path.startsWith(FIXTURES)) throw new Error(`${path} is for all test files: spoil a copy`);
    await this.#call({ name: 'fault', args: [path, ...faults] });
  }

  async accesses(path?: string): Promise<readonly Access[]> {
    return (await this.#call({ name: 'accesses', args: [path] })) as readonly Access[];
  }

  async sent(path: string, bodyBytes: number): Promise<void> {
    await this.#call({ name: 'sent', args: [path, bodyBytes] });
  }

  async #call(call: ControlCall): Promise<unknown> {
    const response = await fetch(`${this.url}/control`, { method: 'POST', body: JSON.stringify(call, packBytes), cache: 'no-store' });
    return response.json();
  }
}

function packBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join('')) } : value;
}
