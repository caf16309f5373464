import type { Packet } from '../media.ts';

/** Writes packets of MP3 as they are: the byte stream format `audio/mpeg`, where they are their own headers and carry no times. */
export class MediaFrames {
  init(): undefined {}

  /** `packets`, which follow each other. */
  fragment(packets: readonly Packet[]): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(packets.reduce((sum, { data }) => sum + data.length, 0));
    let at = 0;
    for (const { data } of packets) {
      bytes.set(data, at);
      at += data.length;
    }
    return bytes;
  }
}
