import { AulosError } from '../../errors.ts';

/** The error of a packet that cannot be decoded; `what` names the rule it breaks. */
export const brokenPacket = (what: string): AulosError<'decode.failed'> =>
  new AulosError('decode.failed', { what }, `broken ALAC packet: ${what}`);
