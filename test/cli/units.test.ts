import { describe, expect, it } from 'vitest';
import { formatBytes, formatSeconds, parseSeconds } from '../../src/cli/units.ts';

describe('units', () => {
  it.each([
    [0, '0:00'],
    [6.13, '0:06.1'],
    [59.99, '0:59.9'],
    [60, '1:00'],
    [3723.5, '1:02:03.5'],
    [Infinity, 'live'],
    [undefined, '?'],
  ])('writes %s seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    ['90', 90],
    ['12.5', 12.5],
    ['1:30', 90],
    ['1:01:30.25', 3690.25],
  ])('reads %s as %s seconds', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each(['', '-1', '1:', ':30', '1:2:3:4', '1.5:00', 'x', '1e3'])('refuses "%s" as a time', (text) => {
    expect(() => parseSeconds(text)).toThrow(expect.objectContaining({ code: 'input.invalid' }));
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [3_000_104, '3.00 MB'],
    [5e15, '5000.0 TB'],
  ])('writes %s bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
