import type { Tags } from '../media.ts';
import { fromBase64 } from './base64.ts';
import { type FlacPictureHead, MAX_FLAC_PICTURE_HEAD_BYTES, parseFlacPictureHead } from './flac-picture.ts';
import { MAX_PICTURE_BYTES, MAX_PICTURES } from './metadata.ts';
import { parseVorbisComment } from './vorbis-comment.ts';

/** A picture in the headers of an Ogg stream: what is said of it, and where it lies in the headers when they are joined. */
export interface OggPicture {
  readonly said: Omit<FlacPictureHead, 'headBytes' | 'pictureBytes'>;
  readonly coding: 'ogg' | 'ogg comment';
  readonly skip: number;
  readonly size: number;
}

/** Tags and pictures of the header packets of a stream, which pass in order. */
export class OggHeaders {
  #tags: Tags = {};
  readonly #pictures: OggPicture[] = [];
  #passedBytes = 0;

  get tags(): Tags {
    return this.#tags;
  }

  get pictures(): readonly OggPicture[] {
    return this.#pictures;
  }

  /** A header packet; a Vorbis comment or a FLAC picture may begin at byte `at` of it. */
  pass(packet: Uint8Array, holds?: 'comment' | 'picture', at = 0): void {
    if (holds === 'comment') this.#takeComment(packet, at);
    if (holds === 'picture') this.#takePicture(packet, at);
    this.#passedBytes += packet.length;
  }

  #takeComment(packet: Uint8Array, at: number): void {
    const { tags, pictures } = parseVorbisComment(packet.subarray(at));
    this.#tags = tags;
    for (const { start, end } of pictures) {
      const text = packet.subarray(at + start, at + Math.min(end, start + BASE64_HEAD_BYTES));
      const head = parseFlacPictureHead(fromBase64(text) ?? new Uint8Array(0));
      if (head) this.#add(head, { coding: 'ogg comment', skip: this.#passedBytes + at + start, size: end - start });
    }
  }

  #takePicture(packet: Uint8Array, at: number): void {
    const head = parseFlacPictureHead(packet.subarray(at, at + MAX_FLAC_PICTURE_HEAD_BYTES));
    if (!head || at + head.headBytes + head.pictureBytes > packet.length) return;
    this.#add(head, { coding: 'ogg', skip: this.#passedBytes + at + head.headBytes, size: head.pictureBytes });
  }

  #add({ headBytes, pictureBytes, ...said }: FlacPictureHead, place: Omit<OggPicture, 'said'>): void {
    if (pictureBytes <= MAX_PICTURE_BYTES && this.#pictures.length < MAX_PICTURES) this.#pictures.push({ said, ...place });
  }
}

/** Four characters stand for three bytes. */
const BASE64_HEAD_BYTES = 4 * Math.ceil(MAX_FLAC_PICTURE_HEAD_BYTES / 3);
