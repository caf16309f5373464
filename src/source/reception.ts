/** What a transfer does with an answer: a part of its own, which comes while the first request is on its way. */
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { RangeResponse } from '../net/client.ts';
import { claimsOther } from './answer.ts';
import { isStation } from './endless.ts';
import { Intake } from './intake.ts';
import type { Transfer, TransferHost } from './transfer.ts';
import { judge } from './verdict.ts';

/** An answer to a request of `transfer` for `asked`, made because `gap` is missing. */
interface Answer {
  readonly response: RangeResponse;
  readonly gap: ByteRange;
  readonly asked: ByteRange;
  readonly transfer: Transfer;
  readonly host: TransferHost;
}

/** Takes in what an answer brings. True if the rest of the range is somebody else's. @throws AulosError why it is no use. */
export async function receive(answer: Answer): Promise<boolean> {
  const { response, gap, asked, transfer, host } = answer;
  const { asset } = host;
  if (host.isLive || (response.status === 200 && isStation(response.headers))) return await pour(answer);
  const { facts } = asset;
  const verdict = judge(response, {
    purpose: transfer.purpose,
    start: gap.start,
    plain: transfer.isPlain,
    alone: host.isAlone(transfer),
    facts,
    heldBytes: asset.held.size,
  });
  if (verdict === 'invalid') throw contradicts(response, asked);
  if (verdict === 'doubt') {
    await host.distrust();
    return false; // and asks again, with an overlap
  }
  if (verdict === 'refuse') {
    host.refused();
    return true;
  }
  if (response.status === 200) {
    transfer.purpose = 'fill';
    transfer.end = Infinity;
  }
  const isNew = verdict === 'begin' || verdict === 'renew';
  const isOther = claimsOther(response, facts);
  const isWhole = facts?.length === undefined && response.total === gap.start; // nothing was missing but the certainty
  if (!isNew && !isWhole && response.range.end <= gap.start && !transfer.doubtsLength) throw bringsNothing(response, asked);
  const generation = isNew ? await host.begin(response, transfer) : asset.generation;
  await host.accepted(response, isNew || isOther);
  const compareUntil = verdict !== 'compare' ? 0 : response.status === 200 ? Infinity : gap.start;
  transfer.doubtsLength = false;
  const { endlessAfter } = host;
  const intake = new Intake({ response, generation, compareUntil, endlessAfter, claimsOther: isOther && !isNew }, transfer);
  const end = await intake.run();
  if (end === 'endless') return await pour(answer, intake.at);
  if (end === 'left') return true;
  await conclude(answer, intake.at);
  return false;
}

/** Goes on without an end, at the start of a body or where its rest is; true when it has one after all. */
async function pour({ response, transfer, host }: Answer, restFrom?: number): Promise<boolean> {
  const { pour: pourInto } = await loadPart('live streams', () => import('./live.ts'));
  const ring = await host.goLive(response, restFrom ?? 0, transfer);
  await pourInto(response, restFrom !== undefined, ring, transfer);
  return true;
}

/** The end of a body is that of the resource where it was asked for to the end, and where it was no accident. */
async function conclude({ response, asked, transfer, host }: Answer, at: number): Promise<void> {
  const { status, total, endsWithConnection, url } = response;
  if (status === 206 && (total !== undefined || asked.end < Infinity)) return;
  const { length } = host.asset.facts ?? {};
  const isDoubtful = length === undefined ? endsWithConnection && at !== transfer.seenEnd : at < length;
  transfer.seenEnd = at;
  if (!isDoubtful) return host.ended(at);
  const details = { url: redactUrl(url), expected: length, received: at - response.range.start };
  throw new AulosError('net.truncated', details, `${details.url} may have been cut at byte ${at}`);
}

/** The validators say that nothing changed, and the length is another. */
function contradicts({ url, total }: RangeResponse, asked: ByteRange): AulosError {
  const details = { url: redactUrl(url), asked, answered: `${total} bytes in all` };
  return new AulosError('http.range', details, `${details.url}: the same version cannot have another length (${total} bytes)`);
}

/** A server may send less than was asked, but an answer that ends inside the overlap would be asked for for ever. */
function bringsNothing({ url, range }: RangeResponse, asked: ByteRange): AulosError {
  const details = { url: redactUrl(url), asked, answered: `bytes ${range.start}-${range.end - 1}` };
  return new AulosError('http.range', details, `${details.url}: asked for bytes from ${asked.start} on, got only up to ${range.end}`);
}
