import { describe, expect, test } from 'vitest';
import { checkHead, mayBePage, type ResponseHead, refusePageBytes } from '../../src/net/response.ts';

const url = 'https://host/a.mp3?token=secret';
const open = { start: 0, end: Number.POSITIVE_INFINITY };
const middle = { start: 100, end: 200 };
const head = (status: number, headers: Record<string, string>, hidesHeaders = false): ResponseHead => ({
  status,
  headers,
  url,
  hidesHeaders,
  endsWithConnection: false,
});

describe('an answer is taken', () => {
  test.each([
    ['a 206 to an open range', open, head(206, { 'content-range': 'bytes 0-999/1000', 'content-length': '1000' }), [206, 0, 1000, 1000]],
    ['a 206 without Content-Length', open, head(206, { 'content-range': 'bytes 0-999/1000' }), [206, 0, 1000, 1000]],
    ['a 206 inside the resource', middle, head(206, { 'content-range': 'bytes 100-199/1000' }), [206, 100, 200, 1000]],
    ['a 206 clipped to the total', middle, head(206, { 'content-range': 'bytes 100-149/150' }), [206, 100, 150, 150]],
    ['a 206 with less than asked', middle, head(206, { 'content-range': 'bytes 100-149/1000' }), [206, 100, 150, 1000]],
    [
      'a Content-Length said twice',
      middle,
      head(206, { 'content-range': 'bytes 100-199/1000', 'content-length': '100, 100' }),
      [206, 100, 200, 1000],
    ],
    ['a 200 with a length', open, head(200, { 'content-length': '1000' }), [200, 0, 1000, 1000]],
    ['a 200 to a range', middle, head(200, { 'content-length': '1000' }), [200, 0, 1000, 1000]],
    ['a 200 without a length', open, head(200, {}), [200, 0, Number.POSITIVE_INFINITY, undefined]],
    ['an empty 200', open, head(200, { 'content-length': '0' }), [200, 0, 0, 0]],
    ['a 416 of an empty resource', open, head(416, { 'content-range': 'bytes */0' }), [200, 0, 0, 0]],
    ['an encoding called identity', open, head(200, { 'content-encoding': 'Identity', 'content-length': '5' }), [200, 0, 5, 5]],
  ])('%s', (_, asked, answer, [status, start, end, total]) => {
    expect(checkHead(asked, answer)).toMatchObject({ status, range: { start, end }, total, unverifiedRange: false });
  });

  test.each([
    ['an open range of known length', open, { 'content-length': '1000' }, { start: 0, end: 1000 }, 1000],
    [
      'an open range from the middle',
      { start: 400, end: Number.POSITIVE_INFINITY },
      { 'content-length': '600' },
      { start: 400, end: 1000 },
      1000,
    ],
    ['a bounded range', middle, { 'content-length': '100' }, middle, undefined],
    ['a bounded range, clipped', middle, { 'content-length': '50' }, { start: 100, end: 150 }, undefined],
    ['a bounded range of unknown length', middle, {}, middle, undefined],
  ])('with hidden headers: %s', (_, asked, headers, range, total) => {
    expect(checkHead(asked, head(206, headers as Record<string, string>, true))).toMatchObject({ range, total, unverifiedRange: true });
  });

  test('with its validator, media type and headers', () => {
    const headers = { etag: 'W/"a"', date: 'd', 'last-modified': 'l', 'content-type': ' Audio/FLAC ;x=y', 'icy-metaint': '16000' };
    expect(checkHead(open, head(200, headers))).toMatchObject({
      validator: { etag: 'W/"a"', lastModified: 'l', date: 'd' },
      mediaType: 'audio/flac',
      headers,
      url,
    });
  });
});

describe('an answer is refused', () => {
  const partial = { 'content-range': 'bytes 100-199/1000' };
  test.each([
    ['a 206 without Content-Range', head(206, {}), 'http.range'],
    ['another start', head(206, { 'content-range': 'bytes 99-198/1000' }), 'http.range'],
    ['an end past the one asked', head(206, { 'content-range': 'bytes 100-200/1000' }), 'http.range'],
    ['an unknown total', head(206, { 'content-range': 'bytes 100-199/*' }), 'http.range'],
    ['no range in the range', head(206, { 'content-range': 'bytes */1000' }), 'http.range'],
    ['another unit', head(206, { 'content-range': 'items 100-199/1000' }), 'http.range'],
    ['a length that is not the span', head(206, { ...partial, 'content-length': '101' }), 'http.range'],
    ['two lengths', head(206, { ...partial, 'content-length': '100, 101' }), 'http.range'],
    ['a length that is no number', head(200, { 'content-length': '1e3' }), 'http.range'],
    ['parts', head(206, { 'content-type': 'multipart/byteranges; boundary=b' }), 'http.range'],
    ['hidden parts', head(206, { 'content-type': 'multipart/byteranges; boundary=b' }, true), 'http.range'],
    ['an empty hidden range', head(206, { 'content-length': '0' }, true), 'http.range'],
    ['a hidden range longer than asked', head(206, { 'content-length': '101' }, true), 'http.range'],
    ['a 200 with Content-Range', head(200, partial), 'http.range'],
    ['gzip as a transfer coding', head(200, { 'transfer-encoding': 'gzip, chunked' }), 'http.encoding'],
    ['gzip', head(206, { ...partial, 'content-encoding': 'gzip' }), 'http.encoding'],
    ['a web page', head(200, { 'content-type': 'text/HTML;charset=utf-8' }), 'media.unsupported'],
    ['204', head(204, {}), 'http.range'],
    ['304', head(304, {}), 'http.range'],
    ['416', head(416, { 'content-range': 'bytes */50' }), 'http.status'],
    ['416 of an empty resource, not asked from its start', head(416, { 'content-range': 'bytes */0' }), 'http.status'],
    ['404 as a web page', head(404, { 'content-type': 'text/html' }), 'http.status'],
  ])('%s', (_, answer, code) => {
    expect(() => checkHead(middle, answer)).toThrow(expect.objectContaining({ code, message: expect.not.stringContaining('secret') }));
  });

  test('a hidden range without an end, of unknown length', () => {
    expect(() => checkHead(open, head(206, {}, true))).toThrow(expect.objectContaining({ code: 'http.range' }));
  });

  test.each([
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'Mon, 06 Jul 2026 10:00:30 GMT', date: 'Mon, 06 Jul 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 06 Jul 2026 09:00:00 GMT', date: 'Mon, 06 Jul 2026 10:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('with %o it asks for a pause of %s ms', (headers, retryAfterMs) => {
    const details = { url: 'https://host/a.mp3', status: 503, retryAfterMs };
    expect(() => checkHead(open, head(503, headers as Record<string, string>))).toThrow(expect.objectContaining({ details }));
  });
});

describe('the first bytes', () => {
  test.each(['<!DOCTYPE html><html>', '\n  <html lang="en">', '\xef\xbb\xbf<!doctype HTML PUBLIC', '<HTML>'])('%j are a page', (text) => {
    expect(() => refusePageBytes(Buffer.from(text, 'latin1'), { url })).toThrow(expect.objectContaining({ code: 'media.unsupported' }));
  });

  test.each(['', 'ID3<html>', '<?xml version="1.0"?>', '<htmlish', 'fLaC'])('%j are none', (text) => {
    expect(refusePageBytes(Buffer.from(text, 'latin1'), { url })).toBeUndefined();
  });

  test.each([
    ['audio/mpeg', 0, false],
    ['video/mp4', 0, false],
    ['application/octet-stream', 0, true],
    ['', 0, true],
    ['', 100, false],
  ])('of type %j from byte %d may be a page: %s', (mediaType, start, expected) => {
    expect(mayBePage({ mediaType, range: { start, end: 200 } })).toBe(expected);
  });
});

test('an answer to a request without a range has none', () => {
  expect(checkHead('plain', head(200, { 'content-length': '5' }))).toMatchObject({ status: 200, total: 5 });
  const partial = head(206, { 'content-range': 'bytes 0-4/5', 'content-length': '5' });
  expect(() => checkHead('plain', partial)).toThrow(expect.objectContaining({ code: 'http.range' }));
});
