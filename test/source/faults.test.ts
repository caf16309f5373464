import { describe, expect, test } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import { openFileSource } from '../../src/source/file-source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { startFaultServer } from '../fakes/fault-server.ts';
import { httpFaults } from '../fakes/faults.ts';
import { versionHeld } from '../fakes/version-held.ts';

/** For what nothing but time tells. To the rest a busy machine is no fault. */
const short = { connectMs: 1000, firstByteMs: 1000, stallMs: 500, slowMs: 1000 };
const retry = { baseMs: 20, maxDelayMs: 400 };

describe('a download that meets', () => {
  test.concurrent.each(httpFaults.map((fault) => [fault.name, fault] as const))(
    '%s',
    async (_, { versions, answer, ends, refreshTo, isSlow }) => {
      await using server = await startFaultServer(versions, answer);
      const client = createNodeClient({ timeouts: isSlow && short });
      const store = createMemoryStore();
      const url = `${server.url}/a`;
      const refreshUrl = refreshTo === undefined ? undefined : async () => server.url + refreshTo;
      const source = await openFileSource({ client, store, events: new EventScope(), retry, url, key: assetKey(url), refreshUrl });
      const ended = await source.completed(AbortSignal.timeout(20_000)).then(
        () => 'recovered',
        (error) => error.code ?? error,
      );
      expect([ended, await versionHeld(source, versions, ended === 'recovered')]).toEqual([ends, expect.any(Number)]);
      await source.close();
      await client.close();
      await store.close();
    },
  );
});
