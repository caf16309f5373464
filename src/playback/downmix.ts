/** Planes of equal length, one per channel. */
export type Planes = readonly Float32Array[];

/** What a channel beside left and right adds to each side: −3 dB (ITU-R BS.775-4, table 2). */
const SHARED = Math.SQRT1_2;
const [LEFT, RIGHT, BOTH, NEITHER] = [[1, 0] as const, [0, 1] as const, [SHARED, SHARED] as const, [0, 0] as const];
const [REAR_LEFT, REAR_RIGHT] = [[SHARED, 0] as const, [0, SHARED] as const];
/** What goes left and right of each channel, in the order of our decoders, by channel count. */
const STEREO: readonly (readonly (readonly [left: number, right: number])[])[] = [
  [],
  [[1, 1]],
  [LEFT, RIGHT],
  [LEFT, RIGHT, BOTH],
  [LEFT, RIGHT, REAR_LEFT, REAR_RIGHT],
  [LEFT, RIGHT, BOTH, REAR_LEFT, REAR_RIGHT],
  [LEFT, RIGHT, BOTH, NEITHER, REAR_LEFT, REAR_RIGHT],
  [LEFT, RIGHT, BOTH, NEITHER, BOTH, REAR_LEFT, REAR_RIGHT],
  [LEFT, RIGHT, BOTH, NEITHER, REAR_LEFT, REAR_RIGHT, REAR_LEFT, REAR_RIGHT],
];

/**
 * Sound in `channels` channels, at least two. Mono sounds on both sides; what is more than stereo is mixed into stereo, so low that it cannot clip, and
 * without its low-frequency channel. Into more channels than it has it goes as it is, the others are silent. The planes may be those given.
 */
export function inChannels(planes: Planes, channels: number): Planes {
  if (planes.length === channels) return planes;
  const frames = planes[0].length;
  const stereo = planes.length === 1 ? [planes[0], planes[0]] : planes;
  if (stereo.length <= channels) {
    const silence = new Float32Array(frames);
    return Array.from({ length: channels }, (_, c) => stereo[c] ?? silence);
  }
  const shares = STEREO[planes.length] ?? [LEFT, RIGHT];
  const [left, right] = ([0, 1] as const).map((side) =>
    mix(
      planes,
      shares.map((share) => share[side]),
    ),
  );
  const silence = new Float32Array(frames);
  return Array.from({ length: channels }, (_, c) => [left, right][c] ?? silence);
}

function mix(planes: Planes, shares: readonly number[]): Float32Array {
  const sum = shares.reduce((total, share) => total + share, 0);
  const mixed = new Float32Array(planes[0].length);
  for (const [c, share] of shares.entries()) {
    if (share === 0) continue;
    const [plane, factor] = [planes[c], share / sum];
    for (let i = 0; i < mixed.length; i++) mixed[i] += factor * plane[i];
  }
  return mixed;
}
