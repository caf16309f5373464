import { type AulosError, reviveError, type SerializedError } from '../errors.ts';
import type { OpenOptions } from './library.ts';

type Headers = Readonly<Record<string, string>>;

/** What is the same on both sides. */
type PlainOptions = Pick<OpenOptions, 'whole' | 'onIdle' | 'revalidate' | 'discriminator' | 'decoder' | 'crossOrigin' | 'titles'>;

/** What an application decides about the downloads of its player. Functions run where the player was made, whatever its worker does. */
export interface DownloadOptions extends PlainOptions {
  /** Sent with every request, for which a function is asked each time; dropped on a redirect to another origin. */
  readonly headers?: Headers | ((url: string) => Headers | Promise<Headers>);
  /** Names what a URL stands for, without its signature, say. @default the URL without its fragment */
  readonly cacheKey?: (url: string) => string;
  /** Gives a new URL for `url`, which is refused after part of it was had; see {@link OpenOptions.refreshUrl}. */
  readonly refreshUrl?: (error: AulosError, url: string) => string | Promise<string>;
}

/** {@link DownloadOptions} for one URL, as they cross to the worker. */
export interface PortableOptions extends PlainOptions {
  readonly headers?: Headers;
  readonly cacheKey?: string;
  /** The functions that are asked by {@link Question}s. */
  readonly asks: readonly Question['about'][];
}

/** From the worker: `id` counts up. */
export type Question =
  | { readonly type: 'question'; readonly id: number; readonly url: string; readonly about: 'headers' }
  | { readonly type: 'question'; readonly id: number; readonly url: string; readonly about: 'refreshUrl'; readonly error: SerializedError };

/** To the worker: what the function gave, or the text of what it threw. */
export type Answer = { readonly type: 'answer'; readonly id: number } & (
  | { readonly value: Headers | string }
  | { readonly failure: string }
);

/** What is sent with `url`, which is absolute. @throws what `cacheKey` throws */
export function portable(options: DownloadOptions, url: string): PortableOptions {
  const { headers, cacheKey, refreshUrl, whole, onIdle, revalidate, discriminator, decoder, crossOrigin, titles } = options; // a player has more, which cannot be sent
  const asks: Question['about'][] = [];
  if (typeof headers === 'function') asks.push('headers');
  if (refreshUrl) asks.push('refreshUrl');
  const fixed = typeof headers === 'function' ? undefined : headers;
  const plain = { whole, onIdle, revalidate, discriminator, decoder, crossOrigin, titles };
  return { ...plain, headers: fixed, cacheKey: cacheKey?.(url.replace(/#.*$/s, '')), asks };
}

/** Answers for the application. `base` is what a new URL may be relative to. Never rejects. */
export async function answer(question: Question, { headers, refreshUrl }: DownloadOptions, base?: string): Promise<Answer> {
  const { id, url } = question;
  try {
    if (question.about === 'headers') return { type: 'answer', id, value: typeof headers === 'function' ? await headers(url) : {} };
    const value = await refreshUrl!(reviveError(question.error), url);
    return { type: 'answer', id, value: new URL(value, base).href };
  } catch (error) {
    return { type: 'answer', id, failure: String(error) };
  }
}

interface Waiting {
  resolve(value: never): void;
  reject(reason: Error): void;
}

/** The worker's end: makes options whose functions ask the application of one player. */
export class Questions {
  readonly #tell: (question: Question) => void;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #isClosed = false;

  constructor(tell: (question: Question) => void) {
    this.#tell = tell;
  }

  openOptions(url: string, { asks, headers, ...options }: PortableOptions = { asks: [] }): OpenOptions {
    const askHeaders = () => this.#ask<Headers>((id) => ({ type: 'question', id, url, about: 'headers' }));
    const askUrl = (error: AulosError) =>
      this.#ask<string>((id) => ({ type: 'question', id, url, about: 'refreshUrl', error: error.toJSON() }));
    return {
      ...options,
      headers: asks.includes('headers') ? askHeaders : headers,
      refreshUrl: asks.includes('refreshUrl') ? askUrl : undefined,
    };
  }

  receive(given: Answer): void {
    const waiting = this.#waiting.get(given.id);
    this.#waiting.delete(given.id);
    if ('failure' in given) waiting?.reject(new Error(given.failure));
    else waiting?.resolve(given.value as never);
  }

  /** Nobody answers any more: what waits is refused, and so is what comes, for another player may share the download. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(goneError());
    this.#waiting.clear();
  }

  #ask<T>(make: (id: number) => Question): Promise<T> {
    if (this.#isClosed) return Promise.reject(goneError());
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#tell(make(id));
    });
  }
}

const goneError = () => new Error('the player that could tell was closed');
