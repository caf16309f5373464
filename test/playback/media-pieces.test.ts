import { describe, expect, test } from 'vitest';
import type { MediaInfo, Packet } from '../../src/media.ts';
import { mediaPieces, type Piece } from '../../src/playback/media-pieces.ts';
import type { Track } from '../../src/playback/track.ts';
import { never } from '../fakes/demuxed.ts';

const RATE = 1_000;
const MP4 = { mp3: 'audio/mp4; codecs="mp3"' };
const MPEG = { mp3: 'audio/mpeg' };
const config = { codec: 'mp3', codecString: 'mp3', sampleRate: RATE, channels: 2, description: new Uint8Array() } as const;

/** Packets of 50 frames from `start` up to `end`. */
const packets = (start: number, end: number): Packet[] =>
  Array.from({ length: (end - start) / 50 }, (_, i) => {
    const timestamp = start + 50 * i;
    return { data: Uint8Array.of(timestamp / 50), offset: 0, timestamp, duration: 50, join: true, preroll: 0 };
  });

const toNanoseconds = (seconds: number) => Math.round(seconds * 1e9) / 1e9;

/** 2.8 seconds are heard, unless the packets are fewer. */
async function piecesOf(
  given: readonly Packet[],
  types: Record<string, string>,
  { encoderDelay = 0, start = 0, at = undefined as number | undefined } = {},
) {
  const info = { config, encoderDelay, frames: 2_800 } as MediaInfo;
  const track = { info, packets: () => given } as unknown as Track;
  const pieces: Piece[] = [];
  for await (const piece of mediaPieces(track, { start, end: undefined, at }, types, never)) pieces.push(piece);
  return {
    splices: pieces.flatMap((piece) =>
      piece.type === 'splice' ? [{ offset: toNanoseconds(piece.timestampOffset), start: piece.start, end: piece.end }] : [],
    ),
    untils: pieces.flatMap((piece) => (piece.type === 'segment' ? [piece.until] : [])),
    bytes: pieces.flatMap((piece) => (piece.type === 'segment' ? [...piece.bytes] : [])),
    order: pieces.map(({ type }) => type[1]).join(''),
  };
}

describe('the pieces of a track', () => {
  test('begin with a short one, for the first sound', async () => {
    const { untils, splices } = await piecesOf(packets(0, 3_000), MP4);
    expect(untils).toEqual([0.25, 1.25, 2.25, 2.8]);
    expect(splices).toEqual([{ offset: 0, start: 0, end: 2.8 }]);
  });

  test('leave delay and padding to the window of the splice', async () => {
    const { untils, splices } = await piecesOf(packets(0, 3_000), MP4, { encoderDelay: 105 });
    expect(splices).toEqual([{ offset: -0.105, start: 0, end: 2.8 }]);
    expect(untils.at(-1)).toBe(2.8);
  });

  test('lie where the track before has ended', async () => {
    const { untils, splices } = await piecesOf(packets(0, 3_000), MP4, { encoderDelay: 100, at: 7.5 });
    expect(splices).toEqual([{ offset: 7.4, start: 7.5, end: 10.3 }]);
    expect(untils.at(-1)).toBe(10.3);
  });

  test('have a first packet of which little is heard decoded when it is heard, and what follows at its own time', async () => {
    const decodeTimes = ({ bytes }: Awaited<ReturnType<typeof piecesOf>>) => {
      const view = new DataView(Uint8Array.from(bytes).buffer);
      const boxes = [...String.fromCharCode(...bytes).matchAll(/tfdt/g)];
      return boxes.map(({ index }) => view.getUint32(index + 8));
    };
    const joined = (encoderDelay: number) => piecesOf(packets(0, 600), MP4, { encoderDelay, at: 7.5 });
    expect(decodeTimes(await joined(90))).toEqual([40, 350]);
    expect(decodeTimes(await joined(75))).toEqual([25, 350]);
    expect(decodeTimes(await joined(60))).toEqual([0, 350]);
    expect(decodeTimes(await piecesOf(packets(0, 600), MP4, { encoderDelay: 90 }))).toEqual([0, 350]);
    expect(decodeTimes(await piecesOf(packets(0, 50), MP4, { encoderDelay: 90, at: 7.5 }))).toEqual([0]);
  });

  test.each([
    ['with what primes the decoder before it', 900, 1],
    ['where the demuxer could land, if that is later', 1_300, 1.2],
  ])('after a seek begin %s', async (_, from, lands) => {
    const { splices } = await piecesOf(packets(from, 3_000), MP4, { encoderDelay: 100, start: 1 });
    expect(splices).toEqual([{ offset: -0.1, start: lands, end: 2.8 }]);
  });
});

describe('a hole in the packets', () => {
  const holed = [...packets(0, 400), ...packets(600, 3_000)];

  test('is in the times of MP4', async () => {
    expect(await piecesOf(holed, MP4)).toMatchObject({ order: 'peeeee', untils: [0.25, 0.4, 1.6, 2.6, 2.8] });
  });

  test('is in those of another splice where packets carry none', async () => {
    const { order, splices, bytes } = await piecesOf(holed, MPEG);
    expect(order).toBe('peepeee');
    expect(splices.map(({ offset }) => offset)).toEqual([0.529, 1.129]); // less what browsers cut off themselves
    expect(bytes).toEqual(holed.map(({ data }) => data[0]));
  });
});

test('a stream that follows in a chain is a splice of its own, and what was heard is not heard again', async () => {
  const [next, ...rest] = packets(450, 3_000);
  const { order, splices } = await piecesOf([...packets(0, 500), { ...next, config }, ...rest], MP4);
  expect(order).toBe('peepeee');
  expect(splices.map(({ start }) => start)).toEqual([0, 0.5]);
});
