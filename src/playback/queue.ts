import { checkedItem, checkedQueue, invalid, type QueueItem, type QueueJson, type Repeat } from './queue-json.ts';

/** What is added to a queue: an URL, or an item, whose `id` is made up when it has none. */
export type NewQueueItem = string | (Omit<QueueItem, 'id'> & { readonly id?: string });

/**
 * Tracks in order, one of which is current. It decides what comes next and knows nothing of playing; a player follows its queue.
 *
 * The list is what is shown. Tracks are played in its order, or while it is shuffled in one of its own, which `next` and `previous` obey,
 * and which adding and removing leave as it is. Fires `change` after every change.
 */
export class Queue extends EventTarget {
  readonly #random: () => number;
  #items: readonly QueueItem[] = [];
  /** The order of playing while it is shuffled. */
  #shuffled: readonly QueueItem[] | undefined;
  #current: QueueItem | undefined;
  #repeat: Repeat = 'none';

  /** `random` gives numbers from 0 to below 1, by which it is shuffled. */
  constructor(random: () => number = Math.random) {
    super();
    this.#random = random;
  }

  /** The queue that {@link Queue.toJSON} described. @throws AulosError `input.invalid`. */
  static from(json: unknown, random?: () => number): Queue {
    const { items, current, repeat, shuffled } = checkedQueue(json);
    const queue = new Queue(random);
    queue.#items = items;
    queue.#current = items.find(({ id }) => id === current);
    queue.#repeat = repeat;
    queue.#shuffled = shuffled?.map((id) => queue.#find(id));
    return queue;
  }

  /** As plain JSON, for `JSON.stringify`. */
  toJSON(): QueueJson {
    const shuffled = this.#shuffled?.map(({ id }) => id) ?? null;
    return { version: 1, items: this.#items, current: this.#current?.id ?? null, repeat: this.#repeat, shuffled };
  }

  /** In the order in which they are shown. A change makes another array. */
  get items(): readonly QueueItem[] {
    return this.#items;
  }

  /** In the order in which they play. */
  get order(): readonly QueueItem[] {
    return this.#shuffled ?? this.#items;
  }

  /** The track to play. The first one that is added to an empty queue becomes it. */
  get current(): QueueItem | undefined {
    return this.#current;
  }

  /** What comes when the listener goes on. */
  get next(): QueueItem | undefined {
    return this.order[this.#place + 1] ?? (this.#repeat === 'all' ? this.order[0] : undefined);
  }

  /** What comes when the listener goes back. */
  get previous(): QueueItem | undefined {
    return this.order[this.#place - 1] ?? (this.#repeat === 'all' ? this.order.at(-1) : undefined);
  }

  /** What comes after `item` by itself when it has ended; the same again if one is repeated. */
  after(item: QueueItem): QueueItem | undefined {
    if (this.#repeat === 'one') return item;
    return this.order[this.order.indexOf(item) + 1] ?? (this.#repeat === 'all' ? this.order[0] : undefined);
  }

  get repeat(): Repeat {
    return this.#repeat;
  }

  set repeat(repeat: Repeat) {
    this.#repeat = repeat;
    this.#changed();
  }

  /** Turning it on lets the others follow the current one in any order; turning it off goes on from it in the order of the list. */
  get shuffle(): boolean {
    return this.#shuffled !== undefined;
  }

  set shuffle(shuffle: boolean) {
    if (shuffle === this.shuffle) return;
    const others = this.#items.filter((item) => item !== this.#current);
    this.#shuffled = shuffle ? [...(this.#current ? [this.#current] : []), ...this.#mixed(others)] : undefined;
    this.#changed();
  }

  /** Appends tracks; while it is shuffled they come anywhere after the current one. @throws AulosError `input.invalid`. */
  add(...items: readonly NewQueueItem[]): readonly QueueItem[] {
    return this.#insert(this.#items.length, items, false);
  }

  /**
   * Puts tracks before the one at `index`. Those put right behind the current one are the next to play, also while it is shuffled; others
   * come anywhere after it then. @throws AulosError `input.invalid`.
   */
  insert(index: number, ...items: readonly NewQueueItem[]): readonly QueueItem[] {
    const at = Math.max(0, Math.min(index, this.#items.length));
    return this.#insert(at, items, this.#current !== undefined && at === this.#items.indexOf(this.#current) + 1);
  }

  /** Takes a track out. When it is the current one, the next to play becomes it. @throws AulosError `input.invalid`: there is none. */
  remove(id: string): void {
    const item = this.#find(id);
    const { next } = this;
    if (item === this.#current) this.#current = next === item ? undefined : next;
    this.#items = this.#items.filter((other) => other !== item);
    this.#shuffled = this.#shuffled?.filter((other) => other !== item);
    this.#changed();
  }

  /** Moves a track to `index` of the list; a shuffled order stays as it is. @throws AulosError `input.invalid`: there is none. */
  move(id: string, index: number): void {
    const item = this.#find(id);
    this.#items = this.#items.filter((other) => other !== item).toSpliced(Math.max(0, index), 0, item);
    this.#changed();
  }

  /** Makes a track the current one. @throws AulosError `input.invalid`: there is none. */
  pick(id: string): void {
    this.#current = this.#find(id);
    this.#changed();
  }

  /** Puts `items` in place of all; the first of them is current. @throws AulosError `input.invalid`. */
  replace(...items: readonly NewQueueItem[]): readonly QueueItem[] {
    const made = this.#make(items, []);
    this.#items = made;
    this.#current = made[0];
    if (this.#shuffled) this.#shuffled = [...made.slice(0, 1), ...this.#mixed(made.slice(1))];
    this.#changed();
    return made;
  }

  clear(): void {
    this.replace();
  }

  get #place(): number {
    return this.#current ? this.order.indexOf(this.#current) : -1;
  }

  #insert(at: number, given: readonly NewQueueItem[], playsNext: boolean): readonly QueueItem[] {
    const items = this.#make(given, this.#items);
    this.#items = this.#items.toSpliced(at, 0, ...items);
    this.#current ??= this.#items.length === items.length ? items[0] : undefined;
    if (this.#shuffled) {
      const behind = this.#place + 1;
      if (playsNext) this.#shuffled = this.#shuffled.toSpliced(behind, 0, ...items);
      else for (const item of items) this.#shuffleIn(item);
    }
    this.#changed();
    return items;
  }

  /** Anywhere behind the current one. */
  #shuffleIn(item: QueueItem): void {
    const shuffled = this.#shuffled!;
    const first = item === this.#current ? 0 : shuffled.indexOf(this.#current!) + 1;
    const at = item === this.#current ? 0 : first + Math.floor(this.#random() * (shuffled.length + 1 - first));
    this.#shuffled = shuffled.toSpliced(at, 0, item);
  }

  #make(given: readonly NewQueueItem[], others: readonly QueueItem[]): readonly QueueItem[] {
    const ids = new Set(others.map(({ id }) => id));
    let made = 0;
    return given.map((one) => {
      const fields = typeof one === 'string' ? { url: one } : one;
      let { id } = fields;
      while (id === undefined || (fields.id === undefined && ids.has(id))) id = `${++made}`;
      if (ids.has(id)) throw invalid(`two items have the id "${id}"`);
      ids.add(id);
      return checkedItem({ ...fields, id });
    });
  }

  #find(id: string): QueueItem {
    const item = this.#items.find((other) => other.id === id);
    if (!item) throw invalid(`there is no item "${id}"`);
    return item;
  }

  /** Fisher–Yates. */
  #mixed(items: readonly QueueItem[]): QueueItem[] {
    const mixed = [...items];
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
    }
    return mixed;
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}
