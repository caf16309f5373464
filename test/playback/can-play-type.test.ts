import { expect, test } from 'vitest';
import { canPlayType } from '../../src/playback/can-play-type.ts';

test.each([
  ['audio/mpeg', 'probably'],
  ['Audio/MPEG', 'probably'],
  ['audio/mpeg; codecs="mp3"', 'probably'],
  ['audio/aac', 'probably'],
  ['audio/flac', 'probably'],
  ['audio/wav', 'maybe'],
  ['audio/wav; codecs="1"', 'probably'],
  ['audio/wav; codecs="2"', ''],
  ['audio/aiff', 'maybe'],
  ['audio/mp4', 'maybe'],
  ['audio/mp4; codecs="mp4a.40.2"', 'probably'],
  ['audio/mp4;codecs=mp4a.40.5', 'probably'],
  ['audio/mp4; codecs="mp4a.40.42"', ''],
  ['audio/mp4; codecs="ac-3"', ''],
  ['audio/mp4; codecs="alac"', 'probably'],
  ['audio/mp4; codecs="flac, opus"', 'probably'],
  ['video/mp4', 'maybe'],
  ['video/mp4; codecs="avc1.42E01E, mp4a.40.2"', ''],
  ['audio/ogg', 'maybe'],
  ['audio/ogg; codecs=opus', 'probably'],
  ['audio/ogg; codecs="vorbis"', 'probably'],
  ['audio/ogg; codecs="speex"', ''],
  ['video/mp2t', 'maybe'],
  ['audio/webm', ''],
  ['audio/webm; codecs="opus"', ''],
  ['application/octet-stream', ''],
  ['', ''],
])('%j can be played: %j', (type, answer) => {
  expect(canPlayType(type)).toBe(answer);
});
