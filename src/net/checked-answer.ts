/** What is done with an answer: a part of its own, which comes while the first request is on its way. */

import type { Clock } from '../base/clock.ts';
import type { AulosError } from '../errors.ts';
import { type BodyProgress, CheckedBody } from './body.ts';
import type { RangeResponse } from './client.ts';
import { checkHead, mayBePage, refusePageBytes } from './response.ts';
import type { Transfer } from './transfer.ts';
import type { Arrival, Sent } from './transport.ts';

/** How an answer is checked. */
export interface Terms {
  readonly clock: Clock;
  /** Names an error of the platform. */
  readonly nameError: (error: unknown, progress: BodyProgress) => AulosError;
}

/** The answer to `sent`, as far as it is one. @throws what {@link RangeClient.get} throws of an answer. */
export async function checkedAnswer({ body, ...head }: Arrival, sent: Sent, transfer: Transfer, terms: Terms): Promise<RangeResponse> {
  const { timeouts, bitRate } = sent;
  const response = checkHead(sent.plain ? 'plain' : sent.range, head, sent.ifChanged);
  const checked = new CheckedBody(body, { response, transfer, timeouts, bitRate, ...terms });
  if (mayBePage(response)) refusePageBytes(await checked.peek(), response);
  return { ...response, body: checked };
}
