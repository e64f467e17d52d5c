import { expect, test } from 'vitest';
import { chipsOf, heatOf } from './chips';

test('chips are counted, gaps are not', () => {
  expect(chipsOf(' ooo oXo ')).toEqual([true, true, true, true, false, true]);
  expect(chipsOf('')).toEqual([]);
  expect(heatOf(undefined)).toBe('r2');
  expect(heatOf(90)).toBe('warnf');
});
