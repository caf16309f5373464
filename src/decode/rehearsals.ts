import type { Codec, CodecConfig } from '../media.ts';

/** Packets, which may follow each other again and again, and the config that they belong to. */
export interface Rehearsal {
  readonly config: CodecConfig;
  readonly packets: readonly Uint8Array[];
  /** Decoding them for so long brings the decoder up to speed, or nearly: a slower machine rehearses less. */
  readonly ms: number;
}

const rehearsal = (
  codec: Codec,
  codecString: string,
  ms: number,
  base64: readonly string[],
  ...description: readonly number[]
): Rehearsal => ({
  config: { codec, codecString, sampleRate: 44_100, channels: 2, description: Uint8Array.from(description) },
  ms,
  packets: base64.map((text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))),
});

/**
 * For each codec whose decoder needs a while to come up to speed, packets in stereo at 44.1 kHz that take it through its usual ways. What they
 * lack, it will not have come up to. AAC has the first three that ffmpeg makes of the demo's reed at 48 kbit/s, joint stereo in long, short and long
 * windows as most music begins: it is by far the slowest to come up to speed. MP3 has the first two that LAME makes at 128 kbit/s of the
 * demo's kithara from second 20 on, joint stereo of which the second begins in the first. FLAC has one packet out of two sines (440 Hz left, 1,320 Hz
 * right) with a little noise, by flac -8 in 8 bits and blocks of 256.
 */
export const rehearsals: Partial<Record<Codec, () => Rehearsal>> & { readonly mp3: () => Rehearsal } = {
  aac: () =>
    rehearsal(
      'aac',
      'mp4a.40.2',
      30,
      [
        '3gIATGF2YzU5LjM3LjEwMABCTh//9/Cng6x0aBXKmRxxrnx9a1+zj9f4v+flw55/2CXA1jFQwwxUM5eO23rWtaG9mta6vo6Go1oblovWvl0en7N73uRrWtArewAN72b3egbADCrQ8Ppzxo/C' +
          'uVMjjjXPj61r554/X+L/n5b2+KAdB+PxAT54Df5+LBAAAAc=',
        'IUhszH5eLE/ZHabI8WR4sjw97z9eOm9/Hv57/Xz+Ov/H9fjf4+vxf/p3mvvx/p5TXu4oAA4QUhSjDhVF1zIHR7TLwKTUpFCOa9rZLKrN9K4Nj+f89XnPx46vDvWiDx2kgjhhG971WVB4/5B/' +
          'L+Uyi2l+0Z6bNzYnzvnSJPemI31ZG+nd9/rtxf9f/w9/Pf6+bnr9Ot/j6Pn3j7+29jz6cTY883PrgAAW0h+L7kgAAole0kSzgA==',
        'IXePv6UgF+TBZoxDonx8T88fjX1VT/p/5cR/6f838/Hn7Miuv/KwRH22Ju+LYJfRVPwnmKovIs/gQiNuETyCggYvCX424Wj8OifHxPefjX1VT+//P4zn/t/n6/brmMatXcASACYxPCLBOI2h' +
          'wA==',
      ],
      ...[0x12, 0x10], // AudioSpecificConfig: LC, 44.1 kHz, stereo
    ),
  flac: () =>
    rehearsal(
      'flac',
      'flac',
      10,
      [
        '//iJogWSEv8EO0SJZSMMhhIcNJLV40I5iElMygQSaNoKRt0Ik8kM00kataUoHDMKBii1ryeu191SolSpWqaZkfNPLmRpFkkxVyXOacoyNRUiYsVIWWU8vZOaqjKlIS+A' +
          'AlCiIkSSUK5pzTmuXIUKEhJIVL2nHG2/7qUlEi1WR023uNzqoiKIRRJJYunR1tNaKiQkJIii11vz85trpakiLKWt3G/P3tdEoiRQSKLInff99aLJIiJIhRV1+/WX',
      ],
      // `fLaC`, STREAMINFO of 34 bytes: blocks of 256, 44.1 kHz, 2 channels of 8 bits
      ...[0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x42, 0x70, ...Array<number>(20).fill(0)],
    ),
  mp3: () =>
    rehearsal('mp3', 'mp3', 10, [
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
