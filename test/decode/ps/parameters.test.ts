import { expect, it } from 'vitest';
import { StereoParameters } from '../../../src/decode/aac/ps/parameters.ts';
import { BitReader } from '../../../src/demux/bit-reader.ts';

/** Takes in bits that are written as digits, with spaces between fields. */
function read(parameters: StereoParameters, fields: string): void {
  const digits = fields.replaceAll(' ', '');
  const bits = new BitReader(() => new Error('the bits have ended'));
  bits.load(Uint8Array.from(digits.padEnd(256, '0').match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2)));
  parameters.read(bits, digits.length);
}

it('keeps no intensity of the fine grid for the default one, which has fewer steps', () => {
  const parameters = new StereoParameters();
  // A header for 10 bands on the fine grid; one envelope: 15 in the first band, and no difference from there up.
  read(parameters, '1 1 011 0 0   0 01   0 011111111010000 111111111');
  expect([...parameters.intensity.subarray(0, 10)]).toEqual(Array(10).fill(15));
  // A header for the default grid, and no envelope: what was stays.
  read(parameters, '1 1 000 0 0   0 00');
  expect(Math.max(...parameters.intensity)).toBeLessThanOrEqual(7);
});
