/**
 * Roundings of powers and logarithms of whole numbers, by comparing powers: engines differ in `Math.pow` and `Math.log2`, and a border
 * that is rounded the other way is another band.
 */

/** NINT(`parts` · log2(`to` / `from`) / warp): how often an octave, divided into so many parts, fits between two QMF bands. */
export function octaveParts(from: number, to: number, parts: number, warpTenths = 10): number {
  // NINT(x) is the greatest n with x ≥ n − ½.
  const ratio = power(to / from, 20 * parts);
  let count = 0;
  while (ratio >= power(2, warpTenths * (2 * count + 1))) count++;
  return count;
}

/** Widths of `count` bands from `from` to `to` whose borders are the roundings of a geometric series: NINT(from·(to/from)^(i/count)). */
export function geometricWidths(from: number, to: number, count: number): number[] {
  const widths: number[] = [];
  for (let i = 1, border = from; i <= count; i++) {
    const goal = power(to / from, i);
    let next = border;
    while (next < to && power((next + 0.5) / from, count) <= goal) next++;
    widths.push(next - border);
    border = next;
  }
  return widths;
}

function power(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= base;
  return product;
}
