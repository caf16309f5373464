import { describe, expect, test } from 'vitest';
import { isAulosError } from '../../src/errors.ts';
import { Queue } from '../../src/playback/queue.ts';
import type { Repeat } from '../../src/playback/queue-json.ts';
import { randomFrom } from '../source/random.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id).join('');

const sorted = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id).sort();

function queueOf(letters: string, random?: () => number): Queue {
  const queue = new Queue(random);
  queue.add(...[...letters].map((id) => ({ id, url: `https://a/${id}.mp3` })));
  return queue;
}

const refused = (act: () => unknown): boolean => {
  try {
    act();
  } catch (error) {
    return isAulosError(error, 'input.invalid');
  }
  return false;
};

describe('a queue', () => {
  test('begins with the first track that is added, and gives an id to those that have none', () => {
    const queue = new Queue();
    const [one, two] = queue.add('https://a/1.mp3', { url: 'https://a/2.mp3', title: 'Two' });
    expect(queue.current).toBe(one);
    expect(queue.next).toBe(two);
    expect(one.id).not.toBe(two.id);
    expect(two).toMatchObject({ url: 'https://a/2.mp3', title: 'Two' });
  });

  test.each<[repeat: Repeat, current: string, previous: string, next: string, after: string]>([
    ['none', 'a', '', 'b', 'b'],
    ['none', 'c', 'b', '', ''],
    ['all', 'a', 'c', 'b', 'b'],
    ['all', 'c', 'b', 'a', 'a'],
    ['one', 'b', 'a', 'c', 'b'],
    ['one', 'c', 'b', '', 'c'],
  ])('repeating %s, at %s: previous %j, next %j, by itself %j', (repeat, current, previous, next, after) => {
    const queue = queueOf('abc');
    queue.repeat = repeat;
    queue.pick(current);
    expect([queue.previous?.id ?? '', queue.next?.id ?? '', queue.after(queue.current!)?.id ?? '']).toEqual([previous, next, after]);
  });

  test('goes on with the next when the current one is removed, and has none after the last', () => {
    const queue = queueOf('abc');
    queue.pick('b');
    queue.remove('b');
    expect([ids(queue.items), queue.current?.id]).toEqual(['ac', 'c']);
    queue.remove('c');
    expect([ids(queue.items), queue.current]).toEqual(['a', undefined]);
    expect(queue.next?.id).toBe('a');
    queue.clear();
    expect([queue.items, queue.current, queue.next, queue.previous]).toEqual([[], undefined, undefined, undefined]);
  });

  test('moves a track in the list', () => {
    const queue = queueOf('abcd');
    queue.move('a', 2);
    expect(ids(queue.items)).toBe('bcad');
    queue.move('d', 0);
    expect(ids(queue.items)).toBe('dbca');
    expect(queue.current?.id).toBe('a');
  });

  test('plays next what is inserted behind the current track, also while it is shuffled', () => {
    const queue = queueOf('abcdef');
    queue.shuffle = true;
    queue.pick('d');
    queue.insert(queue.items.indexOf(queue.current!) + 1, { id: 'x', url: 'x.mp3' }, { id: 'y', url: 'y.mp3' });
    expect(ids(queue.items)).toBe('abcdxyef');
    expect(queue.next?.id).toBe('x');
    queue.pick('x');
    expect(queue.next?.id).toBe('y');
  });

  test('tells every change, after it', () => {
    const queue = queueOf('abc');
    const seen: string[] = [];
    queue.addEventListener('change', () => seen.push(`${ids(queue.items)} ${queue.current?.id}`));
    queue.pick('b');
    queue.move('c', 0);
    queue.remove('b');
    queue.clear();
    expect(seen).toEqual(['abc b', 'cab b', 'ca undefined', ' undefined']);
  });

  test('refuses what would break it, and stays as it was', () => {
    const queue = queueOf('abc');
    const before = JSON.stringify(queue);
    expect(refused(() => queue.add({ id: 'b', url: 'x.mp3' }))).toBe(true);
    expect(refused(() => queue.add({ id: 'x', url: '' }))).toBe(true);
    expect(refused(() => queue.pick('x'))).toBe(true);
    expect(refused(() => queue.remove('x'))).toBe(true);
    expect(refused(() => queue.move('x', 0))).toBe(true);
    expect(JSON.stringify(queue)).toBe(before);
  });
});

describe('a queue as JSON', () => {
  const good = JSON.parse(JSON.stringify(queueOf('ab')));

  test.each<[what: string, json: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['another version', { ...good, version: 2 }],
    ['no items', { ...good, items: undefined }],
    ['an item without a url', { ...good, items: [{ id: 'a' }] }],
    ['an item without an id', { ...good, items: [{ url: 'a' }] }],
    ['an item with a title that is no text', { ...good, items: [{ id: 'a', url: 'a', title: {} }] }],
    ['two items of one id', { ...good, items: [good.items[0], good.items[0]] }],
    ['a current item that is not there', { ...good, current: 'x' }],
    ['a current item that is no id', { ...good, current: 0 }],
    ['another kind of repeat', { ...good, repeat: 'twice' }],
    ['an order that lacks one', { ...good, shuffled: ['a'] }],
    ['an order that has one twice', { ...good, shuffled: ['a', 'a'] }],
    ['an order of others', { ...good, shuffled: ['a', 'x'] }],
  ])('refuses %s', (_, json) => {
    expect(refused(() => Queue.from(json))).toBe(true);
  });

  test('keeps only what belongs to an item', () => {
    const [item] = Queue.from({ ...good, items: [{ ...good.items[0], __proto__: { x: 1 }, more: 1 }], current: null }).items;
    expect(Object.keys(item)).toEqual(['id', 'url']);
    expect(Object.isFrozen(item)).toBe(true);
  });
});

test(`whatever is done to it, its order holds (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  for (let round = 0; round < 300; round++) {
    const queue = new Queue(random);
    for (let step = 0; step < 40; step++) {
      const before = { items: queue.items, order: queue.order, current: queue.current, shuffle: queue.shuffle };
      const anyId = queue.items[below(queue.items.length)]?.id;
      const action = below(9);
      if (action < 3) queue.add(...Array.from({ length: 1 + below(3) }, () => 'a.mp3'));
      else if (action === 3) queue.insert(below(queue.items.length + 1), 'b.mp3');
      else if (action === 4) queue.shuffle = !queue.shuffle;
      else if (action === 5) queue.repeat = (['none', 'one', 'all'] as const)[below(3)];
      else if (anyId === undefined) continue;
      else if (action === 6) queue.remove(anyId);
      else if (action === 7) queue.move(anyId, below(queue.items.length));
      else queue.pick(anyId);

      const what = `SEED=${seed} round ${round} step ${step} action ${action}`;
      expect(sorted(queue.order), what).toEqual(sorted(queue.items));
      if (queue.current) expect(queue.items, what).toContain(queue.current);
      if (!queue.shuffle) expect(queue.order, what).toEqual(queue.items);
      else if (before.shuffle) {
        const stayed = (order: typeof before.order, others: typeof before.order) => order.filter((item) => others.includes(item));
        expect(stayed(queue.order, before.order), what).toEqual(stayed(before.order, queue.order));
        const added = queue.order.filter((item) => !before.order.includes(item));
        for (const item of added) expect(queue.order.indexOf(item), what).toBeGreaterThanOrEqual(queue.order.indexOf(queue.current!));
      } else expect(queue.order[0], what).toBe(queue.current ?? queue.order[0]);
      expect(JSON.stringify(Queue.from(JSON.parse(JSON.stringify(queue)))), what).toBe(JSON.stringify(queue));
    }
    walk(queue);
  }

  /** Next goes through all of them, and previous the same way back. */
  function walk(queue: Queue): void {
    if (queue.items.length === 0) return;
    queue.repeat = 'all';
    queue.pick(queue.items[below(queue.items.length)].id);
    const way = queue.items.map(() => {
      const { current } = queue;
      queue.pick(queue.next!.id);
      expect(queue.previous, `SEED=${seed}`).toBe(current);
      expect(queue.after(current!), `SEED=${seed}`).toBe(queue.current);
      return current;
    });
    expect(new Set(way).size, `SEED=${seed}`).toBe(queue.items.length);
  }
});
