import { describe, expect, it } from 'vitest';
import * as t from './time';

const T = '2026-11-22T14:30:12.900Z';

describe('instants are UTC', () => {
  it('day', () => expect(t.day(T)).toBe('22 Nov'));
  it('daySecond', () => expect(t.daySecond(T)).toBe('22 Nov 14:30:12'));
  it('dayMinute', () => expect(t.dayMinute('2026-11-02T09:04:00+02:00')).toBe('02 Nov 07:04'));
  it('dayYear', () => expect(t.dayYear(T)).toBe('22 Nov 2026'));
});

const H = 3600;
const D = 24 * H;

describe('duration has two units at most', () => {
  it.each([
    [0, '0 s'], [-5, '0 s'], [59, '59 s'], [60, '1 m'], [86, '1 m 26 s'], [3599, '59 m 59 s'],
    [41 * H + 12 * 60, '41 h 12 m'], [24 * H, '24 h'], [19 * H + 56 * 60, '19 h 56 m'],
    [48 * H, '2 d'], [3 * D + 5 * H, '3 d 5 h'], [16 * D + H, '16 d 1 h'], [3 * D - 1, '3 d'],
  ])('%i s = %s', (s, want) => expect(t.duration(s)).toBe(want));
});

describe('span rounds to what a column holds', () => {
  it.each([
    [3 * D + 5 * H + 8 * 60, '3 d 5 h'], [20 * H + 19 * 60, '20 h'], [15 * H + 25 * 60, '15 h'],
    [26 * H + 11 * 60, '1 d 2 h'], [86, '1 m 26 s'], [24 * H, '24 h'], [934, '16 m'],
    [2 * H + 30 * 60, '2 h 30 m'], [3590, '1 h'],
  ])('%i s = %s', (s, want) => expect(t.span(s)).toBe(want));
});
