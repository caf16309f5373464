import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { checkedLookup } from '../../src/net/address-policy.node.ts';
import { createNodeClient, type NodeClientOptions } from '../../src/net/client.node.ts';
import { isPrivateAddress } from '../../src/net/private-address.node.ts';
import { createAulos } from '../../src/node.ts';
import { drain } from '../contracts/range-client.ts';
import { startOrigin } from '../fakes/origin.ts';

/** On the loopback address that stands for the public internet here. */
const publicOrigin = await startOrigin();
const resource = { content: { size: 1000 }, mediaType: 'audio/wav' };

/** On every address of this machine, and not to be found: the router, the metadata service, the admin page of the cache. */
const inside = createServer((_, response) => response.end('secret')).listen(0, '0.0.0.0');
await once(inside, 'listening');
const insidePort = (inside.address() as AddressInfo).port;
let insideConnections = 0;
inside.on('connection', () => insideConnections++);

afterAll(async () => {
  await publicOrigin.close();
  inside.close();
});

const PUBLIC = '127.0.0.1';
const isDenied = (address: string) => address !== PUBLIC && isPrivateAddress(address);

type Client = ReturnType<typeof createNodeClient>;
function client(options: NodeClientOptions): Client {
  const made = createNodeClient(options);
  onTestFinished(() => made.close());
  return made;
}
const get = (from: Client, url: string) => from.get({ url, signal: new AbortController().signal });
const sizeOf = async (response: ReturnType<typeof get>) => (await drain((await response).body)).bytes.length;

/** A resolver with these answers, one after the other; the last one stays. */
function resolver(...answers: (readonly string[])[]): LookupFunction & { asked: number } {
  const lookup: LookupFunction = (_host, _options, callback) => {
    const addresses = answers[Math.min(named.asked++, answers.length - 1)];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const named = Object.assign(lookup, { asked: 0 });
  return named;
}

const insideHosts = [
  ...['127.0.0.2', '127.2', '2130706434', '0x7f.2', '0177.0.0.2', '127.0.0.2.', '%31%32%37.0.0.2', '127。0。0。2', '0', '0.0.0.0'],
  ...['[::ffff:127.0.0.2]', '[::FFFF:7F00:2]', '[::1]', '[::]', '169.254.169.254', '[fd00:ec2::254]', 'inside.test', 'INSIDE.test.'],
];

describe.each(['http', 'https'])('into private space over %s', (scheme) => {
  const targets = insideHosts.map((host) => ({ host, url: `${scheme}://${host}:${insidePort}/secret?token=1` }));
  const lookup = resolver(['127.0.0.2']);

  test.each(targets)('a request to $host is refused before there is a connection', async ({ url }) => {
    await expect(get(client({ isDenied, lookup }), url)).rejects.toMatchObject({
      code: 'access.denied',
      retryable: false,
      details: { url: expect.stringMatching(/\/secret$/), address: expect.stringMatching(/^[0-9a-f.:]+$/) },
    });
    expect(insideConnections).toBe(0);
  });

  const isHeaderText = ({ host }: (typeof targets)[number]) => /^[ -~]+$/.test(host);
  test.each(targets.filter(isHeaderText))('a redirect to $host is refused before there is a connection', async ({ url }) => {
    publicOrigin.put('/away', { ...resource, redirect: url });
    await expect(get(client({ isDenied, lookup }), `${publicOrigin.url}/away`)).rejects.toMatchObject({ code: 'access.denied' });
    expect(insideConnections).toBe(0);
  });
});

describe('redirects', () => {
  test('are checked at every hop', async () => {
    for (let i = 0; i < 5; i++) publicOrigin.put(`/hop/${i}`, { ...resource, redirect: `/hop/${i + 1}` });
    publicOrigin.put('/hop/5', { ...resource, redirect: `http://127.0.0.2:${insidePort}/` });
    await expect(get(client({ isDenied }), `${publicOrigin.url}/hop/0`)).rejects.toMatchObject({ code: 'access.denied' });
    expect(publicOrigin.accesses('/hop/5')).toHaveLength(1);
    expect(insideConnections).toBe(0);
  });

  test('to another name of the public internet are followed', async () => {
    const { port } = new URL(publicOrigin.url);
    publicOrigin.put('/elsewhere', { ...resource, redirect: `http://other.test:${port}/here` });
    publicOrigin.put('/here', resource);
    const response = get(client({ isDenied, lookup: resolver([PUBLIC]) }), `${publicOrigin.url}/elsewhere`);
    expect(await sizeOf(response)).toBe(1000);
  });

  test.each(['file:///etc/passwd', 'ftp://127.0.0.2/', 'gopher://127.0.0.2/', 'data:audio/wav,secret', 'ws://127.0.0.2/', 'javascript:0'])(
    'to %s are no redirects of ours',
    async (url) => {
      publicOrigin.put('/scheme', { ...resource, redirect: url });
      await expect(get(client({ isDenied }), `${publicOrigin.url}/scheme`)).rejects.toMatchObject({ code: 'http.redirect' });
    },
  );
});

describe('names', () => {
  const { port } = new URL(publicOrigin.url);
  publicOrigin.put('/song', resource);

  test('that change their mind are refused at the next connection, and looked up once for each', async () => {
    const lookup = resolver([PUBLIC], ['127.0.0.2']);
    const first = client({ isDenied, lookup });
    expect(await sizeOf(get(first, `http://rebinding.test:${port}/song`))).toBe(1000);
    expect(await sizeOf(get(first, `http://rebinding.test:${port}/song`))).toBe(1000); // over the connection that was checked
    expect(lookup.asked).toBe(1);

    const second = client({ isDenied, lookup });
    await expect(get(second, `http://rebinding.test:${insidePort}/`)).rejects.toMatchObject({
      code: 'access.denied',
      details: { url: `http://rebinding.test:${insidePort}/`, address: '127.0.0.2' },
    });
    expect(lookup.asked).toBe(2);
    expect(insideConnections).toBe(0);
  });

  test.each([[[PUBLIC, '127.0.0.2']], [['127.0.0.2', PUBLIC]], [[PUBLIC, '::1']], [['::ffff:10.0.0.1', PUBLIC]]])(
    'with the addresses %j are refused for the private one',
    async (addresses) => {
      await expect(get(client({ isDenied, lookup: resolver(addresses) }), `http://both.test:${port}/song`)).rejects.toMatchObject({
        code: 'access.denied',
      });
    },
  );

  test('that are not known stay unknown', async () => {
    const lookup: LookupFunction = (host, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), '');
    await expect(get(client({ isDenied, lookup }), 'http://nowhere.test/')).rejects.toMatchObject({ code: 'net.dns' });
  });

  test('of this machine are refused by the system resolver too', async () => {
    await expect(get(client({ isDenied: isPrivateAddress }), `http://localhost:${port}/song`)).rejects.toMatchObject({
      code: 'access.denied',
      details: { url: `http://localhost:${port}/song`, address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) },
    });
  });

  test.each([
    ['one address', false, ['1.1.1.1', 4]],
    ['all addresses', true, [[{ address: '1.1.1.1', family: 4 }]]],
  ])('give %s to whoever asks for it', (_, all, found) => {
    for (const answer of [['1.1.1.1', 4], [[{ address: '1.1.1.1', family: 4 }]]] as const) {
      const lookup: LookupFunction = (_host, _options, callback) =>
        typeof answer[0] === 'string' ? callback(null, answer[0], answer[1]) : callback(null, [...answer[0]]);
      checkedLookup(isPrivateAddress, lookup)('public.test', { all }, (error, ...result) => {
        expect(error).toBeNull();
        expect(result).toEqual(found);
      });
    }
    expect.assertions(4);
  });
});

describe('createAulos', () => {
  const song = `${publicOrigin.url}/song`;
  const aulos = async (allowPrivate?: boolean) => {
    const cacheDir = await mkdtemp(path.join(tmpdir(), 'aulos-policy-'));
    const made = createAulos({ cacheDir, allowPrivate });
    onTestFinished(async () => {
      await made.close();
      await rm(cacheDir, { recursive: true });
    });
    return made;
  };
  test.each([undefined, true])('with allowPrivate %s reads from this machine', async (allowPrivate) => {
    const source = await (await aulos(allowPrivate)).source(song);
    expect(await source.reader().read({ start: 0, end: 1000 }, new AbortController().signal)).toHaveLength(1000);
  });

  test('with allowPrivate false does not, and does not try again', async () => {
    const library = await aulos(false);
    const retries: string[] = [];
    library.events.on('source.retry', ({ payload }) => void retries.push(payload.error.code));
    const asked = publicOrigin.accesses('/song').length;
    const source = await library.source(song);
    await expect(source.reader().read({ start: 0, end: 1000 }, new AbortController().signal)).rejects.toMatchObject({
      code: 'access.denied',
      details: { url: song, address: '127.0.0.1' },
    });
    expect(retries).toEqual([]);
    expect(publicOrigin.accesses('/song')).toHaveLength(asked);
  });

  test.each(['ftp://127.0.0.1/a.mp3', 'gopher://127.0.0.1/', 'data:audio/wav,secret', 'ws://127.0.0.1/'])('takes no %s', async (url) => {
    await expect((await aulos(false)).source(url)).rejects.toMatchObject({ code: 'input.invalid' });
  });
});
