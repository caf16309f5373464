import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../src/demux/byte-reader.ts';
import { id3v2Size, readId3, skipId3v2 } from '../../src/demux/id3.ts';
import { MemorySource } from '../fakes/memory-source.ts';

const signal = new AbortController().signal;
const latin1 = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
const syncsafe = (n: number) => [(n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127];
const u32 = (n: number) => [(n >>> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255];

function tag(major: number, body: number[], flags = 0): number[] {
  return [...latin1('ID3'), major, 0, flags, ...syncsafe(body.length), ...body];
}
function frame(major: number, id: string, content: number[], flags = 0): number[] {
  if (major === 2) return [...latin1(id), ...u32(content.length).slice(1), ...content];
  return [...latin1(id), ...(major === 4 ? syncsafe(content.length) : u32(content.length)), 0, flags, ...content];
}
const text = (value: string) => [0, ...latin1(value)];
const utf16le = (value: string) => Array.from(value).flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]);

async function read(bytes: number[], grain = 1 << 20) {
  const reader = new ByteReader(new MemorySource(Uint8Array.from(bytes), { grain }), signal);
  const found = await readId3(reader, signal);
  return { ...found.metadata, gapless: found.gapless, end: reader.position };
}

describe('an ID3v2 tag', () => {
  it('has the size its header says, plus header and footer', () => {
    expect(id3v2Size(Uint8Array.from(tag(3, Array(300).fill(0))))).toBe(310);
    expect(id3v2Size(Uint8Array.from(tag(4, Array(300).fill(0), 0x10)))).toBe(320);
    expect(id3v2Size(Uint8Array.from(latin1('ID2 not a tag')))).toBe(0);
    expect(id3v2Size(Uint8Array.from([...latin1('ID3'), 3, 0, 0, 0x80, 0, 0, 0]))).toBe(0);
    expect(id3v2Size(Uint8Array.from(latin1('ID3')))).toBe(0);
  });

  it('is skipped, and so are those that follow it', async () => {
    const reader = new ByteReader(new MemorySource(Uint8Array.from([...tag(3, [0, 0]), ...tag(4, [0, 0, 0]), 0xff, 0xfb])), signal);
    expect(await skipId3v2(reader)).toBe(25);
    expect(reader.position).toBe(25);
  });

  it.each([
    ['v2.2', tag(2, frame(2, 'TT2', text('Song'))), { title: 'Song' }],
    ['v2.3', tag(3, frame(3, 'TIT2', text('Song'))), { title: 'Song' }],
    ['v2.4', tag(4, frame(4, 'TIT2', [3, ...new TextEncoder().encode('Größe')])), { title: 'Größe' }],
    ['UTF-16 with a mark', tag(3, frame(3, 'TPE1', [1, 0xff, 0xfe, ...utf16le('Ωmega'), 0, 0])), { artist: 'Ωmega' }],
    ['UTF-16 big endian', tag(4, frame(4, 'TALB', [2, 0x03, 0xa9])), { album: 'Ω' }],
    ['several values', tag(4, frame(4, 'TPE1', text('One\0Two'))), { artist: 'One; Two' }],
    ['a genre by number', tag(3, frame(3, 'TCON', text('(17)'))), { genre: 'Rock' }],
    ['a genre in words', tag(3, frame(3, 'TCON', text('(4)Eurodisco'))), { genre: 'Eurodisco' }],
    ['a comment', tag(3, frame(3, 'COMM', [0, ...latin1('eng'), 0, ...latin1('Hello')])), { comment: 'Hello' }],
    ['free text', tag(3, frame(3, 'TXXX', text('REPLAYGAIN_TRACK_GAIN\0-3.5 dB'))), { replaygain_track_gain: '-3.5 dB' }],
    ['a hostile name', tag(3, frame(3, 'TXXX', text('__proto__\0x'))), Object.fromEntries([['__proto__', 'x']])],
    ['a v2.3 extended header', tag(3, [...u32(6), 0, 0, 0, 0, 0, 0, ...frame(3, 'TIT2', text('A'))], 0x40), { title: 'A' }],
    ['a v2.4 extended header', tag(4, [...syncsafe(6), 1, 0, ...frame(4, 'TIT2', text('A'))], 0x40), { title: 'A' }],
    ['an unsynchronised v2.3 tag', tag(3, [...frame(3, 'TIT2', [0, 0xff]).slice(0, -1), 0xff, 0], 0x80), { title: 'ÿ' }],
    ['an unsynchronised v2.4 frame', tag(4, frame(4, 'TIT2', [0, 0xff, 0, 0x41], 0x02)), { title: 'ÿA' }],
    ['a compressed frame', tag(4, frame(4, 'TIT2', text('x'), 0x08)), {}],
    ['a frame that is longer than its tag', tag(3, [...latin1('TIT2'), ...u32(5000), 0, 0, 0, 65]), {}],
    ['the first of two', tag(3, [...frame(3, 'TIT2', text('A')), ...frame(3, 'TIT2', text('B'))]), { title: 'A' }],
  ])('gives its text: %s', async (_, bytes, tags) => {
    for (const grain of [1, 1 << 20]) {
      const found = await read(bytes, grain);
      expect(found.tags).toEqual(tags);
      expect(found.end).toBe(bytes.length);
    }
  });

  it('gives the gapless comment of iTunes', async () => {
    const smpb = ' 00000000 00000210 00000A78 00000000000ABCD0 00000000';
    const { gapless, tags } = await read(tag(3, frame(3, 'COMM', [0, ...latin1('eng'), ...latin1('iTunSMPB'), 0, ...latin1(smpb)])));
    expect(gapless).toEqual({ delay: 0x210, padding: 0xa78, frames: 0xabcd0 });
    expect(tags).toEqual({});
  });

  it('does not read its pictures', async () => {
    const picture = frame(3, 'APIC', Array(500_000).fill(7));
    const source = new MemorySource(Uint8Array.from(tag(3, [...picture, ...frame(3, 'TIT2', text('After'))])));
    const { metadata } = await readId3(new ByteReader(source, signal), signal);
    expect(metadata.tags).toEqual({ title: 'After' });
    expect(source.bytesRead).toBeLessThan(140_000);
  });

  it('stops at ten thousand frames and a mebibyte of text', async () => {
    const many = tag(3, Array.from({ length: 11_000 }, (_, i) => frame(3, 'TXXX', text(`k${i}\0v`))).flat());
    expect(Object.keys((await read(many)).tags)).toHaveLength(10_000);
    const long = tag(3, [...frame(3, 'TIT2', text('x'.repeat(1 << 20))), ...frame(3, 'TPE1', text('short'))]);
    expect((await read(long)).tags).toEqual({ artist: 'short' });
  });

  it('may be cut anywhere', async () => {
    const whole = tag(4, [...frame(4, 'TIT2', text('Song')), ...frame(4, 'COMM', [1, 101, 110, 103, 0xff, 0xfe, 0, 0, 0xff, 0xfe, 65, 0])]);
    for (let length = 0; length < whole.length; length++) {
      const { tags } = await read(whole.slice(0, length), 1);
      expect(tags).not.toHaveProperty('comment', 'A');
    }
    expect((await read(whole)).tags).toEqual({ title: 'Song', comment: 'A' });
  });
});
