import * as sha2 from '@noble/hashes/sha2.js';

const hashes = { 'sha-256': sha2.sha256, 'sha-512': sha2.sha512 };

/** SHA-256 of `bytes`: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => sha2.sha256(bytes);

/** What bytes hash to. */
export interface Digest {
  readonly algorithm: keyof typeof hashes;
  /** In base64, with its padding. */
  readonly value: string;
}

/** Bytes as they come, held against a digest at their end. Pure JavaScript, since `crypto.subtle` hashes no streams: about 130 MB/s. */
export class DigestCheck {
  readonly #promised: string;
  readonly #hash: ReturnType<(typeof hashes)[keyof typeof hashes]['create']>;

  constructor({ algorithm, value }: Digest) {
    this.#promised = value;
    this.#hash = hashes[algorithm].create();
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** True if the bytes so far are those that were promised. To be asked once. */
  matches(): boolean {
    return btoa(String.fromCharCode(...this.#hash.digest())) === this.#promised;
  }
}
