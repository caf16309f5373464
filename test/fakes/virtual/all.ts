import { virtualAdts, virtualFragmented, virtualM4a } from './aac.ts';
import { virtualFlac } from './flac.ts';
import { virtualMp3 } from './mp3.ts';
import { virtualOggFlac, virtualOpus, virtualVorbis } from './ogg.ts';
import type { VirtualTrack } from './track.ts';
import { virtualTs } from './ts.ts';
import { virtualAiff, virtualWav } from './wav.ts';

/** A track of every format, made when it is asked for. Vorbis needs ffmpeg. */
export const virtualTracks: readonly ((seconds: number) => VirtualTrack)[] = [
  (seconds) => virtualMp3('CBR', seconds),
  (seconds) => virtualMp3('VBR, Xing', seconds),
  (seconds) => virtualMp3('VBR, no tag', seconds),
  virtualAdts,
  (seconds) => virtualFlac(true, seconds),
  (seconds) => virtualFlac(false, seconds),
  (seconds) => virtualM4a('first', seconds),
  (seconds) => virtualM4a('last', seconds),
  (seconds) => virtualFragmented('none', seconds),
  (seconds) => virtualFragmented('sidx', seconds),
  (seconds) => virtualFragmented('mfra', seconds),
  virtualOpus,
  virtualOggFlac,
  virtualVorbis,
  virtualWav,
  virtualAiff,
  virtualTs,
];
