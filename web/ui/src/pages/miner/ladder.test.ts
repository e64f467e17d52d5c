import { expect, test } from 'vitest';
import { offLadder, rungsOf } from './ladder';

const steps = (...states: string[]) => states.map((state, i) => ({ state, at: `2026-11-18T11:02:0${i}Z`, detail: state === 'acknowledged' ? 'M000' : '' }));

test('acknowledged stays hollow, also when it is passed', () => {
  const rungs = rungsOf({ state: 'hashing', steps: steps('requested', 'sent', 'identity_checked', 'snapshotted', 'acknowledged', 'read_back_equal', 'hashing') });
  expect(rungs.map((r) => r.kind)).toEqual(Array(7).fill('done'));
  expect(rungs.filter((r) => r.hollow).map((r) => r.name)).toEqual(['Acknowledged']);
});

test('the next rung is live while it runs, and none is after a failure', () => {
  expect(rungsOf({ state: 'sent', steps: steps('requested', 'sent') }).map((r) => r.kind)).toEqual(['done', 'done', 'live', 'todo', 'todo', 'todo', 'todo']);
  const failed = rungsOf({ state: 'failed', steps: [...steps('requested', 'sent'), { state: 'failed', at: '2026-11-18T11:03:00Z', detail: 'x' }] });
  expect(failed.some((r) => r.kind === 'live')).toBe(false);
});

test('off the ladder says cause and next action in words', () => {
  expect(offLadder({ state: 'hashing' })).toBeNull();
  expect(offLadder({ state: 'failed', reason: "the vendor's pool lock is on" })?.next).toContain('release');
  expect(offLadder({ state: 'failed', reason: 'slot 2 still has url "x", slot 2 has another password' })?.next).toContain('by hand');
  expect(offLadder({ state: 'failed' })?.cause).toBe('No reason was told');
});
