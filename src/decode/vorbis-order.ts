/** Where left, right, centre, low frequencies, rear and side pairs are in the order of Vorbis, by channel count ("Vorbis I specification" §4.3.9). */
const ORDERS: readonly (readonly number[])[] = [
  [],
  [0],
  [0, 1],
  [0, 2, 1],
  [0, 1, 2, 3],
  [0, 2, 1, 3, 4],
  [0, 2, 1, 5, 3, 4],
  [0, 2, 1, 6, 5, 3, 4],
  [0, 2, 1, 7, 5, 6, 3, 4],
];

/** For each channel in our order, which of Vorbis and Opus it is. With more than eight the application knows. */
export const vorbisOrder = (channels: number): readonly number[] => ORDERS[channels] ?? Array.from({ length: channels }, (_, c) => c);
