import { expect, it } from 'vitest';
import { countOf, waitingOf } from './waiting';

it('is one list, oldest first, each with its reason and its page', () => {
  const list = waitingOf({
    trades: [
      { id: 't1', number: 'T-2187', kind: 'decision', state: 'disputed', why: 'a board is missing', parties: 'A → B', held_cents: 114_200, since: '2026-11-22T14:00:00Z' },
      { id: 't2', number: 'T-2190', kind: 'late', state: 'matched', why: '', parties: 'A → B', held_cents: 0, since: '2026-11-21T14:00:00Z' },
    ],
    verifications: [{ org: 'o', name: 'Yard X', state: 'submitted', open_hits: 2, since: '2026-11-20T14:00:00Z' }],
    payouts: [{ id: 'p', org: 'Yard B', state: 'awaiting_signature', why: '', amount_sats: 4014, since: '2026-11-23T14:00:00Z' }],
  });
  expect(list.map((w) => [w.what, w.why, w.held, w.to])).toEqual([
    ['Yard X', '2 listed names look like its own', '', '/desk/verifications/o'],
    ['T-2190', 'matched', '', '/trades/t2'],
    ['T-2187', 'a board is missing', '$1,142.00', '/trades/t1'],
    ['Payout', 'awaiting signature', '4,014 sat', '/money'],
  ]);
  expect(countOf(list)).toEqual({ decision: 1, late: 1, payout: 1, verification: 1 });
});
