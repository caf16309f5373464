import type { FrameRing } from './frame-ring.ts';

/**
 * Where a late joiner starts: the newest join point at least `replayMs` back (or the oldest one there is), less its pre-roll, within the
 * frames of `epoch`. Without any join point: the live edge.
 */
export function joinSeq(ring: FrameRing, epoch: number, replayMs: number): number {
  let found: number | undefined;
  for (let seq = ring.nextSeq - 1; seq >= ring.firstSeq; seq--) {
    const { frame, mediaTimeUs } = ring.at(seq)!;
    if (frame.epoch !== epoch) break;
    const backUs = ring.mediaTimeUs - mediaTimeUs;
    if (frame.join && replayMs > 0) found = seq;
    if (found !== undefined && backUs >= replayMs * 1_000) break;
  }
  if (found === undefined) return ring.nextSeq;
  const first = Math.max(ring.firstSeq, found - (ring.at(found)!.frame.preroll ?? 0));
  return first;
}

/** The first join point at or after `seq`; the live edge when there is none yet. */
export function nextJoinSeq(ring: FrameRing, seq: number): number {
  for (let at = Math.max(seq, ring.firstSeq); at < ring.nextSeq; at++) if (ring.at(at)!.frame.join) return at;
  return ring.nextSeq;
}
