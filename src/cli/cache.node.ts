import { AulosError } from '../errors.ts';
import type { Aulos } from '../node.ts';
import { nodeAssetKey } from '../store/key.node.ts';
import { isAssetKey } from '../store/key-text.ts';
import type { AssetStat, AssetStore } from '../store/store.ts';
import { columns } from './columns.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';
import { formatBytes } from './units.ts';

/** `aulos cache ls`: what is held on this machine, by URL. */
export async function listCommand({ store }: Aulos): Promise<CommandResult> {
  const assets = (await store.list()).map(describe).sort((a, b) => (a.url < b.url ? -1 : 1));
  const bytes = assets.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  const rows = assets.map((asset) => [formatBytes(asset.heldBytes), stateOf(asset), asset.pinned ? 'pinned' : '', nameOf(asset)]);
  const sum = `${formatBytes(bytes)} held (files: ${assets.length})`;
  return { json: { assets, bytes }, text: [...(rows.length > 0 ? [columns(rows)] : []), sum].join('\n') };
}

/** `aulos cache stat URL|KEY`: what is held of one file. */
export async function statCommand({ store }: Aulos, name: string): Promise<CommandResult> {
  const asset = describe(await findAsset(store, name));
  const { validator } = asset;
  const rows: [string, string | undefined][] = [
    ['url', asset.url],
    ['key', asset.key],
    ['type', asset.mediaType],
    ['size', asset.length === undefined ? '?' : formatBytes(asset.length)],
    ['held', `${formatBytes(asset.heldBytes)}, ${stateOf(asset)}`],
    ['pinned', asset.pinned ? 'yes' : 'no'],
    ['etag', validator?.etag],
    ['modified', validator?.lastModified],
  ];
  return { json: asset, text: columns(rows.filter((row): row is [string, string] => row[1] !== undefined)) };
}

/** `aulos cache pin URL|KEY` and `unpin`: keeps a file from eviction, or no longer. @throws AulosError `store.io` when that cannot be recorded. */
export async function pinCommand({ store }: Aulos, name: string, pinned: boolean): Promise<CommandResult> {
  const { key } = await findAsset(store, name);
  const asset = await store.open(key);
  try {
    await asset.pin(pinned);
    if (asset.volatile) throw new AulosError('store.io', {}, `the cache could not record that ${name} is ${pinned ? '' : 'un'}pinned`);
  } finally {
    await asset.close();
  }
  const result = describe(await findAsset(store, key));
  return { json: result, text: `${pinned ? 'pinned' : 'unpinned'}: ${nameOf(result)}` };
}

/** `aulos cache rm URL|KEY`: forgets a file, pinned or not. */
export async function removeCommand({ store }: Aulos, name: string): Promise<CommandResult> {
  const asset = describe(await findAsset(store, name));
  await store.delete(asset.key);
  return { json: asset, text: `${formatBytes(asset.heldBytes)} removed: ${nameOf(asset)}` };
}

/** `aulos cache verify`: reads every byte; the next fetch gets again what is damaged. */
export async function verifyCommand({ store }: Aulos, _: CommonOptions, signal: AbortSignal): Promise<CommandResult> {
  const names = new Map((await store.list()).map((stat) => [stat.key, nameOf(describe(stat))]));
  const found = await store.verify(signal);
  const lines = found.damaged.map(
    ({ key, range: { start, end } }) => `damaged, dropped: bytes ${start}–${end} of ${names.get(key) ?? key}`,
  );
  const sum = `${formatBytes(found.bytes)} read (files: ${found.assets}), ${lines.length === 0 ? 'all of it sound' : 'the rest is sound'}`;
  return { json: found, text: [...lines, sum].join('\n') };
}

/** `aulos cache trim BYTES`: evicts what was not used for longest until no more than that is stored; pinned files stay. */
export async function trimCommand({ store }: Aulos, maxBytes: number): Promise<CommandResult> {
  const before = (await store.list()).length;
  const bytes = await store.trim(maxBytes);
  const removed = before - (await store.list()).length;
  const excess = bytes > maxBytes ? '; the rest is pinned or in use' : '';
  return { json: { bytes, removed }, text: `${formatBytes(bytes)} stored (removed files: ${removed})${excess}` };
}

/** The asset that a URL, or a key as `stat` shows it, names. @throws AulosError `input.invalid`: nothing is held of it. */
export async function findAsset(store: AssetStore, name: string): Promise<AssetStat> {
  const stat = await store.stat(isAssetKey(name) ? name : nodeAssetKey(name));
  if (!stat) throw new AulosError('input.invalid', { input: name }, `the cache holds nothing of ${name}`);
  return stat;
}

type Described = ReturnType<typeof describe>;

const describe = ({ key, facts, heldBytes, committed, pinned }: AssetStat) => ({
  key,
  url: facts?.url ?? '',
  mediaType: facts?.mediaType,
  length: facts?.length,
  heldBytes,
  complete: committed,
  pinned,
  validator: facts?.validator,
});

const stateOf = ({ complete, length }: Described): string =>
  complete ? 'whole' : length === undefined ? 'in part' : `of ${formatBytes(length)}`;

/** The URL where that finds the asset; the key of one that was stored under a name of its own. */
function nameOf({ key, url }: Described): string {
  if (url === '') return key;
  return nodeAssetKey(url) === key ? url : `${key} (${url})`;
}
