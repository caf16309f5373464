/** What aulos exports to feed many readers from one decode: in Node with the rest, for pages apart, since few of them do it. */
export type { AppSpec, EngineOptions, Publication, SubscribeOptions, Subscription } from '../engine/engine.ts';
export { Engine } from '../engine/engine.ts';
export type { Frame, NewFrame, StreamConfig, StreamItem, StreamKey } from '../engine/frame.ts';
export type { EndReason } from '../engine/stream.ts';
export { EventScope } from '../events/bus.ts';
export { feedSink, pcmConfig, publishBlocks } from './pipeline.ts';
export type { Sink } from './sink.ts';
