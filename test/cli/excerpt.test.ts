import { expect, it } from 'vitest';
import { virtualAdts, virtualFragmented, virtualM4a } from '../fakes/virtual/aac.ts';
import { virtualFlac } from '../fakes/virtual/flac.ts';
import { virtualMp3 } from '../fakes/virtual/mp3.ts';
import { virtualOggFlac, virtualOpus } from '../fakes/virtual/ogg.ts';
import { bytesOf } from '../fakes/virtual/track.ts';
import { virtualTs } from '../fakes/virtual/ts.ts';
import { virtualAiff, virtualWav } from '../fakes/virtual/wav.ts';
import { aulos } from './aulos.ts';
import { bytesSent, scene } from './scene.ts';

const SECONDS = 240;
const FROM = 200;
const TO = 202;
/** Head and tail, and the seek. */
const WAY_BYTES = 2 * 65_536 + 262_144;
/** What is read at a time. */
const WINDOW_BYTES = 65_536;
/** Pages of Ogg tell the time about once in a second, and what leads up to the page wanted is read rather than skipped. */
const OGG_LEAD_SECONDS = 2;

const tracks = [
  virtualMp3('CBR', SECONDS),
  virtualMp3('VBR, Xing', SECONDS),
  virtualAdts(SECONDS),
  virtualFlac(true, SECONDS),
  virtualFlac(false, SECONDS),
  virtualM4a('first', SECONDS),
  virtualM4a('last', SECONDS),
  virtualFragmented('none', SECONDS),
  virtualFragmented('sidx', SECONDS),
  virtualFragmented('mfra', SECONDS),
  virtualOpus(SECONDS),
  virtualOggFlac(SECONDS),
  virtualTs(SECONDS),
  virtualWav(SECONDS),
  virtualAiff(SECONDS),
];

it.each(tracks)('aulos decode --start --end fetches what it needs of $name, and no more', async (track) => {
  const { origin, cacheDir } = await scene();
  origin.put('/track', { content: bytesOf(track), mediaType: track.mediaType });
  const span = ['--start', String(FROM), '--end', String(TO)];
  const args = ['decode', `${origin.url}/track`, ...span, '-o', '-', '--format', 's16le', '--cache-dir', cacheDir];
  const { code, stdout, stderr } = await aulos(args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout.length).toBe((TO - FROM) * track.sampleRate * 4);
  const lead = track.name.startsWith('Ogg') ? OGG_LEAD_SECONDS : 0;
  const excerptBytes = (track.size * (TO - FROM + lead / 2)) / SECONDS;
  expect(bytesSent(origin)).toBeLessThan(WAY_BYTES + 2 * excerptBytes + WINDOW_BYTES);
  expect(bytesSent(origin)).toBeLessThan(track.size / 2);
});
