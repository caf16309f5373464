import { AulosError } from '../errors.ts';

/** How a queue goes on at its end, and after each track. */
export type Repeat = 'none' | 'one' | 'all';

/** A track in a queue. What is shown of it before it is loaded is given by whoever adds it; the rest is up to the application, by `id`. */
export interface QueueItem {
  /** Names it in its queue, which may hold one URL several times. */
  readonly id: string;
  /** Relative ones count from the page. */
  readonly url: string;
  readonly title?: string;
  readonly artist?: string;
  readonly album?: string;
  /** URL of a picture. */
  readonly artwork?: string;
  /** What the URL stands for, if not itself: see `OpenOptions.cacheKey`. */
  readonly cacheKey?: string;
}

/** A queue as plain JSON. */
export interface QueueJson {
  readonly version: 1;
  readonly items: readonly QueueItem[];
  readonly current: string | null;
  readonly repeat: Repeat;
  /** Ids in the order in which they play while it is shuffled. */
  readonly shuffled: readonly string[] | null;
}

const OPTIONAL = ['title', 'artist', 'album', 'artwork', 'cacheKey'] as const;
const REPEATS: readonly unknown[] = ['none', 'one', 'all'] satisfies Repeat[];

/** `given` with the fields of an item and no others. @throws AulosError `input.invalid`. */
export function checkedItem(given: unknown): QueueItem {
  if (!isRecord(given)) throw invalid('an item is no object');
  const { id, url } = given;
  if (typeof id !== 'string' || id === '') throw invalid('an item has no id');
  if (typeof url !== 'string' || url === '') throw invalid(`item "${id}" has no url`);
  const item: Record<string, string> = { id, url };
  for (const name of OPTIONAL) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw invalid(`${name} of item "${id}" is no text`);
    item[name] = value;
  }
  return Object.freeze(item) as unknown as QueueItem;
}

/** The queue that `json` describes. @throws AulosError `input.invalid` when it describes none. */
export function checkedQueue(json: unknown): QueueJson {
  if (!isRecord(json) || json.version !== 1) throw invalid('it is no queue of this version');
  const { items: given, current, repeat, shuffled } = json;
  if (!Array.isArray(given)) throw invalid('it has no items');
  const items = given.map(checkedItem);
  const ids = new Set(items.map(({ id }) => id));
  if (ids.size < items.length) throw invalid('two items have one id');
  if (current !== null && !ids.has(current as string)) throw invalid('its current item is none of its own');
  if (!REPEATS.includes(repeat)) throw invalid('its repeat is none, one or all');
  if (shuffled !== null && !isPermutation(shuffled, ids)) throw invalid('its shuffled order does not name each item once');
  return { version: 1, items, current: current as string | null, repeat: repeat as Repeat, shuffled };
}

/** What is wrong with a queue, or with what was to be put into one. */
export const invalid = (what: string): AulosError => new AulosError('input.invalid', { input: 'queue' }, `not a queue: ${what}`);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isPermutation = (order: unknown, ids: ReadonlySet<string>): order is string[] =>
  Array.isArray(order) && order.length === ids.size && new Set(order).size === ids.size && order.every((id) => ids.has(id));
