import { describe, expect, it } from 'vitest';
import { amountOf, ownSide, purposeOf, sums } from './words';

describe('ledger words', () => {
  it('shows minor units by currency', () => {
    expect([amountOf(128_490_614, 'USD'), amountOf(-5, 'USD'), amountOf(979_642, 'BTC')]).toEqual(['1,284,906.14', '−0.05', '979,642']);
  });
  it('turns what the house owes into the owner’s own money, and nothing else', () => {
    expect([ownSide('held', -5), ownSide('earnings', 7), ownSide('stripe_balance', 5), ownSide('held', 0)]).toEqual([5, -7, 5, 0]);
    expect(purposeOf('something_new')).toBe('something new');
  });
  it('sums by currency', () => {
    expect(sums([{ currency: 'USD', amount: 5 }, { currency: 'USD', amount: -5 }, { currency: 'BTC', amount: 1 }])).toEqual({ USD: 0, BTC: 1 });
  });
});
