import { AulosError } from '../../errors.ts';

/** The error of a frame that cannot be decoded; `what` names the rule it breaks. */
export function brokenFrame(what: string): AulosError<'decode.failed'> {
  return new AulosError('decode.failed', { what }, `FLAC frame: ${what}`);
}
