import type { NativeDecoders } from './native.ts';
import { nodeAv } from './node-av.node.ts';
import { webCodecs } from './webcodecs.ts';

/**
 * The first of the packages that bring FFmpeg's decoders to Node which the application has installed: `node-av`, `@napi-rs/webcodecs`.
 * Neither is a dependency, and neither is needed: our own decoders play every format.
 */
export async function findNativeDecoders(): Promise<NativeDecoders | undefined> {
  return (await nodeAv()) ?? (await napiWebCodecs());
}

async function napiWebCodecs(): Promise<NativeDecoders | undefined> {
  const name = '@napi-rs/webcodecs';
  const api = await import(name).catch(() => undefined);
  return api && webCodecs(api, name);
}
