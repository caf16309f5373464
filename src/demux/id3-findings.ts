import type { Chapter, Metadata, Picture, PicturePlace } from '../media.ts';
import { parseId3Chapter } from './id3-chapter.ts';
import { parseId3Gain } from './id3-gain.ts';
import { parseId3PictureHead } from './id3-picture.ts';
import { decodeId3Text, genreOf, splitId3Strings, tagNameOf } from './id3-text.ts';
import { type ITunesGapless, parseITunSmpb } from './itunes-gapless.ts';
import { MAX_PICTURES, metadataOf } from './metadata.ts';

const MAX_FRAMES = 10_000;
const MAX_TEXT_BYTES = 1 << 20;

/** What ID3v2 tags say that a player cares for. */
export interface Id3 {
  readonly metadata: Metadata;
  /** Encoder delay and padding as iTunes writes them into a comment. */
  readonly gapless: ITunesGapless | undefined;
}

/** Collects what the frames of all tags of a file say, within the bounds that they share. The first value of a name wins. */
export class Id3Findings {
  framesLeft = MAX_FRAMES;
  #bytesLeft = MAX_TEXT_BYTES;
  #gapless: ITunesGapless | undefined;
  readonly #tags = new Map<string, string>();
  readonly #chapters: Chapter[] = [];
  readonly #pictures: Picture[] = [];

  /** True if a frame is one that {@link take} understands, and there is room for it. */
  isWanted(id: string, size: number): boolean {
    const isKnown = id === 'CHAP' || id === 'RVA2' || tagNameOf(id) !== undefined;
    return isKnown && size <= this.#bytesLeft;
  }

  /** Takes the content of a wanted frame. */
  take(id: string, content: Uint8Array, major: number): void {
    this.#bytesLeft -= content.length;
    if (content.length < 2) return;
    if (id === 'CHAP') {
      const chapter = parseId3Chapter(content, major);
      if (chapter) this.#chapters.push(chapter);
    } else if (id === 'RVA2') for (const [name, text] of parseId3Gain(content)) this.#add(name, text);
    else this.#takeText(tagNameOf(id) ?? '', content);
  }

  /** Takes what precedes the bytes of a picture; `place` is where both lie. */
  takePicture(head: Uint8Array, major: number, place: PicturePlace): void {
    const parsed = parseId3PictureHead(head, major);
    if (!parsed || this.#pictures.length >= MAX_PICTURES) return;
    const { headBytes, ...said } = parsed;
    const isPlain = place.coding === 'plain';
    const bytes = isPlain
      ? { ...place, start: place.start + headBytes }
      : { ...place, skip: place.skip + headBytes, size: place.size === undefined ? undefined : place.size - headBytes };
    this.#pictures.push({ ...said, place: bytes });
  }

  conclude(): Id3 {
    return { metadata: metadataOf(Object.fromEntries(this.#tags), this.#pictures, this.#chapters), gapless: this.#gapless };
  }

  #takeText(name: string, content: Uint8Array): void {
    const encoding = content[0];
    if (name === 'comment' || name === 'lyrics') {
      // encoding | language: 3 | description | text
      const [description, text] = splitId3Strings(content.subarray(4), encoding, 2).map((bytes) => decodeId3Text(bytes, encoding));
      if (description === 'iTunSMPB') this.#gapless ??= parseITunSmpb(text ?? '');
      else if (!description?.startsWith('iTun')) this.#add(name, text ?? description);
      return;
    }
    const strings = splitId3Strings(content.subarray(1), encoding, MAX_TEXT_BYTES).map((bytes) => decodeId3Text(bytes, encoding));
    if (name === 'user') {
      const [key, ...values] = strings;
      if (key) this.#add(key.toLowerCase(), joined(values));
    } else if (name === 'genre') this.#add(name, joined(strings.map(genreOf)));
    else this.#add(name, joined(strings));
  }

  #add(name: string, value: string): void {
    if (value !== '' && !this.#tags.has(name)) this.#tags.set(name, value);
  }
}

const joined = (values: readonly string[]): string => values.filter((value) => value !== '').join('; ');
