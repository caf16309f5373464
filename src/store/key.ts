import { sha256 } from '../base/digest.ts';
import { type AssetKeyOptions, keyOf, keyText } from './key-text.ts';

/**
 * The key of the asset behind `url`: lower-case base32 of a SHA-256.
 * @throws AulosError `input.invalid` when `url` is needed and is none.
 */
export const assetKey = (url: string, options?: AssetKeyOptions): string => keyOf(sha256(keyText(url, options)));
