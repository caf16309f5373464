import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { RangeResponse } from '../net/client.ts';
import { isStation } from './endless.ts';
import { IcyStripper } from './icy.ts';
import type { LiveRing } from './live-ring.ts';

/** A station that ends its answer is asked again after this long. */
const RECONNECT_MS = 1_000;

/** Who takes a live body in; a transfer is one. */
export interface LiveReceiver {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  received(bytes: number): void;
  /** Bytes up to `end` can be read. */
  appended(bytes: number, end: number): void;
}

/**
 * Pours the body of an answer, or what is left of it, into a ring. A station is joined where it is; a file without a length, which begins
 * anew at each connection, is followed to where we were.
 * @throws AulosError of the body; `net.truncated` when a station hangs up; `signal.reason`.
 */
export async function pour(response: RangeResponse, isRest: boolean, ring: LiveRing, receiver: LiveReceiver): Promise<void> {
  const { signal, clock } = receiver;
  const stripper = new IcyStripper(response.headers);
  let skip: number | undefined = isRest ? 0 : undefined;
  for (;;) {
    const { done, value } = await response.body.next();
    if (done) break;
    receiver.received(value.length);
    for (const audio of stripper.strip(value)) {
      if (typeof audio === 'string') {
        ring.titles.add(ring.end, audio);
        continue;
      }
      skip ??= (await ring.isBeginning(audio, signal)) ? ring.end : 0;
      const bytes = audio.subarray(skip);
      skip = Math.max(0, skip - audio.length);
      await ring.append(bytes, signal);
      receiver.appended(bytes.length, ring.end);
    }
  }
  if (!isStation(response.headers) && !response.endsWithConnection) return ring.finish();
  await sleep(RECONNECT_MS, signal, clock);
  const url = redactUrl(response.url);
  throw new AulosError('net.truncated', { url, received: ring.end }, `${url} hung up`);
}
