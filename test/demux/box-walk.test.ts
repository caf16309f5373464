import { describe, expect, test } from 'vitest';
import { BoxWalk } from '../../src/demux/box-walk.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { never } from '../fakes/demuxed.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { bigBox, box, bytes, u32 } from '../fakes/mp4-boxes.ts';

const error = (code: ErrorCode, offset: number) => expect.objectContaining({ code, details: expect.objectContaining({ offset }) });

async function headersOf(file: Uint8Array, options?: MemorySourceOptions) {
  const found: string[] = [];
  const walk = new BoxWalk(new MemorySource(file, options), 0, never);
  for (let header = await walk.next(); header; header = await walk.next()) found.push(`${header.type} ${header.start}-${header.end}`);
  return found;
}

describe('a walk over top-level boxes', () => {
  const file = bytes(box('ftyp', new Uint8Array(4)), bigBox('mdat', new Uint8Array(100)), box('free'), u32(0), 'mdat', new Uint8Array(9));

  test('finds them by their headers, with 32-bit and 64-bit sizes and with one that reaches to the end', async () => {
    expect(await headersOf(file)).toEqual(['ftyp 0-12', 'mdat 12-128', 'free 128-136', 'mdat 136-153']);
  });

  test('reach to infinity when the length is unknown', async () => {
    expect(await headersOf(file, { unknownLength: true })).toEqual(['ftyp 0-12', 'mdat 12-128', 'free 128-136', 'mdat 136-Infinity']);
  });

  test('costs little more than the headers, whatever lies behind them', async () => {
    const source = new MemorySource(bytes(...Array.from({ length: 5 }, () => box('mdat', new Uint8Array(1 << 20)))));
    const walk = new BoxWalk(source, 0, never);
    while (await walk.next());
    expect(source.reads.filter(({ start, end }) => end > start)).toHaveLength(5);
    expect(source.bytesRead).toBeLessThanOrEqual(5 * 20);
  });

  test('takes a box that it looks into and the next header with one read, from the second time on', async () => {
    const fragment = (size: number) => bytes(box('moof', new Uint8Array(size)), box('mdat', new Uint8Array(10_000)));
    const source = new MemorySource(bytes(...[500, 508, 490, 520].map(fragment)));
    const walk = new BoxWalk(source, 0, never);
    for (let header = await walk.next(); header; header = await walk.next()) {
      if (header.type === 'moof') expect((await walk.bytesOf(header)).length).toBe(header.end - header.start);
    }
    expect(source.reads.filter(({ start, end }) => end > start)).toHaveLength(3 + 1 + 1 + 1);
    expect(source.bytesRead).toBeLessThan(4 * 600);
  });

  test.each([{ grain: 1 }, { unknownLength: true }])('does not depend on how bytes arrive: %o', async (options) => {
    const content = bytes(
      box('moof', new Uint8Array(70)),
      box('mdat', new Uint8Array(900)),
      box(
        'moof',
        Uint8Array.from({ length: 90 }, (_, i) => i),
      ),
    );
    const walk = new BoxWalk(new MemorySource(content, options), 0, never);
    const seen: Uint8Array[] = [];
    for (let header = await walk.next(); header; header = await walk.next()) seen.push(await walk.bytesOf(header));
    expect(bytes(...seen)).toEqual(content);
  });

  test('that ends inside a header is cut off', async () => {
    for (const length of [1, 7]) await expect(headersOf(file.subarray(0, 12 + length))).rejects.toEqual(error('media.truncated', 12));
    await expect(headersOf(bytes(u32(1), 'mdat', u32(0)))).rejects.toEqual(error('media.truncated', 0));
  });

  test.each([
    ['smaller than its header', bytes(u32(7), 'free', u32(0), u32(0))],
    ['smaller than its large header', bytes(u32(1), 'free', u32(0), u32(15))],
    ['beyond 2^53', bytes(u32(1), 'free', u32(0x00200000), u32(0))],
  ])('refuses a size %s', async (_, head) => {
    await expect(headersOf(head)).rejects.toEqual(error('media.malformed', 0));
  });

  test('gives a box whole, within a budget', async () => {
    const second = async (content: Uint8Array) => {
      const walk = new BoxWalk(new MemorySource(content), 0, never);
      await walk.next();
      return { walk, header: (await walk.next())! };
    };
    const content = bytes(box('free'), box('moov', new Uint8Array(100)));
    const { walk, header } = await second(content);
    await expect(walk.bytesOf(header, 107)).rejects.toEqual(error('media.limit', 8));
    expect(await walk.bytesOf(header, 108)).toEqual(content.subarray(8));
    const cut = await second(content.subarray(0, 115));
    await expect(cut.walk.bytesOf(cut.header)).rejects.toEqual(error('media.truncated', 8));
  });
});
