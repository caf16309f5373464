import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IPv4 that is not one machine of the public internet: the special-purpose registry of IANA (RFC 6890), and what clouds add to it. */
const special4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8], // this network; 0.0.0.0 connects to this host
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // behind the NAT of a provider, RFC 6598; 100.100.100.200 are the metadata of Alibaba Cloud
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // the host of an Azure machine
  ['169.254.0.0', 16], // link-local; 169.254.169.254 are the metadata of most clouds
  ['172.16.0.0', 12], // private, RFC 1918
  ['192.0.0.0', 24], // protocol assignments; 192.0.0.192 are the metadata of Oracle Cloud
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16], // private, RFC 1918
  ['198.18.0.0', 15], // benchmarks, RFC 2544
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and the broadcast address
];

/** What of the global unicast space is no machine of the public internet either. */
const special6: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23], // protocol assignments: Teredo tunnels, benchmarks, ORCHIDs
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: a tunnel to the IPv4 address inside
  ['3fff::', 20], // documentation, RFC 9637
];

/**
 * An IPv4 address that IPv6 carries, as two hexadecimal groups at the end: mapped (RFC 4291 §2.5.5.2), or behind NAT64 (RFC 6052), through
 * which a network without IPv4 reaches all of it.
 */
const CARRIED = /^\[(?:::ffff:|64:ff9b::)([0-9a-f]+):([0-9a-f]+)\]$/;

/**
 * True unless `address` is one of the public internet, where anybody may connect. Takes IPv4 as four decimal numbers and IPv6 in every
 * spelling, without brackets, as the resolver of Node gives them. What is no such address is not public.
 */
export function isPrivateAddress(address: string): boolean {
  lists ??= buildLists();
  const { special, global6 } = lists;
  if (isIPv4(address)) return special.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return true; // a zone is one of this machine's links
  const [, high, low] = CARRIED.exec(new URL(`http://[${address}]/`).hostname) ?? [];
  if (high !== undefined) return special.check(dotted(Number.parseInt(high, 16), Number.parseInt(low, 16)), 'ipv4');
  return !global6.check(address, 'ipv6') || special.check(address, 'ipv6');
}

let lists: ReturnType<typeof buildLists> | undefined;

function buildLists() {
  // Global unicast, RFC 4291 §2.4. Whatever is outside is loopback, link-local, unique local (fd00:ec2::254 too), multicast or not assigned.
  const global6 = new BlockList();
  global6.addSubnet('2000::', 3, 'ipv6');
  const special = new BlockList();
  for (const [network, prefix] of special4) special.addSubnet(network, prefix, 'ipv4');
  for (const [network, prefix] of special6) special.addSubnet(network, prefix, 'ipv6');
  return { special, global6 };
}

const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
