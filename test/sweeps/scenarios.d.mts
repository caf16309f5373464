import type { ByteRange } from '../../src/base/ranges.ts';
import type { Asset, AssetFacts } from '../../src/store/store.ts';

export declare const SIZE: number;
export declare function factsOf(version: number): AssetFacts;
export declare function contentAt(range: ByteRange, version: number): Uint8Array;
export declare function findWrongByte(asset: Asset): Promise<number | undefined>;
export declare function complete(asset: Asset): Promise<void>;
