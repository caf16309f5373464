import { type AulosError, reviveError } from '../errors.ts';
import type { ArtworkReply } from './artwork-answer.ts';

/** Asks the worker for the picture of a track over a port of its own, which `send` passes on. A part of its own, since most pages show none. */
export async function requestArtwork(
  player: EventTarget & { readonly error: AulosError | null },
  send: (port: MessagePort) => void,
): Promise<Blob | undefined> {
  const { port1, port2 } = new MessageChannel();
  const settled = new AbortController();
  const options = { signal: settled.signal, once: true };
  const left = () => new DOMException('the track was left', 'AbortError');
  try {
    return await new Promise<Blob | undefined>((resolve, reject) => {
      player.addEventListener('error', () => reject(player.error), options); // a worker that died does not answer
      player.addEventListener('emptied', () => reject(left()), options);
      port1.onmessage = ({ data }: MessageEvent<ArtworkReply>) => {
        if ('error' in data) reject(data.error ? reviveError(data.error) : left());
        else resolve(data.picture && new Blob([data.picture.bytes], { type: data.picture.mediaType }));
      };
      send(port2);
    });
  } finally {
    settled.abort();
    port1.close();
  }
}
