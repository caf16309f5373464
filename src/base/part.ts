import { AulosError } from '../errors.ts';

/**
 * Loads a part of aulos that is a chunk of its own. @throws AulosError `decode.unavailable` when it cannot be had: offline, or because another
 * version has been deployed in the meantime.
 */
export async function loadPart<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new AulosError('decode.unavailable', { codec: name }, `the part of aulos for ${name} cannot be loaded`, { cause });
  }
}
