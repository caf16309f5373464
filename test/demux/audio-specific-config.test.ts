import { describe, expect, it } from 'vitest';
import { parseAudioSpecificConfig } from '../../src/demux/audio-specific-config.ts';

/** Fields as [value, width] to bytes. */
function bytes(...fields: readonly (readonly [value: number, width: number])[]): Uint8Array {
  const bits = fields.map(([value, width]) => value.toString(2).padStart(width, '0')).join('');
  return Uint8Array.from(bits.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

const general: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 1],
  [0, 1],
];

describe('parseAudioSpecificConfig', () => {
  it.each([
    [
      'LC at 44.1 kHz, stereo',
      bytes([2, 5], [4, 4], [2, 4], ...general),
      { sampleRate: 44_100, channels: 2, frameLength: 1024, hasSbr: false },
    ],
    ['frames of 960', bytes([2, 5], [3, 4], [1, 4], [1, 1], [0, 2]), { sampleRate: 48_000, channels: 1, frameLength: 960 }],
    ['a frequency written out', bytes([2, 5], [15, 4], [44_000, 24], [6, 4], ...general), { sampleRate: 44_000, channels: 6 }],
    ['7.1', bytes([2, 5], [3, 4], [12, 4], ...general), { channels: 8, channelConfiguration: 12 }],
    [
      'HE-AAC announced first',
      bytes([5, 5], [7, 4], [2, 4], [4, 4], [2, 5], ...general),
      {
        sampleRate: 22_050,
        channels: 2,
        hasSbr: true,
        hasParametricStereo: false,
        decoded: { sampleRate: 44_100, channels: 2, framesPerPacket: 2048, replication: 'double' },
      },
    ],
    [
      'HE-AAC v2 announced first',
      bytes([29, 5], [7, 4], [1, 4], [4, 4], [2, 5], ...general),
      { sampleRate: 22_050, channels: 1, hasSbr: true, hasParametricStereo: true, decoded: { sampleRate: 44_100, channels: 2 } },
    ],
    [
      'HE-AAC announced behind',
      bytes([2, 5], [7, 4], [2, 4], ...general, [0x2b7, 11], [5, 5], [1, 1], [4, 4]),
      { sampleRate: 22_050, hasSbr: true, hasParametricStereo: false },
    ],
    [
      'HE-AAC v2 announced behind',
      bytes([2, 5], [7, 4], [1, 4], ...general, [0x2b7, 11], [5, 5], [1, 1], [4, 4], [0x548, 11], [1, 1]),
      { hasSbr: true, hasParametricStereo: true },
    ],
    [
      'mono HE-AAC, in which parametric stereo may come unannounced',
      bytes([5, 5], [7, 4], [1, 4], [4, 4], [2, 5], ...general),
      { channels: 1, hasParametricStereo: true, decoded: { channels: 2 } },
    ],
    [
      'mono HE-AAC that says it has no parametric stereo',
      bytes([2, 5], [7, 4], [1, 4], ...general, [0x2b7, 11], [5, 5], [1, 1], [4, 4], [0x548, 11], [0, 1]),
      { hasSbr: true, hasParametricStereo: false, decoded: { channels: 1 } },
    ],
    [
      'SBR that leads to the rate of the core',
      bytes([5, 5], [4, 4], [2, 4], [4, 4], [2, 5], ...general),
      { decoded: { sampleRate: 44_100, framesPerPacket: 1024, replication: 'downsampled' } },
    ],
    [
      'HE-AAC in frames of 960, of which the core is decoded',
      bytes([5, 5], [7, 4], [2, 4], [4, 4], [2, 5], [1, 1], [0, 2]),
      { hasSbr: true, decoded: { sampleRate: 22_050, framesPerPacket: 960, replication: 'none' } },
    ],
    ['an announcement that there is no SBR', bytes([2, 5], [4, 4], [2, 4], ...general, [0x2b7, 11], [5, 5], [0, 1]), { hasSbr: false }],
  ])('reads %s', (_, description, expected) => {
    expect(parseAudioSpecificConfig(description)).toMatchObject(expected);
  });

  it.each([
    ['AAC Main', bytes([1, 5], [4, 4], [2, 4], ...general), 'media.unsupported'],
    ['AAC LTP', bytes([4, 5], [4, 4], [2, 4], ...general), 'media.unsupported'],
    ['xHE-AAC', bytes([31, 5], [42 - 32, 6], [4, 4], [2, 4], ...general), 'media.unsupported'],
    ['22.2 channels', bytes([2, 5], [3, 4], [13, 4], ...general), 'media.unsupported'],
    ['a reserved frequency', bytes([2, 5], [13, 4], [2, 4], ...general), 'media.malformed'],
    ['a frequency of zero', bytes([2, 5], [15, 4], [0, 24], [2, 4], ...general), 'media.malformed'],
    ['nothing', new Uint8Array(0), 'media.truncated'],
    ['half of it', bytes([2, 5], [2, 3]), 'media.truncated'],
    ['a layout that is not there', bytes([2, 5], [4, 4], [0, 4], ...general), 'media.truncated'],
  ])('refuses %s, naming the place', (_, description, code) => {
    const parse = () => parseAudioSpecificConfig(description, 1234);
    expect(parse).toThrow(expect.objectContaining({ code, details: expect.objectContaining({ offset: 1234 }) }));
  });
});
