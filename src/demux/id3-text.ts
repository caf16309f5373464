/** Tag name for an ID3v2 text frame (three letters: v2.2), `user` for TXXX, undefined for frames that are not read. */
export const tagNameOf = (frameId: string): string | undefined => NAMES.get(frameId);

const NAMES = new Map(
  Object.entries({
    title: 'TIT2 TT2',
    subtitle: 'TIT3 TT3',
    grouping: 'TIT1 TT1',
    artist: 'TPE1 TP1',
    album: 'TALB TAL',
    albumartist: 'TPE2 TP2',
    composer: 'TCOM TCM',
    conductor: 'TPE3 TP3',
    track: 'TRCK TRK',
    disc: 'TPOS TPA',
    date: 'TDRC TYER TYE',
    genre: 'TCON TCO',
    comment: 'COMM COM',
    lyrics: 'USLT ULT',
    copyright: 'TCOP TCR',
    publisher: 'TPUB TPB',
    language: 'TLAN TLA',
    bpm: 'TBPM TBP',
    isrc: 'TSRC TRC',
    encoder: 'TSSE TSS',
    user: 'TXXX TXX',
  }).flatMap(([name, ids]) => ids.split(' ').map((id): [string, string] => [id, name])),
);

/** Splits zero-terminated strings in ID3v2 text encoding 0–3 into at most `limit` views; a terminator at the end adds no string. */
export function splitId3Strings(bytes: Uint8Array, encoding: number, limit: number): Uint8Array[] {
  const width = encoding === 1 || encoding === 2 ? 2 : 1;
  const strings: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i + width <= bytes.length && strings.length < limit - 1; i += width) {
    if (bytes[i] !== 0 || (width === 2 && bytes[i + 1] !== 0)) continue;
    strings.push(bytes.subarray(start, i));
    start = i + width;
  }
  if (start < bytes.length || strings.length === 0) strings.push(bytes.subarray(start));
  return strings;
}

/** Text in ID3v2 encoding 0 (Latin-1), 1 (UTF-16 with byte order mark), 2 (UTF-16BE) or 3 (UTF-8), up to its terminator. */
export function decodeId3Text(bytes: Uint8Array, encoding: number): string {
  const label = encoding === 1 ? utf16Order(bytes) : (['latin1', '', 'utf-16be', 'utf-8'][encoding] ?? 'latin1');
  const text = new TextDecoder(label).decode(bytes);
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).trim();
}

/** Without a mark, little endian: that is what the programs that forget the mark write. */
const utf16Order = (bytes: Uint8Array): string => (bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-16le');

/** `17`, `(17)` and `(17)Rock` are how ID3v2 refers to its list of genres. */
export function genreOf(text: string): string {
  const [, number, refinement] = /^\(?(\d{1,3})\)?(.*)$/.exec(text) ?? [];
  if (number === undefined) return text;
  return refinement || ID3_GENRES[Number(number)] || text;
}

/** The genres of ID3v1 by number (id3.org/ID3v1, appendix A; from 80 on those of Winamp). */
export const ID3_GENRES: readonly string[] = (
  'Blues|Classic Rock|Country|Dance|Disco|Funk|Grunge|Hip-Hop|Jazz|Metal|New Age|Oldies|Other|Pop|R&B|Rap|Reggae|Rock|Techno|Industrial|' +
  'Alternative|Ska|Death Metal|Pranks|Soundtrack|Euro-Techno|Ambient|Trip-Hop|Vocal|Jazz+Funk|Fusion|Trance|Classical|Instrumental|Acid|' +
  'House|Game|Sound Clip|Gospel|Noise|Alternative Rock|Bass|Soul|Punk|Space|Meditative|Instrumental Pop|Instrumental Rock|Ethnic|Gothic|' +
  'Darkwave|Techno-Industrial|Electronic|Pop-Folk|Eurodance|Dream|Southern Rock|Comedy|Cult|Gangsta|Top 40|Christian Rap|Pop/Funk|Jungle|' +
  'Native American|Cabaret|New Wave|Psychedelic|Rave|Showtunes|Trailer|Lo-Fi|Tribal|Acid Punk|Acid Jazz|Polka|Retro|Musical|Rock & Roll|' +
  'Hard Rock|' +
  'Folk|Folk-Rock|National Folk|Swing|Fast-Fusion|Bebop|Latin|Revival|Celtic|Bluegrass|Avantgarde|Gothic Rock|Progressive Rock|' +
  'Psychedelic Rock|Symphonic Rock|Slow Rock|Big Band|Chorus|Easy Listening|Acoustic|Humour|Speech|Chanson|Opera|Chamber Music|Sonata|' +
  'Symphony|Booty Bass|Primus|Porn Groove|Satire|Slow Jam|Club|Tango|Samba|Folklore|Ballad|Power Ballad|Rhythmic Soul|Freestyle|Duet|' +
  'Punk Rock|Drum Solo|A Cappella|Euro-House|Dance Hall|Goa|Drum & Bass|Club-House|Hardcore|Terror|Indie|BritPop|Afro-Punk|Polsk Punk|' +
  'Beat|Christian Gangsta Rap|Heavy Metal|Black Metal|Crossover|Contemporary Christian|Christian Rock|Merengue|Salsa|Thrash Metal|Anime|' +
  'JPop|Synthpop|Abstract|Art Rock|Baroque|Bhangra|Big Beat|Breakbeat|Chillout|Downtempo|Dub|EBM|Eclectic|Electro|Electroclash|Emo|' +
  'Experimental|Garage|Global|IDM|Illbient|Industro-Goth|Jam Band|Krautrock|Leftfield|Lounge|Math Rock|New Romantic|Nu-Breakz|Post-Punk|' +
  'Post-Rock|Psytrance|Shoegaze|Space Rock|Trop Rock|World Music|Neoclassical|Audiobook|Audio Theatre|Neue Deutsche Welle|Podcast|' +
  'Indie Rock|G-Funk|Dubstep|Garage Rock|Psybient'
).split('|');
