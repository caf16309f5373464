import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { isAulosError } from '../../src/errors.ts';
import { pageAssetKey } from '../../src/store/key.browser.ts';
import { nodeAssetKey } from '../../src/store/key.node.ts';
import { assetKey } from '../../src/store/key.ts';
import { type AssetKeyOptions, isAssetKey } from '../../src/store/key-text.ts';

const a = 'https://example.org/a.mp3';

describe('asset keys', () => {
  test('a key is the SHA-256 of the URL in base32', () => {
    const bits = [...createHash('sha256').update(a).digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const digits = bits.padEnd(260, '0').match(/.{5}/g)!;
    expect(assetKey(a)).toBe(digits.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)]).join(''));
    expect(isAssetKey(assetKey(a))).toBe(true);
  });

  test.each([true, false])('a page names assets as Node does, whether it has a hash of the platform (%j) or not', async (hasHash) => {
    if (!hasHash) vi.stubGlobal('crypto', {});
    expect(await pageAssetKey(a, { discriminator: 'de' })).toBe(assetKey(a, { discriminator: 'de' }));
    await expect(pageAssetKey('nothing')).rejects.toSatisfy((error) => isAulosError(error, 'input.invalid'));
    vi.unstubAllGlobals();
  });

  test('Node names assets by its own hash as others do by ours', () => {
    expect(nodeAssetKey(a, { discriminator: 'de' })).toBe(assetKey(a, { discriminator: 'de' }));
    expect(() => nodeAssetKey('nothing')).toThrow(expect.toSatisfy((error) => isAulosError(error, 'input.invalid')));
  });

  const dropQuery = (url: string): string => url.replace(/\?.*/, '');
  test.each<[string, string, AssetKeyOptions, string, AssetKeyOptions, boolean]>([
    ['a fragment does not count', a, {}, `${a}#t=10`, {}, true],
    ['spelling of host, port and dots does not count', a, {}, 'HTTPS://EXAMPLE.org:443/x/../a.mp3', {}, true],
    ['the path counts', a, {}, 'https://example.org/A.mp3', {}, false],
    ['the scheme counts', a, {}, 'http://example.org/a.mp3', {}, false],
    ['the query counts', a, {}, `${a}?v=2`, {}, false],
    ['a function may drop the query', a, {}, `${a}?sig=1`, { cacheKey: dropQuery }, true],
    ['a text replaces the URL', a, { cacheKey: 'track 1' }, 'https://other.org/', { cacheKey: 'track 1' }, true],
    ['a discriminator counts', a, {}, a, { discriminator: 'de' }, false],
    ['two discriminators differ', a, { discriminator: 'en' }, a, { discriminator: 'de' }, false],
    ['an empty discriminator is one', a, {}, a, { discriminator: '' }, false],
  ])('%s', (_, url, options, otherUrl, otherOptions, same) => {
    expect(assetKey(url, options) === assetKey(otherUrl, otherOptions)).toBe(same);
  });

  test('a text that is no URL is refused, unless it is not needed', () => {
    expect(() => assetKey('nothing')).toThrow(expect.toSatisfy((error) => isAulosError(error, 'input.invalid')));
    expect(isAssetKey(assetKey('nothing', { cacheKey: 'x' }))).toBe(true);
  });

  test.each(['', '../x', 'a'.repeat(51), 'A'.repeat(52), `${'a'.repeat(52)}\n`, '1'.repeat(52)])('%j is not a key', (text) => {
    expect(isAssetKey(text)).toBe(false);
  });
});
