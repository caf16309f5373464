import { framesOf, type PcmBlock } from '../media.ts';

/**
 * The block in `channels` channels. A few streams change between mono and stereo midway; what plays or stores them keeps the channels that
 * the head announced. Mono goes to every channel, everything goes into mono by its mean, and surplus channels are dropped. The planes may
 * be those of `block`, and may be one plane several times.
 */
export function withChannels(block: PcmBlock, channels: number): PcmBlock {
  const { planes } = block;
  if (planes.length === channels) return block;
  if (planes.length === 1) return { ...block, planes: Array<Float32Array>(channels).fill(planes[0]) };
  if (channels === 1) return { ...block, planes: [meanOf(block)] };
  const silence = new Float32Array(framesOf(block));
  return { ...block, planes: Array.from({ length: channels }, (_, c) => planes[c] ?? silence) };
}

function meanOf(block: PcmBlock): Float32Array {
  const { planes } = block;
  const mean = new Float32Array(framesOf(block));
  for (const plane of planes) for (let i = 0; i < mean.length; i++) mean[i] += plane[i] / planes.length;
  return mean;
}
