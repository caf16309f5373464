import type { Publication, Subscription } from '../engine/engine.ts';
import type { NewFrame, StreamConfig } from '../engine/frame.ts';
import { framesOf, type PcmBlock } from '../media.ts';
import type { Sink } from './sink.ts';

const NO_BYTES = new Uint8Array(0);

/** The config of a stream of PCM blocks. */
export function pcmConfig(sampleRate: number, channels: number): Omit<StreamConfig, 'epoch'> {
  return { codec: 'pcm-f32', mimeType: 'audio/pcm', sampleRate, channels, header: NO_BYTES };
}

/**
 * The decode loop: writes `blocks` to a publication at the pace of its reliable subscribers. A change of rate or channels becomes a
 * new config in order. @throws what `blocks` throws; `signal.reason`.
 */
export async function publishBlocks(publication: Publication, blocks: AsyncIterable<PcmBlock>, signal: AbortSignal): Promise<void> {
  for await (const block of blocks) {
    const { sampleRate, channels } = publication.config;
    const isOther = block.sampleRate !== sampleRate || block.planes.length !== channels;
    if (isOther) publication.setConfig(pcmConfig(block.sampleRate, block.planes.length));
    await publication.write(frameOf(block), signal);
  }
}

/**
 * The sink's end: hands every frame of a reliable subscription to `sink`, and drains it when the stream ends.
 * @throws what the sink throws; `signal.reason`.
 */
export async function feedSink(subscription: Subscription, sink: Sink, signal: AbortSignal): Promise<void> {
  let epoch = 0;
  let sampleRate = 0;
  for await (const item of subscription) {
    if (item.type === 'config') {
      ({ epoch, sampleRate } = item.config);
      if (item.flushed) sink.flush(epoch);
      await sink.configure(item.config);
    } else if (item.type === 'frame') {
      const { planes = [], timestampUs } = item.frame;
      await sink.write({ planes, sampleRate, timestamp: Math.round((timestampUs * sampleRate) / 1e6) }, epoch, signal);
    }
  }
  signal.throwIfAborted();
  await sink.drain(signal);
}

/** A block as the engine carries it. */
export function frameOf(block: PcmBlock): NewFrame {
  const { planes, sampleRate, timestamp } = block;
  return {
    timestampUs: Math.round((timestamp * 1e6) / sampleRate),
    durationUs: (framesOf(block) * 1e6) / sampleRate,
    data: NO_BYTES,
    planes,
    join: true,
  };
}
