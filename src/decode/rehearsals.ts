import type { Codec, CodecConfig } from '../media.ts';

/** Packets, which may follow each other again and again, and the config that they belong to. */
export interface Rehearsal {
  readonly config: CodecConfig;
  readonly packets: readonly Uint8Array[];
}

const rehearsal = (codec: Codec, codecString: string, base64: readonly string[], ...description: readonly number[]): Rehearsal => ({
  config: { codec, codecString, sampleRate: 44_100, channels: 2, description: Uint8Array.from(description) },
  packets: base64.map((text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))),
});

/**
 * For each codec whose decoder needs a while to come up to speed, packets in stereo at 44.1 kHz that take it through its usual ways. What they
 * lack, it will not have come up to: MP3 has the first two that LAME makes at 128 kbit/s of the demo's kithara from second 20 on, joint stereo of
 * which the second begins in the first. The others are one packet out of two sines (440 Hz left, 1,320 Hz right) with a little noise, by
 * ffmpeg's encoder of AAC-LC at 32 kbit/s, and by flac -8 in 8 bits and blocks of 256.
 */
export const rehearsals: Partial<Record<Codec, () => Rehearsal>> & { readonly mp3: () => Rehearsal } = {
  aac: () =>
    rehearsal(
      'aac',
      'mp4a.40.2',
      ['IRXPn4s5wrrcf/Xv/71xVKqql89VlBvrq8Ekxtfn/z3HjWZmFKzNH81mAWseWMUaWkCsLNOC31Lcc7uuKp/+3HIAA0+WABm4'],
      ...[0x12, 0x10], // AudioSpecificConfig: LC, 44.1 kHz, stereo
    ),
  flac: () =>
    rehearsal(
      'flac',
      'flac',
      [
        '//iJogWSEv8EO0SJZSMMhhIcNJLV40I5iElMygQSaNoKRt0Ik8kM00kataUoHDMKBii1ryeu191SolSpWqaZkfNPLmRpFkkxVyXOacoyNRUiYsVIWWU8vZOaqjKlIS+A' +
          'AlCiIkSSUK5pzTmuXIUKEhJIVL2nHG2/7qUlEi1WR023uNzqoiKIRRJJYunR1tNaKiQkJIii11vz85trpakiLKWt3G/P3tdEoiRQSKLInff99aLJIiJIhRV1+/WX',
      ],
      // `fLaC`, STREAMINFO of 34 bytes: blocks of 256, 44.1 kHz, 2 channels of 8 bits
      ...[0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x42, 0x70, ...Array<number>(20).fill(0)],
    ),
  mp3: () =>
    rehearsal('mp3', 'mp3', [
      '//uQRAAAAq0A2m0EYA5UgAs9oQwBS+jDVVmFgBF/DKp/MvAAAAJBUSUjYbg3wAAAbDz39PzPsHvDw8MAAAAc8PDw8MAAAAEB4eHh6QAAAAQHh5///////////h4eHhgAAAAAHh4eHpAA' +
        'AABAeHh4ekAAAA9OHh/64AAAAA1tS22XcPaAAB3Q8P+fmAArHD3/gAADsw8PDx4AAGfn+YeHgAAAACMPD/9T//f/////+YeP8AAHfv//wAAAABGHh4ePAAAAAEYeHh/oAAA/eYeAABgh' +
        'FHLW3GAAAAZ2A7boD8wEVAO+4kUvMTHLMMwX1AyuYDjtKKQVDYXjYZAjDkxFEmoCgeTdj0GP5dWqBgfScIxGIElRZ1Ug6KyHlC2pNQDk/pGX/z8Rz/t+vk9sXYAAAAAAACBpDxt4BgKB' +
        'AGABSAkpaoCrEQIAnR9AhaXoC6V0JYMOaGky0NVOeXjGJhcXRHWXbZY/SCwRIDOTTUhzk4f5ga+IL2Lh8OeUIx4aLfvBQs3+q1X/tVb/9VqrSyoBGwMALOwCEDLCU66KAy0cGKGT',
      '//uSRAmN0x8uTp9uQARYhBmj7kwAi6y5Lm7qCwFRjqYN3UlbgAdEmllJkaYYSWscLBwVi7LBoVUbBQkMMoBZUILhtxUFJA2GAnIpIgQYLJQNWE8k/5kK8HNJ0ZYoH33RUOYbc4Trf2+s' +
        '4LNRX/sojRPlv//WCdAAAADcFwoAg6bONBsNHH7wQZNDCWoJN5h9UG01mHCUcNw4KmcGUAIw8FA4hwxwVkF6wGYjSMiONikLOAY2CaASGOE1qpO9lpKUe8t7DSTNElJJ3PCfZUATzCsr' +
        'DKwkyqKxijD4DJcijMwHR0OMEy0HEwSBs1PB4FBENAzikCYaGp0CJ0hCczqg4gEdzBG559QDDGorPOmECiQMF8kXt9YRAu1RwuH/rFqQ5we3//3IE//zg7QjQYCkQYPAGKBgZTribgnq' +
        'cvgoYKjaChIMPCeMKxrN/RqEg7CBZ2XqgB508bHqlM7hoAAmHNKUgSVzDoEeBk4H4hME2ehoIIIoOo91paisXDSJqtNVAl+AAMQx7EncMPwtMv1EOnA6MgQiMBEpMNQVNL8jBWs2KA==',
    ]),
};
