import { isIP, type LookupFunction } from 'node:net';
import { AulosError, redactUrl } from '../errors.ts';

/** Says of an address whether connecting to it is denied; see `isPrivateAddress`. */
export type AddressRule = (address: string) => boolean;

/** What a checked lookup fails with. It knows no URL; {@link deniedError} is what the caller gets. */
export class DeniedAddress extends Error {
  override readonly name = 'DeniedAddress';
  readonly address: string;

  constructor(address: string) {
    super(`connecting to ${address} is denied`);
    this.address = address;
  }
}

/** The error for a URL that leads to a denied address. */
export function deniedError(url: string, address: string): AulosError<'access.denied'> {
  return new AulosError('access.denied', { url, address }, `${url} leads to ${address}: connections to that address are denied`);
}

/**
 * A lookup that fails with {@link DeniedAddress} when any address of a name is denied, since a name with one public and one private
 * address waits for the public one to fail. Whoever connects to what it gives is safe from a name that changes its mind (DNS rebinding):
 * there is no second lookup between the check and the connection.
 */
export function checkedLookup(isDenied: AddressRule, lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, '');
      const addresses = typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found;
      const denied = addresses.find(({ address }) => isDenied(address));
      if (denied) return callback(new DeniedAddress(denied.address), '');
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

/**
 * Refuses a URL whose host is a denied address, for which no lookup is made. The URL parser has written the other spellings of IPv4 as
 * four decimal numbers (`0x7f.1`, `2130706433`, `127.0.0.1.`, percent-encoded or wide digits: WHATWG URL §3.5).
 * @throws AulosError `access.denied`.
 */
export function refuseDenied(target: URL, isDenied: AddressRule): void {
  const address = target.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) && isDenied(address)) throw deniedError(redactUrl(target.href), address);
}
