import { expect, test } from 'vitest';
import { ladderOf, meterOf, OFF, ON, RUNGS, rungOf, shows, type Rung, type Show } from './plan';

const all = Object.keys(RUNGS) as Rung[];

test('every state is on the ladder or off it, never both', () => {
  expect([...ON, ...OFF].sort()).toEqual([...all].sort());
});

test('the four filters share the machines out: each is in exactly one', () => {
  for (const kind of ['redirect', 'restore'] as const) {
    for (const r of all) {
      expect((['off', 'flight', 'done', 'planned'] as Show[]).filter((s) => shows(kind, s, r)).length).toBe(1);
      expect(shows(kind, 'all', r)).toBe(true);
    }
  }
});

test('a restore ends at its read-back, a redirect at our pool', () => {
  expect(rungOf('restore', 'read_back')[0]).toBe('done');
  expect(rungOf('redirect', 'read_back')[0]).toBe('live');
  expect(ladderOf('restore')).not.toContain('hashing');
  expect(RUNGS.acknowledged[0]).toBe('todo');
});

test('the meter says how many more may fail', () => {
  const waves = [{ wave: 1, total: 1, good: 1, bad: 0, open: 0 }, { wave: 2, total: 100, good: 20, bad: 2, open: 78 }];
  expect(meterOf({ wave: 2, waves, halt_ppm: 30_000 })).toEqual({ bad: 2, total: 100, share: 0.02, limit: 0.03, left: 1 });
  expect(meterOf({ wave: 0, waves, halt_ppm: 30_000 })).toBeNull();
});
