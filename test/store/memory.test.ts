import { createMemoryStore } from '../../src/store/memory.ts';
import { testAssetStore } from '../contracts/asset-store.ts';

testAssetStore('memory store', {
  durable: false,
  createStore: (limits) => createMemoryStore({ limits }),
  reset: async () => {},
});
