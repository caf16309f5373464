/** RFC 6381 codec strings that are decoded in MP4, and in transport streams. */
const AAC = /^mp4a\.(40\.(2|5|29|02|05)|67)$/i;
const MP3_IN_MP4 = /^(mp4a\.(40\.34|69|6b)|\.?mp3)$/i;

/** What a media type may hold: which codecs are played, and whether the type alone says which it is. */
interface Type {
  readonly codecs: RegExp;
  readonly isCertain: boolean;
}

const mp3: Type = { codecs: /^(\.?mp3|mp4a\.(69|6b|40\.34))$/i, isCertain: true };
const aac: Type = { codecs: AAC, isCertain: true };
const flac: Type = { codecs: /^flac$/i, isCertain: true };
/** Numbers of WAVE formats: PCM, float, A-law, µ-law, extensible (RFC 2361). */
const wav: Type = { codecs: /^(1|3|6|7|fffe|65534)$/i, isCertain: false };
const aiff: Type = { codecs: /^$/, isCertain: false };
const mp4: Type = { codecs: new RegExp(`${AAC.source}|${MP3_IN_MP4.source}|^(flac|opus|alac|sowt|twos)$`, 'i'), isCertain: false };
const ogg: Type = { codecs: /^(opus|vorbis|flac)$/i, isCertain: false };
const ts: Type = { codecs: new RegExp(`${AAC.source}|${MP3_IN_MP4.source}`, 'i'), isCertain: false };

const TYPES: Readonly<Record<string, Type>> = {
  'audio/mpeg': mp3,
  'audio/mp3': mp3,
  'audio/aac': aac,
  'audio/aacp': aac,
  'audio/x-aac': aac,
  'audio/flac': flac,
  'audio/x-flac': flac,
  'audio/wav': wav,
  'audio/wave': wav,
  'audio/x-wav': wav,
  'audio/vnd.wave': wav,
  'audio/aiff': aiff,
  'audio/x-aiff': aiff,
  'audio/mp4': mp4,
  'audio/x-m4a': mp4,
  'video/mp4': mp4,
  'audio/ogg': ogg,
  'application/ogg': ogg,
  'video/mp2t': ts,
};

/**
 * What `HTMLMediaElement.canPlayType` says (HTML §4.8.11.3), of what aulos demuxes and decodes: 'probably' if the type names only codecs that
 * it plays, or can hold no other; 'maybe' if it may hold others; else ''.
 */
export function canPlayType(mediaType: string): CanPlayTypeResult {
  const [name, ...parameters] = mediaType.split(';').map((part) => part.trim());
  const type = TYPES[name.toLowerCase()];
  if (!type) return '';
  const given = parameters.find((parameter) => /^codecs\s*=/i.test(parameter));
  if (given === undefined) return type.isCertain ? 'probably' : 'maybe';
  const codecs = given.replace(/^codecs\s*=\s*"?|"$/gi, '').split(',');
  return codecs.every((codec) => type.codecs.test(codec.trim())) ? 'probably' : '';
}
