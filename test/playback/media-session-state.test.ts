import { describe, expect, it, test } from 'vitest';
import { type SessionFacts, sessionPosition, sessionText } from '../../src/playback/media-session-state.ts';

const none: SessionFacts = { item: undefined, tags: {}, chapters: [], isLive: false };
const item = { id: '1', url: 'https://host/music/A%20song.mp3?sig=1/2' };

describe('the text of a media session', () => {
  test.each<[string, Partial<SessionFacts>, { title: string; artist: string; album: string }]>([
    ['nothing at all', {}, { title: '', artist: '', album: '' }],
    ['the name of the file', { item }, { title: 'A song.mp3', artist: '', album: '' }],
    ['a name that is not coded', { item: { ...item, url: 'https://host/100%.mp3' } }, { title: '100%.mp3', artist: '', album: '' }],
    ['its tags', { item, tags: { title: 'T', artist: 'A', album: 'B' } }, { title: 'T', artist: 'A', album: 'B' }],
    [
      'what the queue says before what the tags say',
      { item: { ...item, title: 'Q', artist: '' }, tags: { title: 'T', artist: 'A' } },
      { title: 'Q', artist: 'A', album: '' },
    ],
    [
      'the song of a station, which the queue names',
      { item: { ...item, title: 'Radio' }, tags: { title: 'Song', artist: 'A' }, isLive: true },
      { title: 'Song', artist: 'A', album: 'Radio' },
    ],
    ['a station that names no song', { item: { ...item, title: 'Radio' }, isLive: true }, { title: 'Radio', artist: '', album: '' }],
  ])('is %s', (_, facts, text) => {
    expect(sessionText({ ...none, ...facts })).toEqual(text);
  });

  it('has the chapters', () => {
    const chapters = [{ title: 'One', start: 0, end: 3 }];
    expect(sessionText({ ...none, chapters }).chapterInfo).toEqual([{ title: 'One', startTime: 0 }]);
  });
});

describe('the position of a media session', () => {
  test.each<[number, number, number, ReturnType<typeof sessionPosition>]>([
    [Number.NaN, 0, 1, undefined],
    [Number.POSITIVE_INFINITY, 12, 1, undefined],
    [10, Number.NaN, 1, undefined],
    [10, 4, 1.5, { duration: 10, position: 4, playbackRate: 1.5 }],
    [10, 10.02, 1, { duration: 10, position: 10, playbackRate: 1 }],
    [10, -0.1, 1, { duration: 10, position: 0, playbackRate: 1 }],
    [10, 1, 0, { duration: 10, position: 1, playbackRate: 1 }],
    [10, 1, Number.NaN, { duration: 10, position: 1, playbackRate: 1 }],
    [0, 0, 1, { duration: 0, position: 0, playbackRate: 1 }],
  ])('of %d s at %d s and rate %d', (duration, currentTime, rate, position) => {
    expect(sessionPosition(duration, currentTime, rate)).toEqual(position);
  });
});
