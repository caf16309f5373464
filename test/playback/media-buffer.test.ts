import { beforeEach, expect, test } from 'vitest';
import { MediaBuffer } from '../../src/playback/media-buffer.browser.ts';

/** A Media Source, of which a test says when an operation is done; bytes are as many seconds of sound. */
class FakeBrowser extends EventTarget {
  readonly log: string[] = [];
  readonly buffered = { length: 1, start: () => this.from, end: () => this.to };
  readyState = 'open';
  duration = Number.NaN;
  /** Seconds that fit. */
  room = Infinity;
  from = 0;
  to = 0;
  #done: (() => void) | undefined;

  /** The only one is part of it. */
  addSourceBuffer(): SourceBuffer {
    return this as unknown as SourceBuffer;
  }

  get updating(): boolean {
    return this.#done !== undefined;
  }

  abort(): void {}

  endOfStream(): void {
    this.log.push('end');
    this.readyState = 'ended';
  }

  /** What is under way is done, and all that follows it. */
  finishAll(): void {
    while (this.#done) {
      const done = this.#done;
      this.#done = undefined;
      done();
      this.dispatchEvent(new Event('updateend'));
    }
  }

  appendBuffer({ length: seconds }: Uint8Array): void {
    if (this.to + seconds - this.from > this.room) throw new DOMException('full', 'QuotaExceededError');
    this.log.push(`append ${seconds}`);
    this.#done = () => {
      this.to += seconds;
    };
  }

  remove(start: number, end: number): void {
    this.log.push(`remove ${start}-${end}`);
    this.#done = () => {
      if (start === 0) this.from = Math.min(end, this.to);
      else this.to = start;
    };
  }
}

let browser: FakeBrowser;
let buffer: MediaBuffer;
let failure: unknown;

beforeEach(() => {
  browser = new FakeBrowser();
  failure = undefined;
  const listener = {
    onEmptied: () => browser.log.push('emptied'),
    onAppended: () => browser.log.push('appended'),
    onFailure: (error: unknown) => {
      failure = error;
    },
  };
  buffer = new MediaBuffer(browser as unknown as MediaSource, listener, new AbortController().signal);
  buffer.splice({ mimeType: 'audio/mpeg', init: undefined, timestampOffset: 0, start: 0, end: Infinity });
});

const append = (...lengths: number[]) => {
  for (const length of lengths) buffer.append(new Uint8Array(length));
};

test('one thing is done after the other', () => {
  append(5, 6);
  buffer.end();
  expect(browser.log).toEqual(['append 5']);
  browser.finishAll();
  expect(browser.log).toEqual(['append 5', 'appended', 'append 6', 'appended', 'end']);
});

test('what was heard long ago is forgotten', () => {
  append(30);
  browser.finishAll();
  buffer.heardTo(25);
  append(5);
  browser.finishAll();
  expect(browser.log).toEqual(['append 30', 'appended', 'append 5', 'appended', 'remove 0-15']);
});

test('where there is no more room, what was heard makes room, and the same segment is tried again', () => {
  browser.room = 20;
  append(15);
  browser.finishAll();
  buffer.heardTo(8.1);
  append(10);
  buffer.end();
  browser.finishAll();
  expect(browser.log).toEqual(['append 15', 'appended', 'remove 0-8', 'append 10', 'appended', 'end']);
  expect(failure).toBeUndefined();
});

test('where nothing was heard yet, it waits until something was', () => {
  browser.room = 20;
  append(15, 10);
  browser.finishAll();
  expect(browser.log).toEqual(['append 15', 'appended']);
  buffer.heardTo(6.1);
  browser.finishAll();
  expect(browser.log).toEqual(['append 15', 'appended', 'remove 0-6', 'append 10', 'appended']);
  expect(failure).toBeUndefined();
});

test('a seek while something is appended drops what is still to be, and nothing is appended until the listener is there', () => {
  append(5, 6);
  buffer.begin(4);
  append(7);
  browser.finishAll();
  expect(browser.log).toEqual(['append 5', 'remove 0-Infinity', 'emptied']);
  buffer.arrive();
  expect(browser.log.at(-1)).toBe('append 7');
});

test('a seek while the listener is on his way to another place is the one that counts', () => {
  buffer.begin(4);
  append(5);
  buffer.begin(9);
  append(7);
  browser.finishAll();
  buffer.arrive();
  expect(browser.log).toEqual(['remove 0-Infinity', 'remove 0-Infinity', 'emptied', 'append 7']);
});

test('what else goes wrong is told', () => {
  const broken = new DOMException('broken', 'InvalidStateError');
  browser.appendBuffer = () => {
    throw broken;
  };
  append(5);
  expect(failure).toBe(broken);
});

test('a browser that takes one segment after the other, and has nothing of them, fails', () => {
  browser.buffered.length = 0;
  append(1, 1, 1, 1);
  browser.finishAll();
  expect(failure).toBeUndefined();
  append(1);
  browser.finishAll();
  expect(failure).toBeInstanceOf(Error);
});
