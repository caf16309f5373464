import type { ByteRange } from '../../src/base/ranges.ts';
import type { Durability } from '../../src/store/disk.node.ts';
import type { Asset, AssetFacts, AssetStore } from '../../src/store/store.ts';

export interface Scenario {
  readonly durability: Durability;
  prepare?(store: AssetStore, key: string): Promise<void>;
}

export declare const scenarios: Readonly<Record<string, Scenario>>;

export declare const SIZE: number;
export declare function factsOf(version: number): AssetFacts;
export declare function contentAt(range: ByteRange, version: number): Uint8Array;
export declare function findWrongByte(asset: Asset): Promise<number | undefined>;
export declare function complete(asset: Asset): Promise<void>;
