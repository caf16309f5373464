import { childController } from '../base/child-controller.ts';
import { isAulosError, type SerializedError } from '../errors.ts';
import type { Peaks } from './peak-table.ts';
import type { Track } from './track.ts';

/** From the page: wants the waveform of `load`, until it says anything over the port. */
export interface PeaksRequest {
  readonly type: 'peaks';
  readonly load: number;
  readonly buckets: number;
  readonly port: MessagePort;
}

/** Over the port: what is known so far, at last all of it; or why there is none, without an error because the track was left. */
export type PeaksReply = { readonly peaks: Peaks } | { readonly error: SerializedError | undefined };

/** Answers over the port of the request, for as long as `life` lasts. Never rejects. */
export async function answerPeaks({ buckets, port }: PeaksRequest, open: () => Promise<Track>, life: AbortSignal): Promise<void> {
  const { controller, release } = childController(life);
  const { signal } = controller;
  const tell = (reply: PeaksReply) => port.postMessage(reply);
  const onProgress = (peaks: Peaks) => tell({ peaks });
  port.onmessage = () => controller.abort();
  try {
    const track = await open();
    onProgress(await track.peaks({ buckets, signal, onProgress }));
  } catch (error) {
    tell({ error: !signal.aborted && isAulosError(error) ? error.toJSON() : undefined });
  } finally {
    release();
    port.close();
  }
}
