import { expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import type { RangeClient, RangeResponse } from '../../src/net/client.ts';
import { Connections } from '../../src/source/connections.ts';
import { OriginClient } from '../../src/source/origin.ts';

const { signal } = new AbortController();
const known = { validator: undefined, mayRefresh: true };
const asker = { urgency: () => 'fill' as const, giveWay: () => {} };
const wanted = { range: { start: 0, end: 10 } };
const answer: RangeResponse = {
  status: 206,
  range: wanted.range,
  total: 10,
  unverifiedRange: false,
  endsWithConnection: false,
  validator: {},
  mediaType: 'audio/mpeg',
  url: 'http://host/a',
  headers: {},
  body: { next: async () => ({ done: true, value: undefined }), [Symbol.asyncIterator]: () => answer.body },
};
const refusal = (url: string) => new AulosError('http.status', { url, status: 403 }, 'no');

/** Refuses every URL but `fresh`; a request waits until it is let go. */
function slowClient() {
  const waiting: (() => void)[] = [];
  const asked: string[] = [];
  const client: RangeClient = {
    get: async ({ url }) => {
      asked.push(url);
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (url !== 'http://host/fresh') throw refusal(url);
      return answer;
    },
    close: async () => {},
  };
  const letGo = async (index: number) => {
    for (; !waiting[index]; ) await Promise.resolve();
    waiting[index]();
  };
  return { client, asked, letGo };
}

test('a refusal of a URL that was refreshed meanwhile is no reason to refresh it again', async () => {
  const { client, asked, letGo } = slowClient();
  let refreshes = 0;
  const refreshUrl = async () => {
    refreshes++;
    return 'http://host/fresh';
  };
  const origin = new OriginClient(client, new Connections(), { url: 'http://host/old', refreshUrl }, () => {});
  const [one, two] = [origin.get(wanted, known, asker, signal), origin.get(wanted, known, asker, signal)];
  await letGo(0);
  await letGo(2);
  expect(await one).toMatchObject({ status: 206 });
  await letGo(1);
  await letGo(3);
  expect(await two).toMatchObject({ status: 206 });
  expect([refreshes, asked]).toEqual([1, ['http://host/old', 'http://host/old', 'http://host/fresh', 'http://host/fresh']]);
});

const noSession = new Error('no session');
const throwing = () => {
  throw noSession;
};

test.each([
  ['that throws', throwing, 1],
  ['that rejects', () => Promise.reject(noSession), 1],
  ['that gives what is refused too', async () => 'http://host/stale', 2],
])('a refresh %s is an expired access', async (_, refreshUrl, requests) => {
  const { client, letGo } = slowClient();
  const origin = new OriginClient(client, new Connections(), { url: 'http://host/old', refreshUrl }, () => {});
  const got = expect(origin.get(wanted, known, asker, signal)).rejects.toMatchObject({ code: 'access.expired' });
  for (let i = 0; i < requests; i++) await letGo(i);
  await got;
});
