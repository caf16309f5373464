import { brokenPacket } from '../broken-packet.ts';

/** QMF bands of the core that are copied upwards side by side. */
export interface Patch {
  /** First band that is copied. */
  readonly source: number;
  /** First band that is made of it. */
  readonly start: number;
  readonly count: number;
}

/** The standard allows 5; the encoder that made its test streams has made 6. */
const MAX_PATCHES = 6;

/** A patch narrower than this at the top is left out. */
const MIN_BANDS = 3;

/**
 * Patch construction (ISO/IEC 14496-3 §4.6.18.6.3, figure 4.47): which bands below `master[0]` the bands from `start` to `end` are made of.
 * @throws AulosError `decode.failed` where it does not come to an end.
 */
export function patchesOf(master: readonly number[], start: number, end: number, sampleRate: number): Patch[] {
  const [lowest] = master;
  const last = master.length - 1;
  const goal = Math.floor((2_048_000 + (sampleRate >> 1)) / sampleRate); // 16 kHz
  const patches: Patch[] = [];
  let top = lowest;
  let reached = start;
  let border = goal < end ? master.findIndex((band) => band >= goal) : last;
  // Each round makes a patch or moves `top` or `border`, else it would go on for ever.
  for (let round = 0; reached < end; round++) {
    if (round > 3 * MAX_PATCHES || patches.length >= MAX_PATCHES) throw brokenPacket('SBR patches');
    let i = border;
    while (i > 0 && master[i] > lowest - 1 + top - isOdd(master[i] + lowest)) i--;
    const odd = isOdd(master[i] + lowest);
    const count = Math.max(0, master[i] - reached);
    if (count > 0) {
      patches.push({ source: lowest - odd - count, start: reached, count });
      reached = top = master[i];
    } else top = start;
    if (master[border] - master[i] < MIN_BANDS) border = last;
  }
  if (patches.length > 1 && patches[patches.length - 1].count < MIN_BANDS) patches.pop();
  return patches;
}

const isOdd = (n: number): number => n & 1;
