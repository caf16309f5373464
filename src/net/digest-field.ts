import type { Digest } from '../base/digest.ts';

/** The algorithms that RFC 9530 §5 calls active, the cheaper first, as members of a dictionary of byte sequences (RFC 8941 §3.2, §3.3.5). */
const members = [
  { algorithm: 'sha-256', member: /^sha-256 *= *:([A-Za-z0-9+/]{43}=?): *(;.*)?$/ },
  { algorithm: 'sha-512', member: /^sha-512 *= *:([A-Za-z0-9+/]{86}(?:==)?): *(;.*)?$/ },
] as const;

/**
 * The digest that a Content-Digest (of the bytes of this answer) or Repr-Digest (of the whole resource) promises, such as
 * `sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:`; undefined if there is none, or none that is understood.
 */
export function parseDigest(field: string | undefined): Digest | undefined {
  const entries = field?.split(',').map((entry) => entry.trim()) ?? [];
  for (const { algorithm, member } of members) {
    const [value] = entries.flatMap((entry) => member.exec(entry)?.[1] ?? []).slice(-1); // the last one counts (RFC 8941 §3.2)
    if (value !== undefined) return { algorithm, value: btoa(atob(value)) };
  }
  return undefined;
}
