/** More than the sound of a ring has, unless a station says another one every second. */
const MAX_TITLES = 256;

/** What a station said it plays, from which byte of its sound on; the last ones. */
export class StationTitles {
  #titles: readonly { readonly offset: number; readonly title: string }[] = [];

  /** It plays `title` from byte `offset` on, which is not before that of the last one. */
  add(offset: number, title: string): void {
    if (title !== this.#titles.at(-1)?.title) this.#titles = [...this.#titles, { offset, title }].slice(-MAX_TITLES);
  }

  /** What is played at byte `offset`; undefined if nothing was said of it, or it was too long ago. */
  at(offset: number): string | undefined {
    return this.#titles.findLast((each) => each.offset <= offset)?.title;
  }
}
