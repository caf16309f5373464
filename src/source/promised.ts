import { createBreather } from '../base/breathe.ts';
import { loadPart } from '../base/part.ts';
import type { Asset } from '../store/store.ts';

const SLICE_BYTES = 1 << 20;

/**
 * True unless the server said what all of the asset hashes to (Repr-Digest, RFC 9530 §3) and the bytes held hash to something else. They
 * are read from the store, in order, since they may have come in any: it costs about a second for 130 MB, and nothing without a digest.
 * Also true where some of `[0, length)` is not held any more: committing it fails by itself.
 * @throws AulosError `store.*`; `signal.reason`
 */
export async function isAsPromised(asset: Asset, length: number, signal: AbortSignal): Promise<boolean> {
  const digest = asset.facts?.digest;
  if (!digest) return true;
  const { DigestCheck } = await loadPart('digests', () => import('../base/digest.ts'));
  const check = new DigestCheck(digest);
  const breathe = createBreather();
  for (let start = 0; start < length; start += SLICE_BYTES) {
    const bytes = await asset.read({ start, end: Math.min(length, start + SLICE_BYTES) }, signal);
    signal.throwIfAborted();
    if (!bytes) return true;
    check.update(bytes);
    await breathe();
  }
  return check.matches();
}
