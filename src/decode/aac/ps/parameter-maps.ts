/** For each of 20 bands those of 34 whose mean it takes (table 8.47). */
const FROM_34 = [
  [0, 0, 1],
  [1, 2, 2],
  [3, 3, 4],
  [4, 5, 5],
  [6, 7],
  [8, 9],
  [10],
  [11],
  [12, 13],
  [14, 15],
  [16],
  [17],
  [18],
  [19],
  [20, 21],
  [22, 23],
  [24, 25],
  [26, 27],
  [28, 29, 30, 31],
  [32, 33],
];
/** For each of 34 bands those of 20 whose mean it takes (table 8.46). */
const FROM_20 = [
  ...[[0], [0, 1], [1], [2], [2, 3], [3], [4], [4], [5], [5], [6], [7], [8], [8], [9], [9], [10]],
  ...[[11], [12], [13], [14], [14], [15], [15], [16], [16], [17], [17], [18], [18], [18], [18], [19], [19]],
];

/** Spreads parameters for 10, 20 or 34 bands over 20 or 34; means of them are cut to whole numbers. Bands without one have 0. */
export function spreadParameters(from: Int8Array, bands: number, to: Int8Array, wanted: 20 | 34): void {
  const wide = bands === 10 ? Int8Array.from({ length: 20 }, (_, i) => from[i >> 1]) : from;
  const have = bands === 34 ? 34 : 20;
  if (have === wanted) to.set(wide.subarray(0, wanted));
  else for (const [band, sources] of (wanted === 20 ? FROM_34 : FROM_20).entries()) to[band] = mean(wide, sources, 1, 0); // as Int8Array cuts
}

/** The same for rows of `width` values per band, in place; they are not cut. */
export function spreadValues(values: Float64Array, width: number, wanted: 20 | 34): void {
  const maps = wanted === 20 ? FROM_34 : FROM_20;
  const before = values.slice();
  for (const [band, sources] of maps.entries()) for (let i = 0; i < width; i++) values[band * width + i] = mean(before, sources, width, i);
}

function mean(values: Int8Array | Float64Array, sources: readonly number[], width: number, offset: number): number {
  let sum = 0;
  for (const source of sources) sum += values[source * width + offset];
  return sum / sources.length;
}
