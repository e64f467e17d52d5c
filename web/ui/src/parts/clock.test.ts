import { expect, test } from 'vitest';
import { left } from './Clock';

const at = (h: number) => Date.parse('2026-11-01T00:00:00Z') + h * 3_600_000;
const iso = (h: number) => new Date(at(h)).toISOString();

test.each([
  ['waiting', undefined, 'not begun'],
  ['running', undefined, '19 h left'],
  ['met', iso(12), 'met, 12 h early'],
  ['met', iso(24), 'met'],
  ['missed', iso(25), 'missed by 1 h'],
  ['missed', iso(24), 'missed'],
  ['paused', undefined, 'paused'],
  ['off', iso(3), 'no longer counts'],
] as const)('a %s clock says how it stands', (state, ended, want) => {
  expect(left({ name: 'x', rule: 'y', state, from: iso(0), due: iso(24), ...(ended && { ended }) }, at(24), at(5))).toBe(want);
});
