import { expect, test } from 'vitest';
import { actionOf, heat, HEALTHS, paintOf, placeOf, plusMinus, ramp } from './health';

test('the ramp shows nominal in steps, and faults are solid', () => {
  expect([undefined, 0, 0.74, 0.75, 0.9, 0.95, 0.985, 1.1].map(ramp)).toEqual(['r0', 'r0', 'r0', 'r1', 'r2', 'r3', 'r4', 'r4']);
  expect(paintOf({ health: 'offline', ratio: 1 })).toBe('hollow');
  expect(paintOf({ health: 'hot', ratio: 1 })).toBe('warnf');
  expect(paintOf({ health: 'dead_board', ratio: 0.66 })).toBe('badf');
  expect(paintOf({ health: 'ok', ratio: 1 })).toBe('r4');
});

test('a temperature that was not read is hollow, one over the limit is solid', () => {
  expect([undefined, 20, 70, 85.9, 86].map(heat)).toEqual(['hollow', 'r0', 'r2', 'r4', 'warnf']);
});

test('places, intervals and actions', () => {
  expect(placeOf({ rack: 'R07', shelf: 3 })).toBe('R07-S03');
  expect(placeOf({})).toBe('no place');
  expect(plusMinus({ ths: 100, lower_ths: 97, upper_ths: 103, seconds: 3600 })).toBe('3.0');
  expect(plusMinus({ ths: 0, lower_ths: 0, seconds: 60 })).toBeNull();
  expect(actionOf({ kind: 'elsewhere', unit_id: 'u' })).toBe('redirect');
  expect(actionOf({ kind: 'hot', unit_id: 'u' })).toBe('open');
  expect(Object.values(HEALTHS).every(([, word]) => word !== '')).toBe(true);
});
