import { Engine } from '../engine/engine.ts';
import type { PcmBlock } from '../media.ts';
import { feedSink, pcmConfig, publishBlocks } from '../playback/pipeline.ts';
import type { Sink } from '../playback/sink.ts';

/** Sound in the making. */
export interface Sound {
  /** Of its first block, Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  blocks(signal: AbortSignal): AsyncIterable<PcmBlock>;
}

/** Runs the decode loop and the sink side by side until both are done; the first failure ends both. */
export async function soundInto(sink: Sink, { sampleRate, channels, blocks }: Sound, signal: AbortSignal): Promise<void> {
  const controller = new AbortController();
  const both = AbortSignal.any([signal, controller.signal]);
  const key = { app: 'command', stream: 'sound' };
  // It keeps nothing for those who join late: nobody does.
  await using engine = new Engine({ apps: [{ name: key.app, ringMs: 0 }] });
  const publication = await engine.publish(key, pcmConfig(sampleRate, channels));
  const subscription = await engine.subscribe(key, { delivery: 'reliable' });
  const stopOther = (error: unknown) => {
    controller.abort(error);
    throw error;
  };
  const publishing = publishBlocks(publication, blocks(both), both).then(() => publication.end(), stopOther);
  const feeding = feedSink(subscription, sink, both).catch(stopOther);
  await Promise.all([publishing, feeding]);
}
