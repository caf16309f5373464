import { createHash } from 'node:crypto';
import { type AssetKeyOptions, keyOf, keyText } from './key-text.ts';

/**
 * The same as `assetKey`, by the hash of Node, which is there already: ours are three more files for a cold process to load.
 * @throws AulosError `input.invalid` when `url` is needed and is none.
 */
export const nodeAssetKey = (url: string, options?: AssetKeyOptions): string =>
  keyOf(createHash('sha256').update(keyText(url, options)).digest());
