import { AulosError, isAulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import { Sources } from '../../src/source/file-source.ts';
import type { FileSource, SourceReader } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createStoreOn } from '../../src/store/shelf.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { ByteServer } from '../fakes/byte-server.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { FakeClock, settled } from '../fakes/fake-clock.ts';
import { FrailDisk } from '../fakes/frail-disk.ts';

const url = 'https://example.org/a.mp3';
const key = assetKey(url);
/** Longer than all delays of a download that can go on, and longer than what one of these downloads takes. */
const LONG_MS = 300_000;

/** What may happen to a source. Numbers in [0, 1) stand for a choice among what is there, or for a place in the resource. */
export type Command =
  | { readonly do: 'open'; readonly whole: boolean; readonly onIdle: 'pause' | 'continue'; readonly revalidate: 'never' | 'open' }
  | { readonly do: 'closeSource' | 'reader' | 'closeReader' | 'abort' | 'rot' | 'retry'; readonly which: number }
  | { readonly do: 'read'; readonly which: number; readonly at: number; readonly length: number; readonly atLeast: number }
  | { readonly do: 'tryRead'; readonly which: number; readonly at: number; readonly length: number }
  | { readonly do: 'playFrom'; readonly which: number; readonly at: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'kill'; readonly keepsUnrecorded: boolean }
  | { readonly do: 'restart' | 'evict' | 'trim' | 'audit' }
  | { readonly do: 'pin'; readonly pinned: boolean }
  | { readonly do: 'changeOrigin' /** The same as before if undefined. */; readonly size: number | undefined }
  | { readonly do: 'ranges'; readonly answers: boolean }
  | { readonly do: 'fullDisk'; readonly isFull: boolean }
  | { readonly do: 'cut'; readonly after: number }
  | { readonly do: 'status'; readonly status: 404 | 503 };

interface Version {
  readonly bytes: Uint8Array;
}

interface OpenReader {
  readonly reader: SourceReader;
  readonly source: OpenSource;
  /** The versions that all it gave so far may be of. */
  versions: readonly Version[];
  closed: boolean;
}

interface OpenSource {
  readonly source: FileSource;
  closed: boolean;
}

interface PendingRead {
  readonly by: OpenReader;
  readonly start: number;
  readonly atLeast: number;
  readonly length: number;
  readonly controller: AbortController;
}

/**
 * A source on a server and a disk that fail in every way, beside what is true of them: which versions the server has had, who reads, and what
 * may go wrong. It says what does not fit.
 */
export class SourceModel {
  readonly #hasValidators: boolean;
  readonly #server: ByteServer;
  readonly #disk = new FrailDisk();
  readonly #versions: Version[] = [];
  readonly #pending = new Set<PendingRead>();
  /** What has begun and not ended. */
  readonly #tasks = new Set<Promise<void>>();
  /** Codes of what the server and the disk have done so far. */
  readonly #caused = new Set<string>();
  #clock!: FakeClock;
  #store!: AssetStore;
  #sources!: Sources;
  #open: OpenSource[] = [];
  #readers: OpenReader[] = [];
  #phase: string | undefined;
  #wrong: string | undefined;

  /** `pieceMs` is the time of 24 KiB on the network: it decides how far off a byte must be for a connection of its own. */
  constructor(size: number, pieceMs: number, hasValidators: boolean) {
    this.#hasValidators = hasValidators;
    this.#server = new ByteServer(this.#newVersion(size), { pieceBytes: 24 * 1024, pieceMs });
    this.#boot();
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      await this.#do(command); // most are only begun, so that they meet what follows them
      if (command.do !== 'pass') continue;
      await settled();
      this.#look();
    }
    await this.#end();
  }

  async #do(command: Command): Promise<void> {
    switch (command.do) {
      case 'open':
        return this.#begin(this.#openSource(command), 'opening');
      case 'closeSource': {
        const open = this.#pick(this.#open, command.which);
        return open && this.#begin(this.#closeSource(open), 'closing a source');
      }
      case 'reader': {
        const source = this.#pick(this.#open, command.which);
        if (source) this.#readers.push({ reader: source.source.reader(), source, versions: this.#versions, closed: source.closed });
        return;
      }
      case 'closeReader': {
        const by = this.#pick(this.#readers, command.which);
        if (by) by.closed = true;
        return by?.reader.close();
      }
      case 'abort': {
        const read = this.#pick([...this.#pending], command.which);
        read?.controller.abort(new Error('enough'));
        await settled();
        if (read && this.#pending.has(read)) this.#fault(`a read of ${read.start} goes on after its abort`);
        return;
      }
      case 'read':
        return this.#read(this.#pick(this.#readers, command.which), command);
      case 'tryRead':
        return this.#begin(this.#tryRead(this.#pick(this.#readers, command.which), command), 'tryRead');
      case 'playFrom':
        return this.#pick(this.#readers, command.which)?.reader.playFrom(this.#place(command.at));
      case 'pass':
        return this.#clock.advance(command.ms);
      case 'kill':
        this.#disk.kill(command.keepsUnrecorded);
        return this.#boot();
      case 'restart':
        await this.#shutDown();
        return this.#boot();
      case 'evict':
        this.#caused.add('asset.changed');
        return this.#begin(this.#store.delete(key), 'an eviction');
      case 'trim':
        return this.#begin(this.#store.trim(0), 'a trim');
      case 'pin':
        return this.#begin(this.#pin(command.pinned), 'a pin');
      case 'rot':
        return this.#disk.rot(command.which);
      case 'audit':
        return this.#audit();
      case 'retry':
        return this.#pick(this.#open, command.which)?.source.retry();
      case 'changeOrigin':
        this.#server.current = this.#newVersion(command.size ?? this.#server.current.bytes.length);
        this.#caused.add('asset.changed');
        return;
      case 'ranges':
        this.#server.answersRanges = command.answers;
        return;
      case 'fullDisk':
        this.#disk.refusal = command.isFull ? new AulosError('store.full', {}, 'the disk is full') : undefined;
        this.#caused.add('store.full');
        return;
      case 'cut':
        this.#server.faults.push({ cutAfter: Math.floor(command.after * 200_000) });
        this.#caused.add('net.reset');
        return;
      case 'status':
        this.#server.faults.push({ status: command.status });
        this.#caused.add('http.status');
    }
  }

  /** Everything works again: then every read settles, and the whole resource can be had, in one version. */
  async #end(): Promise<void> {
    this.#server.faults.length = 0;
    this.#disk.refusal = undefined;
    for (const { source } of this.#open) source.retry();
    if (!(await this.#clock.until(() => this.#pending.size === 0, LONG_MS)))
      this.#fault(`reads never settle: ${this.#tell([...this.#pending])}`);
    await this.#audit();
    await this.#shutDown();
    this.#boot();
    await this.#settle(this.#openSource({ whole: true, onIdle: 'pause', revalidate: 'never' }), 'opening');
    let whole = await this.#readWhole();
    whole ??= await this.#readWhole(); // what had rotted was found only now, and the server has another version
    if (!whole || !this.#versions.some(({ bytes }) => firstDifference(bytes, whole) < 0)) this.#fault('the whole is of no version');
    await this.#shutDown();
  }

  /** Undefined if it became another version meanwhile. */
  async #readWhole(): Promise<Uint8Array | undefined> {
    const [{ source }] = this.#open;
    const never = new AbortController().signal;
    const { error } = await this.#settle(source.completed(never), 'the download');
    if (error)
      throw this.#failure(`a download fails where nothing is wrong: ${error}: ${((error as Error).cause as Error | undefined)?.stack}`);
    const { length = 0 } = source;
    return (await this.#settle(source.reader().read({ start: 0, end: length }, never), 'the last read')).value;
  }

  #boot(): void {
    this.#open = [];
    this.#readers = [];
    this.#pending.clear();
    this.#tasks.clear();
    this.#phase = undefined;
    this.#server.openBodies = 0;
    const clock = new FakeClock();
    const events = new EventScope();
    this.#clock = clock;
    this.#store = createStoreOn(this.#disk.mount(clock), { maxBytes: 1 << 30, maxAssets: 10 }, clock);
    // Twice the longest delay, halved at most by the jitter: always the longest delay, so that runs are repeatable.
    this.#sources = new Sources({
      client: this.#server.client(clock),
      store: this.#store,
      events,
      clock,
      retry: { baseMs: 20, maxDelayMs: 10 },
    });
    events.on('source.opened', () => {
      this.#phase = undefined;
    });
    events.on('source.phase', ({ payload: { from, to } }) => {
      if (clock !== this.#clock) return;
      const isLegal = LEGAL.has(`${from}>${to}`) && (this.#phase ?? from) === from;
      if (!isLegal) this.#fault(`phase ${this.#phase}: ${from}>${to}`);
      this.#phase = to;
      const source = this.#open.find(({ closed }) => !closed)?.source;
      if (!source) return;
      if (source.phase !== to) this.#fault(`${to} was told, ${source.phase} is`);
      if (to === 'complete' && !source.held.contains({ start: 0, end: source.length ?? Infinity }))
        this.#fault('complete, and not all is held');
    });
  }

  async #openSource({ whole, onIdle, revalidate }: Omit<Extract<Command, { do: 'open' }>, 'do'>): Promise<void> {
    const clock = this.#clock;
    const source = await this.#sources.open({ url, key, whole, onIdle, revalidate });
    if (clock === this.#clock) this.#open.push({ source, closed: false });
  }

  async #closeSource(open: OpenSource): Promise<void> {
    open.closed = true;
    for (const reader of this.#readers) if (reader.source === open) reader.closed = true;
    await open.source.close();
  }

  async #shutDown(): Promise<void> {
    for (const open of this.#open) open.closed = true;
    for (const reader of this.#readers) reader.closed = true;
    await this.#settle(this.#sources.close(), 'closing');
    await this.#clock.until(() => this.#pending.size === 0 && this.#tasks.size === 0, LONG_MS);
    if (this.#tasks.size > 0) this.#fault('something that was begun never ends');
    if (this.#pending.size > 0) this.#fault('reads outlive their source');
    await this.#settle(this.#store.close(), 'closing the store');
    await settled();
    if (this.#clock.pending > 0) this.#fault(`${this.#clock.pending} timers are left`);
    if (this.#server.openBodies > 0) this.#fault(`${this.#server.openBodies} bodies are left open`);
    this.#open = [];
    this.#readers = [];
    this.#look();
  }

  #read(by: OpenReader | undefined, { at, length, atLeast }: Extract<Command, { do: 'read' }>): void {
    if (!by) return;
    const start = this.#place(at);
    const bytes = 1 + Math.floor(length * 400_000);
    const read = { by, start, length: bytes, atLeast: 1 + Math.floor(atLeast * (bytes - 1)), controller: new AbortController() };
    this.#pending.add(read);
    const generation = by.source.source.generation;
    by.reader.read({ start, end: start + bytes }, read.controller.signal, read.atLeast).then(
      (got) => {
        if (this.#pending.delete(read)) this.#checkBytes(by, start, got, read.atLeast, bytes);
      },
      (error: unknown) => {
        if (this.#pending.delete(read)) this.#checkError(read, error, generation);
      },
    );
  }

  async #tryRead(by: OpenReader | undefined, { at, length }: { at: number; length: number }): Promise<void> {
    if (!by) return;
    const start = this.#place(at);
    const bytes = 1 + Math.floor(length * 400_000);
    const clock = this.#clock;
    const got = await by.reader.tryRead({ start, end: start + bytes });
    if (got && clock === this.#clock) this.#checkBytes(by, start, got, 1, bytes);
  }

  /** Reads all that is held: it must be of one version. */
  async #audit(): Promise<void> {
    const open = this.#open.find(({ closed }) => !closed);
    if (!open) return;
    const by: OpenReader = { reader: open.source.reader(), source: open, versions: this.#versions, closed: false };
    for (const { start, end } of open.source.held.toArray()) {
      const got = await this.#settle(by.reader.tryRead({ start, end }), 'an audit');
      if (got.value) this.#checkBytes(by, start, got.value, 1, end - start);
    }
    by.reader.close();
  }

  #checkBytes(by: OpenReader, start: number, got: Uint8Array, atLeast: number, atMost: number): void {
    const isOf = ({ bytes }: Version) => {
      const rest = Math.max(0, bytes.length - start);
      const isLongEnough = got.length >= Math.min(atLeast, rest) && got.length <= Math.min(atMost, rest);
      return isLongEnough && firstDifference(got, bytes.subarray(start, start + got.length)) < 0;
    };
    const versions = (this.#hasValidators ? by.versions : this.#versions).filter(isOf);
    if (versions.length === 0) this.#fault(`${got.length} bytes from ${start} are of no version that this reader has seen`);
    by.versions = versions;
  }

  #checkError({ by, controller, start }: PendingRead, error: unknown, generation: number): void {
    if (controller.signal.aborted && error === controller.signal.reason) return;
    const isAllowed =
      isAulosError(error) &&
      (error.code === 'source.closed'
        ? by.closed
        : error.code === 'asset.changed'
          ? by.source.source.generation !== generation || this.#caused.has('asset.changed')
          : this.#caused.has(error.code));
    if (!isAllowed) this.#fault(`a read of ${start} fails with ${error}: ${(error as AulosError).stack}`);
  }

  /** What must hold whenever nothing moves. */
  #look(): void {
    if (this.#wrong === undefined && this.#disk.busy === 0) {
      for (const read of this.#pending) {
        const { name } = read.by.source.source.phaseAt({ start: read.start, end: read.start + read.atLeast });
        if (read.by.closed || name !== 'waiting') this.#fault(`a reader waits at ${read.start}, and its range is ${name}`);
      }
    }
    if (this.#wrong !== undefined) throw new Error(this.#wrong);
  }

  /** Goes on while other things happen; the store may refuse, when it is full or closed. */
  #begin(action: Promise<unknown>, what: string): void {
    const clock = this.#clock;
    const task = action.then(
      () => {},
      (error: unknown) => {
        const isAllowed =
          isAulosError(error) && (error.code === 'store.unavailable' || error.code === 'source.closed' || this.#caused.has(error.code));
        if (!isAllowed && clock === this.#clock) this.#fault(`${what} fails: ${error}`);
      },
    );
    this.#tasks.add(task);
    void task.then(() => this.#tasks.delete(task));
  }

  async #pin(pinned: boolean): Promise<void> {
    const asset = await this.#store.open(key);
    await asset.pin(pinned);
    await asset.close();
  }

  /** Lets time pass until `promise` has settled. */
  async #settle<T>(promise: Promise<T>, what: string): Promise<{ value?: T; error?: unknown }> {
    let end: { value?: T; error?: unknown } | undefined;
    promise.then(
      (value) => {
        end = { value };
      },
      (error) => {
        end = { error };
      },
    );
    await this.#clock.until(() => end !== undefined, LONG_MS);
    if (!end) throw this.#failure(`${what} never ends`);
    return end;
  }

  #newVersion(size: number): Version & { etag?: string } {
    const number = this.#versions.length + 1;
    const version = { bytes: virtualBytes(0, size, number), etag: this.#hasValidators ? `"${number}"` : undefined };
    this.#versions.push(version);
    return version;
  }

  #pick<T>(from: readonly T[], fraction: number): T | undefined {
    return from[Math.floor(fraction * from.length)];
  }

  /** A bit past the end, too. */
  #place(fraction: number): number {
    return Math.floor(fraction * 1.1 * this.#server.current.bytes.length);
  }

  #tell(reads: readonly PendingRead[]): string {
    return reads
      .map(({ start, length, by }) => {
        const { phase, held, length: total, error } = by.source.source;
        return `${start}+${length} of ${total} in ${phase}, held ${JSON.stringify(held.toArray())}, ${error}`;
      })
      .join('; ');
  }

  #failure(what: string): Error {
    return new Error(this.#wrong ?? what);
  }

  #fault(what: string): void {
    this.#wrong ??= what;
  }
}

/** The moves of `source.md`. */
const LEGAL = new Set([
  'init>downloading',
  'init>failed',
  'downloading>complete',
  'downloading>failed',
  'failed>downloading',
  'complete>downloading',
]);
