import type { isAulosError } from '../../src/errors.ts';
import type { createDiskStore } from '../../src/store/disk.node.ts';
import type { assetKey } from '../../src/store/key.ts';
import type { Scenario } from './scenarios.mjs';

export interface StoreLibrary {
  createDiskStore: typeof createDiskStore;
  assetKey: typeof assetKey;
  isAulosError: typeof isAulosError;
}

export declare function runScenario(
  scenario: Scenario,
  root: string,
  library: StoreLibrary,
  tell: (...words: unknown[]) => void,
): Promise<void>;
