import type { Codec, CodecConfig } from '../media.ts';

/** A packet, and the config that it belongs to. */
export interface Rehearsal {
  readonly config: CodecConfig;
  readonly packet: Uint8Array;
}

const rehearsal = (codec: Codec, codecString: string, base64: string, ...description: readonly number[]): Rehearsal => ({
  config: { codec, codecString, sampleRate: 44_100, channels: 2, description: Uint8Array.from(description) },
  packet: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
});

/**
 * For each codec whose decoder needs a while to come up to speed, a packet out of two sines (440 Hz left, 1,320 Hz right) with a little
 * noise, in stereo at 44.1 kHz, which takes the decoder through its usual ways. By LAME at 64 kbit/s without reservoir, by ffmpeg's encoder of
 * AAC-LC at 32 kbit/s, and by flac -8 in 8 bits and blocks of 256.
 */
export const rehearsals: Partial<Record<Codec, () => Rehearsal>> & { readonly mp3: () => Rehearsal } = {
  aac: () =>
    rehearsal(
      'aac',
      'mp4a.40.2',
      'IRXPn4s5wrrcf/Xv/71xVKqql89VlBvrq8Ekxtfn/z3HjWZmFKzNH81mAWseWMUaWkCsLNOC31Lcc7uuKp/+3HIAA0+WABm4',
      ...[0x12, 0x10], // AudioSpecificConfig: LC, 44.1 kHz, stereo
    ),
  flac: () =>
    rehearsal(
      'flac',
      'flac',
      '//iJogWSEv8EO0SJZSMMhhIcNJLV40I5iElMygQSaNoKRt0Ik8kM00kataUoHDMKBii1ryeu191SolSpWqaZkfNPLmRpFkkxVyXOacoyNRUiYsVIWWU8vZOaqjKlIS+A' +
        'AlCiIkSSUK5pzTmuXIUKEhJIVL2nHG2/7qUlEi1WR023uNzqoiKIRRJJYunR1tNaKiQkJIii11vz85trpakiLKWt3G/P3tdEoiRQSKLInff99aLJIiJIhRV1+/WX',
      // `fLaC`, STREAMINFO of 34 bytes: blocks of 256, 44.1 kHz, 2 channels of 8 bits
      ...[0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x42, 0x70, ...Array<number>(20).fill(0)],
    ),
  mp3: () =>
    rehearsal(
      'mp3',
      'mp3',
      '//tSZAABMVELW3Nm2awpYXo+dDs1BRgtYcZnQiCtheaQHmwVZWhVVnQ5EAC9QY0CwJi8eboTr3fbEFXsjQGA9JGg5W16H5HCc2ul/v/1gDaAAmFIAAB+sawUBsxjYs7g' +
        'TMxREo6E0N1AgPP9AD6C8yFYMAFy8265qLZlmTKUGaB2oYmb3IbHUw5XtV+X6j4lhwMsWHpxOpTLJ1qPyHe15oBUALBsEvfwwKDTXUjPXkExYBnfjdJE5XMQGMAwj1xF' +
        'jGaHhyQGHFSNNpXaYgpqKAA=',
    ),
};
