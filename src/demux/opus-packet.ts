/** Frames at 48 kHz of an Opus frame by its configuration (RFC 6716 §3.1, table 2): SILK, hybrid, CELT. */
const FRAMES = [
  ...[480, 960, 1_920, 2_880, 480, 960, 1_920, 2_880, 480, 960, 1_920, 2_880],
  ...[480, 960, 480, 960],
  ...[120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960],
];

/** §3.4: no packet is longer than 120 ms. */
const MAX_FRAMES = 5_760;

/**
 * Frames at 48 kHz that an Opus packet decodes to; 0 if it is malformed. Read from its first byte, and from the second for a packet of
 * any number of Opus frames (§3.2).
 *
 *     configuration 5 │ stereo 1 │ 0: one, 1 or 2: two, 3: any number 2 ││ variable 1 │ padded 1 │ number 6
 */
export function opusPacketFrames(packet: Uint8Array): number {
  if (packet.length === 0) return 0;
  const code = packet[0] & 3;
  const count = code === 0 ? 1 : code < 3 ? 2 : packet.length > 1 ? packet[1] & 63 : 0;
  const frames = FRAMES[packet[0] >> 3] * count;
  return frames <= MAX_FRAMES ? frames : 0;
}
