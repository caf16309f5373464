import { describe, expect, test } from 'vitest';
import { refuseDenied } from '../../src/net/address-policy.node.ts';
import { isPrivateAddress } from '../../src/net/private-address.node.ts';

/** By kind, with the first and the last of each range; none of these may be connected to. */
const privateAddresses: Readonly<Record<string, readonly string[]>> = {
  'this host and network': ['0.0.0.0', '0.0.0.1', '0.255.255.255', '::'],
  loopback: ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  private: ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  'unique local': ['fc00::', 'fd00::1', 'FD12:3456:789A::1', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  'behind the NAT of a provider': ['100.64.0.0', '100.127.255.255'],
  'link-local': ['169.254.0.0', '169.254.255.255', 'fe80::', 'FE80::1', 'febf:ffff::1', 'fe80::1%eth0', 'fe80::1%1'],
  'site-local': ['fec0::', 'feff::1'],
  metadata: ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  multicast: ['224.0.0.0', '224.0.0.251', '239.255.255.255', 'ff00::', 'ff02::1', 'ff02::fb', 'ffff::'],
  'reserved and broadcast': ['240.0.0.0', '255.255.255.254', '255.255.255.255'],
  benchmarks: ['198.18.0.0', '198.19.255.255', '2001:2::1'],
  documentation: ['192.0.2.1', '198.51.100.255', '203.0.113.7', '2001:db8::1', '2001:DB8:FFFF::', '3fff::', '3fff:fff:ffff::1'],
  'protocol assignments and relays': ['192.0.0.0', '192.0.0.255', '192.88.99.1', '2001:1::1', '2001:1ff:ffff::', '2001:20::1'],
  'discard-only and segment routing': ['100::', '100::1', '5f00::1'],
  'not assigned': ['1::', '1fff:ffff::', '4000::', 'e000::1', '64:ff9b:2::1', '64:ff9c::a00:1'],
  'mapped into IPv6': [
    '::ffff:127.0.0.1',
    '::FFFF:10.0.0.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::ffff:0.0.0.0',
    '::ffff:0:0',
    '::ffff:0:1',
    '0000::ffff:192.168.0.1',
  ],
  'compatible and translated IPv4': ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::8.8.8.8', '::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'],
  'behind NAT64': ['64:ff9b::127.0.0.1', '64:ff9b::a00:1', '0064:FF9B::169.254.169.254', '64:ff9b::', '64:ff9b::1', '64:ff9b::c0a8:0'],
  'behind a local NAT64': ['64:ff9b:1::', '64:ff9b:1::8.8.8.8', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  'in a 6to4 tunnel': ['2002::', '2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1'],
  'in a Teredo tunnel': ['2001::', '2001:0:7f00:1::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  'no address at all': ['', 'localhost', '127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '[::1]', '8.8.8.8.', ' 8.8.8.8', '8.8.8.8/32'],
};

/** The neighbours of those ranges, and what is public inside IPv6. */
const publicAddresses: Readonly<Record<string, readonly string[]>> = {
  'before and after the ranges of IPv4': [
    ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '168.63.129.15'],
    ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '191.255.255.255', '192.0.1.0', '192.0.3.0', '192.88.98.255'],
    ...['192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '198.51.99.255', '203.0.114.0', '223.255.255.255', '8.8.8.8'],
  ],
  'global unicast': [
    '2000::',
    '2001:200::',
    '2001:4860:4860::8888',
    '2001:db7:ffff::',
    '2001:db9::',
    '2003::',
    '2606:4700::1111',
    '3ffe::1',
  ],
  'mapped into IPv6': ['::ffff:8.8.8.8', '::FFFF:808:808', '0:0:0:0:0:ffff:1.1.1.1'],
  'behind NAT64': ['64:ff9b::8.8.8.8', '64:ff9b::808:808', '64:FF9B:0:0:0:0:0101:0101'],
};

const rows = (table: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(table).flatMap(([kind, addresses]) => addresses.map((address) => ({ kind, address })));

describe('private', () => {
  test.each(rows(privateAddresses))('$kind: "$address"', ({ address }) => {
    expect(isPrivateAddress(address)).toBe(true);
  });
});

describe('public', () => {
  test.each(rows(publicAddresses))('$kind: "$address"', ({ address }) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});

/** Hosts as a URL may spell them, and the address that they mean. */
const spellings: readonly (readonly [host: string, address: string])[] = [
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1.', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['127.0.1', '127.0.0.1'],
  ['127.1.', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['2130706433.', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['0X7F000001', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
  ['0x7f.0x0.0x0.0x1', '127.0.0.1'],
  ['0x000000007f.1', '127.0.0.1'],
  ['017700000001', '127.0.0.1'],
  ['0177.0.0.1', '127.0.0.1'],
  ['0177.0.0.0x1', '127.0.0.1'],
  ['00000177.1', '127.0.0.1'],
  ['127.0x1', '127.0.0.1'],
  ['%31%32%37.0.0.1', '127.0.0.1'],
  ['127%2e0%2E0%2e1', '127.0.0.1'],
  ['127。0。0。1', '127.0.0.1'],
  ['127．0．0．1', '127.0.0.1'],
  ['１２７.0.0.1', '127.0.0.1'],
  ['①②⑦.0.0.1', '127.0.0.1'],
  ['127.0.0.\u00AD1', '127.0.0.1'],
  ['12\t7.0.\n0.1', '127.0.0.1'],
  ['0', '0.0.0.0'],
  ['0x', '0.0.0.0'],
  ['0.0', '0.0.0.0'],
  ['00.0.0', '0.0.0.0'],
  ['2852039166', '169.254.169.254'],
  ['0xa9fea9fe', '169.254.169.254'],
  ['0251.0376.0251.0376', '169.254.169.254'],
  ['169.254.43518', '169.254.169.254'],
  ['10.1', '10.0.0.1'],
  ['0xa.1', '10.0.0.1'],
  ['012.1', '10.0.0.1'],
  ['167772161', '10.0.0.1'],
  ['192.168.257', '192.168.1.1'],
  ['4294967295', '255.255.255.255'],
  ['[::1]', '::1'],
  ['[0:0::0:1]', '::1'],
  ['[::]', '::'],
  ['[FE80::1]', 'fe80::1'],
  ['[FD00:EC2::254]', 'fd00:ec2::254'],
  ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
  ['[::FFFF:7F00:1]', '::ffff:7f00:1'],
  ['[::127.0.0.1]', '::7f00:1'],
  ['[64:ff9b::10.0.0.1]', '64:ff9b::a00:1'],
  ['user:pass@127.0.0.1', '127.0.0.1'],
  ['8.8.8.8@127.0.0.1', '127.0.0.1'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['127.0.0.1:65535', '127.0.0.1'],
  ['[::1]:8080', '::1'],
];

describe.each(['http', 'https'])('%s URLs', (scheme) => {
  test.each(spellings)('%j are refused as %s', (host, address) => {
    expect(() => refuseDenied(new URL(`${scheme}://${host}/song.mp3?token=1`), isPrivateAddress)).toThrow(
      expect.objectContaining({ code: 'access.denied', details: { url: expect.stringMatching(/^https?:.*\/song\.mp3$/), address } }),
    );
  });

  test.each(['8.8.8.8', '134744072', '0x08.8.8.8', '010.8.8.8', '8.8.2056', '8.8.8.8.', '[2001:4860:4860::8888]', '[::ffff:8.8.8.8]:81'])(
    '%j pass',
    (host) => {
      expect(() => refuseDenied(new URL(`${scheme}://${host}/`), isPrivateAddress)).not.toThrow();
    },
  );

  test.each(['localhost', 'localhost.', '127.0.0.1.nip.io', '127.0.0.1..', 'fe80', 'music.example'])(
    'names like %j are left to the lookup',
    (host) => {
      expect(() => refuseDenied(new URL(`${scheme}://${host}/`), () => true)).not.toThrow();
    },
  );
});

test.each([
  '256.0.0.1',
  '127.0.0.0x100',
  '4294967296',
  '08.0.0.1',
  '1.2.3.4.5',
  '[fe80::1%25eth0]',
  '[127.0.0.1]',
  '[::1',
  'a.0x7f',
  '127.0.0.1%00',
])('%j is no host', (host) => {
  expect(URL.canParse(`http://${host}/`)).toBe(false);
});
