import { sha256, sha512 } from '@noble/hashes/sha2.js';

export { sha256 };

const hashes = { 'sha-256': sha256, 'sha-512': sha512 };

/** What bytes hash to. */
export interface Digest {
  readonly algorithm: keyof typeof hashes;
  /** In base64, with its padding. */
  readonly value: string;
}

/** Bytes as they come, held against a digest at their end. Pure JavaScript, since `crypto.subtle` hashes no streams: about 130 MB/s. */
export class DigestCheck {
  readonly #promised: string;
  readonly #hash: ReturnType<(typeof sha256)['create']> | ReturnType<(typeof sha512)['create']>;

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
