import { type AulosError, reviveError } from '../errors.ts';
import type { Peaks } from './peak-table.ts';
import type { PeaksReply } from './peaks-answer.ts';
import type { PeaksOptions } from './waveform.ts';

/** How a page asks for the waveform of what it plays. */
export interface PlayerPeaksOptions extends Pick<PeaksOptions, 'buckets' | 'onProgress'> {
  readonly signal?: AbortSignal;
}

/**
 * Asks the worker for a waveform over a port of its own, which `send` passes on; whoever abandons it says so over the port. A part of its
 * own, since most pages show none.
 */
export async function requestPeaks(
  player: EventTarget & { readonly error: AulosError | null },
  { signal, onProgress }: PlayerPeaksOptions,
  send: (port: MessagePort) => void,
): Promise<Peaks> {
  const { port1, port2 } = new MessageChannel();
  const settled = new AbortController();
  const options = { signal: settled.signal, once: true };
  try {
    return await new Promise<Peaks>((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => reject(signal.reason), options);
      player.addEventListener('error', () => reject(player.error), options); // a worker that died does not answer
      port1.onmessage = ({ data }: MessageEvent<PeaksReply>) => {
        if ('error' in data) reject(data.error ? reviveError(data.error) : new DOMException('the track was left', 'AbortError'));
        else if (data.peaks.isWhole) resolve(data.peaks);
        else onProgress?.(data.peaks);
      };
      send(port2);
    });
  } finally {
    settled.abort();
    port1.postMessage('unwanted');
    port1.close();
  }
}
