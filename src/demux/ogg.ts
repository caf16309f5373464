import { AulosError, isAulosError } from '../errors.ts';
import type { MediaInfo, Packet, Picture, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameIndex } from './frame-index.ts';
import { metadataOf } from './metadata.ts';
import { readOggEnd } from './ogg-end.ts';
import { readOggHead } from './ogg-head.ts';
import { type LinkEnding, OggLink } from './ogg-link.ts';
import { OggPageReader } from './ogg-page.ts';

/**
 * Demuxes Opus, Vorbis and FLAC in Ogg (RFC 3533). Links of a chain follow each other as one sound, up to the first that has none; one of
 * another sample rate is an error when it is reached. Seeks are exact: by bisection on the granule positions of pages.
 */
export function oggDemuxer(source: ByteSource): Demuxer {
  return new OggDemuxer(source);
}

/** Links that are looked for ahead of playing, each by bisection; of a longer chain the duration is not known. */
const MAX_LINKS_AHEAD = 64;

/** Links that are told of: the last ones, so that a station may go on for years. */
const MAX_LINKS_TOLD = 1_000;

interface Chain {
  /** Those that are known, from the first on. */
  readonly links: [OggLink, ...OggLink[]];
  info: MediaInfo;
}

class OggDemuxer implements Demuxer {
  readonly container = 'ogg';
  /** Of pages of the first link; the time of one is that at which the packets behind those begin that end on it. */
  readonly frameIndex = new FrameIndex({ isOnlyWay: false });
  onNews: (() => void) | undefined;
  readonly #source: ByteSource;
  #opening: Promise<Chain> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).info;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { links } = await this.#open(signal);
    const starts = links.flatMap(({ head: { headerPages } }): [string, number][] => [
      ['headers', headerPages.start],
      ['sound', headerPages.end],
    ]);
    return { parts: partsOf(starts, this.#source.length), seeksBy: 'bisection on granule positions' };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const chain = await this.#open(signal);
    const { links } = chain;
    let link: OggLink | undefined = links[from?.index ?? 0] ?? links[0];
    let start = from && from.offset > link.head.offset ? await link.landmarkFrom(from.offset, signal) : undefined;
    let earliest = from?.timestamp ?? Number.NEGATIVE_INFINITY;
    while (link) {
      const ending: LinkEnding = yield* packetsOf(link, start ?? link.beginning, earliest, signal);
      const known = links.length;
      link = ending.nextLink === undefined ? undefined : await this.#linkAt(ending.nextLink, link, ending.end, links, signal);
      if (links.length > known) this.#tellOf(chain);
      start = undefined;
      earliest = Number.NEGATIVE_INFINITY;
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { links, info } = await this.#open(signal);
    const { sampleRate } = info.config;
    const wanted = Math.min(Math.round(Math.max(0, seconds) * sampleRate), info.frames ?? Infinity);
    const target = info.encoderDelay + wanted;
    const link = links.findLast(({ shift, delay }) => shift + delay <= target) ?? links[0];
    const first = Math.max(0, target - link.shift - link.head.format.prerollFrames);
    const landmark = await link.approach(first, signal);
    const timestamp = link.shift + (await link.walk(landmark, first, signal));
    return { offset: landmark.offset, index: link.number, timestamp, target, exact: true, errorBound: 0 };
  }

  #tellOf(chain: Chain): void {
    chain.info = { ...chain.info, ...linksOf(chain.links) };
    this.onNews?.();
  }

  /** Single flight; a failed attempt is not remembered. */
  #open(signal: AbortSignal): Promise<Chain> {
    this.#opening ??= this.#readChain(signal).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #readChain(signal: AbortSignal): Promise<Chain> {
    const head = await readOggHead(new OggPageReader(new ByteReader(this.#source, signal)));
    const first = new OggLink(this.#source, head, await readOggEnd(this.#source, head, signal), undefined, this.frameIndex);
    const links: Chain['links'] = [first];
    let link: OggLink | undefined = first;
    while (link?.end?.nextLink !== undefined && links.length < MAX_LINKS_AHEAD)
      link = await this.#linkAt(link.end.nextLink, link, link.end.end, links, signal).catch(endIfUnsupported);
    return { links, info: describe(links, link === undefined || link.end?.nextLink === undefined, this.#source.length) };
  }

  /**
   * The link that begins at a byte, behind `previous`, which is heard up to frame `end` of its own; undefined if the chain ends there in
   * something else. @throws AulosError `media.unsupported` where it goes on at another sample rate.
   */
  async #linkAt(offset: number, previous: OggLink, end: number, links: OggLink[], signal: AbortSignal): Promise<OggLink | undefined> {
    const number = previous.number + 1;
    if (links[number]) return links[number];
    const head = await readOggHead(new OggPageReader(new ByteReader(this.#source, signal, offset))).catch((error: unknown) => {
      if (!isAulosError(error) || !error.code.startsWith('media.')) throw error;
    });
    if (!head) return undefined;
    const { sampleRate } = head.format.config;
    if (sampleRate !== previous.head.format.config.sampleRate) throw changedRate(offset, sampleRate);
    const tail = number < MAX_LINKS_AHEAD ? await readOggEnd(this.#source, head, signal) : undefined;
    const link = new OggLink(this.#source, head, tail, { number, heardFrom: previous.shift + end });
    links[number] = link;
    return link;
  }
}

/** What is played does not end silently where it cannot go on, but its length is told as if it did. */
function endIfUnsupported(error: unknown): undefined {
  if (!isAulosError(error, 'media.unsupported')) throw error;
}

const changedRate = (offset: number, sampleRate: number): AulosError =>
  new AulosError('media.unsupported', { offset, what: 'change of the sample rate' }, `the sound goes on at another rate, ${sampleRate} Hz`);

/** Packets of a link on the timeline of the chain, from frame `earliest` on; the first one of a later link says what decodes it. */
async function* packetsOf(
  link: OggLink,
  start: OggLink['beginning'],
  earliest: number,
  signal: AbortSignal,
): AsyncGenerator<Packet, LinkEnding> {
  const { shift, number, head } = link;
  const packets = link.packetsBehind(start, signal);
  let config = number > 0 ? head.format.config : undefined;
  for (;;) {
    const { done, value } = await packets.next();
    if (done) return value;
    const timestamp = value.timestamp + shift;
    if (timestamp < earliest) continue;
    yield { ...value, timestamp, ...(config && { config }) };
    config = undefined;
  }
}

function describe(links: Chain['links'], isWhole: boolean, length: number | undefined): MediaInfo {
  const [{ head, delay }] = links;
  const { config, tags, bitsPerSample } = head.format;
  const last = links.at(-1)?.end;
  const frames = isWhole ? links.reduce<number | undefined>((sum, { frames }) => sumOf(sum, frames), 0) : undefined;
  const duration = frames === undefined ? undefined : frames / config.sampleRate;
  return {
    container: 'ogg',
    config,
    duration,
    durationIsExact: duration !== undefined,
    frames,
    ...(bitsPerSample && { bitsPerSample }),
    bitRate: duration && length && Math.round((length * 8) / duration),
    encoderDelay: delay,
    padding: last ? last.decodedEnd - last.end : 0,
    ...metadataOf(tags, picturesOf(links[0])),
    ...linksOf(links),
  };
}

/** What the links say of themselves, if there are several. */
function linksOf(links: Chain['links']): Pick<MediaInfo, 'links'> {
  const [first] = links;
  if (links.length === 1) return {};
  const told = links.slice(-MAX_LINKS_TOLD).map((link) => ({
    start: (link.shift + link.delay - first.delay) / first.head.format.config.sampleRate,
    tags: link.head.format.tags,
    pictures: picturesOf(link),
  }));
  return { links: told };
}

const picturesOf = ({ head: { format, headerPages } }: OggLink): Picture[] =>
  format.pictures.map(({ said, ...place }) => ({ ...said, place: { ...headerPages, ...place } }));

const sumOf = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;
