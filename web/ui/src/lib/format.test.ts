import { describe, expect, it } from 'vitest';
import * as f from './format';

describe('money', () => {
  it.each([
    [228400, '$2,284.00'], [5, '$0.05'], [-1230, '−$12.30'], [0, '$0.00'], [27408000, '$274,080.00'],
  ])('usd(%i) = %s', (c, want) => expect(f.usd(c)).toBe(want));
  it.each([[228400, '+2,284.00'], [-3426, '−34.26'], [0, '0.00']])(
    'usdSigned(%i) = %s', (c, want) => expect(f.usdSigned(c)).toBe(want));
  it.each([[1142000, '11.42'], [1142500, '11.425'], [188000, '1.88'], [1, '0.00001']])(
    'pricePerTH(%i) = %s', (p, want) => expect(f.pricePerTH(p)).toBe(want));
  it('btc keeps eight decimals', () => expect(f.btc(-1)).toBe('−0.00000001'));
  it('minor is exact at the edge of safe integers', () =>
    expect(f.minor(Number.MAX_SAFE_INTEGER, 2)).toBe('90,071,992,547,409.91'));
});

describe('parsePrice is the inverse of pricePerTH', () => {
  it.each([1, 99, 1142000, 1142500, 123456789])('%i', (p) => expect(f.parsePrice(f.pricePerTH(p))).toBe(p));
  it.each(['', 'x', '-1', '0', '1.2345678', '11.4.2', '1e3', 'NaN'])('refuses %j', (s) =>
    expect(f.parsePrice(s)).toBeNull());
  it('takes a typed dollar sign and commas', () => expect(f.parsePrice(' $1,142.5 ')).toBe(114250000));
});

describe('parseUnits', () => {
  it.each([['24', 24], ['1,200', 1200], [' 1 ', 1]])('%j', (s, n) => expect(f.parseUnits(s)).toBe(n));
  it.each(['', '0', '-1', '1.5', 'a', '9999999999'])('refuses %j', (s) => expect(f.parseUnits(s)).toBeNull());
});

describe('numbers', () => {
  it('groups beyond 2^53', () => expect(f.int('340282366920938463463')).toBe('340,282,366,920,938,463,463'));
  it('uses a true minus', () => expect(f.int(-1234)).toBe('−1,234'));
  it('never shows minus zero', () => expect(f.fixed(-0.04, 1)).toBe('0.0'));
  it('shows TH/s with one decimal', () => expect(f.ths(199.14e12)).toBe('199.1'));
  it('moves to PH/s', () => expect(f.hashrate(1.482e15)).toEqual({ value: '1.482', unit: 'PH/s' }));
  it('percent', () => expect(f.percent(0.9956)).toBe('99.6'));
  it('short', () => {
    expect(f.short('9f3d000000000007ab')).toBe('9f3d…07ab');
    expect(f.short('T-2187')).toBe('T-2187');
  });
});
