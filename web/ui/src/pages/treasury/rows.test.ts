import { describe, expect, it } from 'vitest';
import type { Payout, ReconcileLine } from '../../api/types';
import { byDifference, openFirst, sides } from './rows';

describe('treasury rows', () => {
  it('puts what is wrong first', () => {
    const lines = (['equal', 'explain', 'differs', 'under_way', 'unknown'] as const).map((state) => ({ account: state, state }) as ReconcileLine);
    expect(byDifference(lines).map((l) => l.state)).toEqual(['differs', 'unknown', 'explain', 'under_way', 'equal']);
  });
  it('puts open payouts first and keeps their order', () => {
    const ps = (['confirmed', 'signed', 'refused', 'requested'] as const).map((state) => ({ id: state, state }) as Payout);
    expect(openFirst(ps).map((p) => p.id)).toEqual(['signed', 'requested', 'confirmed', 'refused']);
  });
  it('sums accounts by purpose into debit and credit, and everything to zero', () => {
    const a = (purpose: string, currency: 'USD' | 'BTC', balance: number) => ({ purpose, currency, balance, org: { id: '', name: '' } });
    const { rows, totals } = sides([a('stripe_balance', 'USD', 500), a('held', 'USD', -300), a('held', 'USD', -100), a('commission', 'USD', -100), a('residue', 'BTC', 0)]);
    expect(totals).toEqual({ USD: 0, BTC: 0 });
    expect(rows).toEqual([{ purpose: 'stripe_balance', usdDebit: 500 }, { purpose: 'held', usdCredit: 400 }, { purpose: 'commission', usdCredit: 100 }, { purpose: 'residue' }]);
  });
});
