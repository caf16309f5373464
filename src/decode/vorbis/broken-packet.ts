import { AulosError } from '../../errors.ts';

/** A packet of sound that cannot be decoded. */
export const brokenPacket = (what: string): AulosError<'decode.failed'> =>
  new AulosError('decode.failed', { what }, `broken Vorbis packet: ${what}`);

/** Headers that break the rules; they stand at the start of the resource. */
export const brokenHeader = (what: string): AulosError<'media.malformed'> =>
  new AulosError('media.malformed', { offset: 0, what: `Vorbis: ${what}` }, `the Vorbis headers are broken: ${what}`);
