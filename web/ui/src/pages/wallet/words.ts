import { int, minor } from '../../lib/format';

/** What an account is for, in words. */
const PURPOSES: Record<string, string> = {
  stripe_balance: 'Payment rail balance', commission: 'Commission earned', treasury_coins: 'Treasury coins', treasury_in_flight: 'Payouts in flight',
  capital: 'Capital', block_rewards: 'Block rewards', fpps_expense: 'Paid to miners', pool_fee: 'Pool fee', residue: 'Rounding residue',
  network_fees: 'Network fees', held: 'Held payouts', earnings: 'Pool earnings',
};

export const purposeOf = (p: string): string => PURPOSES[p] ?? p.replaceAll('_', ' ');

/** Minor units as people read them: dollars with two places, satoshis whole. */
export function amountOf(v: number, currency: string): string {
  return currency === 'USD' ? minor(v, 2) : int(v);
}

export const unitOf = (currency: string): string => (currency === 'USD' ? 'USD' : 'sat');

/** Sums by currency; an entry of which all postings are shown comes to zero. */
export function sums(postings: readonly { currency: string; amount: number }[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const p of postings) out[p.currency] = (out[p.currency] ?? 0) + p.amount;
  return out;
}

/** What the house owes is a credit: shown as the owner's own money. */
export const ownSide = (purpose: string, amount: number): number => (purpose === 'held' || purpose === 'earnings' ? -amount : amount) || 0;
