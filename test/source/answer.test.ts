import { expect, test } from 'vitest';
import type { Validator } from '../../src/base/validator.ts';
import { claimsOther, factsOf, OVERLAP_BYTES, overlapEnd, overlapStart, tellsRanges } from '../../src/source/answer.ts';
import { judge, type Question, type Verdict } from '../../src/source/verdict.ts';

const strong: Validator = { etag: '"1"' };
const weak: Validator = { etag: 'W/"1"' };
const facts = { url: 'http://x/', mediaType: 'audio/mpeg', validator: strong, length: 1000 };
const resume: Question = { purpose: 'fill', start: 100, plain: false, alone: true, facts, heldBytes: 100 };
const seek: Question = { ...resume, purpose: 'demand', start: 500, alone: false };

type Head = Parameters<typeof judge>[0];
const partial: Head = { status: 206, range: { start: 100, end: 1000 }, total: 1000, validator: strong, unverifiedRange: false };
const whole: Head = { status: 200, range: { start: 0, end: 1000 }, total: 1000, validator: strong, unverifiedRange: false };

test.each<[string, Head, Question, Verdict]>([
  ['the first answer of all', partial, { ...resume, facts: undefined, heldBytes: 0 }, 'begin'],
  ['a resume that goes on', partial, resume, 'append'],
  ['a resume that begins before the gap', { ...partial, range: { start: 36, end: 1000 } }, resume, 'compare'],
  ['another length', { ...partial, total: 1001 }, { ...resume, facts: { ...facts, validator: {} } }, 'renew'],
  ['another length of the same version', { ...partial, total: 1001 }, resume, 'invalid'],
  ['another length of the same version, as the last word', { ...partial, total: 1001 }, { ...resume, plain: true }, 'renew'],
  [
    'a claim to end earlier',
    { ...partial, total: 900, unverifiedRange: true },
    { ...resume, facts: { ...facts, validator: {} } },
    'append',
  ],
  ['a claim to end later', { ...partial, total: 1001, unverifiedRange: true }, { ...resume, facts: { ...facts, validator: {} } }, 'renew'],
  [
    'a claim to end later than was claimed',
    { ...partial, total: 1001, unverifiedRange: true },
    { ...resume, facts: { ...facts, lengthClaimed: true, validator: {}, unverified: true } },
    'append',
  ],
  [
    'less in all than was claimed',
    { ...partial, total: 999 },
    { ...resume, facts: { ...facts, lengthClaimed: true, validator: {}, unverified: true } },
    'renew',
  ],
  ['another strong tag', { ...partial, validator: { etag: '"2"' } }, resume, 'renew'],
  ['another weak tag', { ...partial, validator: { etag: 'W/"2"' } }, { ...resume, facts: { ...facts, validator: weak } }, 'renew'],
  ['a tag that is gone', { ...partial, validator: {} }, resume, 'doubt'],
  ['a tag that is gone, beside an overlap', { ...partial, validator: {}, range: { start: 36, end: 1000 } }, resume, 'compare'],
  [
    'a tag that is gone, where tags are not believed',
    { ...partial, validator: {} },
    { ...resume, facts: { ...facts, unverified: true } },
    'append',
  ],
  [
    'another tag, where tags are not believed',
    { ...partial, validator: { etag: '"2"' } },
    { ...resume, facts: { ...facts, unverified: true } },
    'append',
  ],
  ['the whole to a resume', whole, resume, 'compare'],
  ['the whole to a resume of nothing', whole, { ...resume, heldBytes: 0 }, 'append'],
  ['the whole of what claims to be another version', { ...whole, validator: { etag: '"2"' } }, resume, 'compare'],
  ['the whole to a seek, while it is being fetched', whole, seek, 'refuse'],
  ['the whole to a seek, when nothing else is', whole, { ...seek, alone: true }, 'compare'],
  ['another version to a seek', { ...whole, total: 5, validator: {} }, seek, 'renew'],
])('%s', (_name, head, question, verdict) => {
  expect(judge(head, question)).toBe(verdict);
});

test.each([
  ['a strong tag proves the version', { validator: strong }, 0],
  ['a weak tag does not', { validator: weak }, OVERLAP_BYTES],
  ['nor does a strong one where the server hid the range', { validator: strong, unverified: true }, OVERLAP_BYTES],
  ['no validator', { validator: {} }, OVERLAP_BYTES],
])('%s', (_name, changes, overlap) => {
  const known = { ...facts, ...changes };
  expect(overlapStart(500_000, 0, known)).toBe(500_000 - overlap);
  expect(overlapEnd(500_000, 900_000, known)).toBe(500_000 + overlap);
  expect(overlapStart(500_000, 499_990, known)).toBe(500_000 - Math.min(10, overlap));
  expect(overlapEnd(500_000, 500_010, known)).toBe(500_000 + Math.min(10, overlap));
});

test.each([
  [206, {}, false, true],
  [200, { 'accept-ranges': 'bytes' }, true, true],
  [200, { 'accept-ranges': 'bytes' }, false, false],
  [200, { 'accept-ranges': 'none' }, true, false],
  [200, {}, true, false],
] as const)('status %i with %o to a new version (%s): ranges %s', (status, headers, isNewVersion, expected) => {
  expect(tellsRanges({ status, headers }, isNewVersion)).toBe(expected);
});

test.each([
  ['the first change of a tag', 1, { etag: '"2"' }, 1000, undefined],
  ['the second one, with the same length', 2, { etag: '"2"' }, 1000, true],
  ['the second one, with another length', 2, { etag: '"2"' }, 1001, undefined],
  ['other bytes under the same tag', 2, strong, 1000, undefined],
])('%s begins a generation whose tags are distrusted: %s', (_name, generation, validator, total, unverified) => {
  const response = { mediaType: 'audio/mpeg', validator, total, unverifiedRange: false };
  expect(factsOf(response, 'http://x/#there', { generation, facts })).toEqual({ ...facts, validator, length: total, unverified });
});

test.each([
  [{ etag: '"2"' }, facts, true],
  [strong, facts, false],
  [{}, facts, false],
  [{ etag: '"2"' }, { ...facts, unverified: true }, false],
  [{ etag: '"2"' }, undefined, false],
])('validators %o beside %o claim another version: %s', (validator, known, expected) => {
  expect(claimsOther({ validator }, known)).toBe(expected);
});
