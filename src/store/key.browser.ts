import { type AssetKeyOptions, keyOf, keyText } from './key-text.ts';

/**
 * The same as `assetKey`, by the hash of the platform, which costs a page no code of ours; but pages over plain http have none.
 * @throws AulosError `input.invalid` when `url` is needed and is none.
 */
export async function pageAssetKey(url: string, options?: AssetKeyOptions): Promise<string> {
  const text = keyText(url, options);
  if (globalThis.crypto?.subtle) return keyOf(new Uint8Array(await crypto.subtle.digest('SHA-256', text)));
  const { assetKey } = await import('./key.ts');
  return assetKey(url, options);
}
