import type { Account, Payout, ReconcileLine } from '../../api/types';

/** Differences first, by how bad they are. */
export function byDifference(lines: readonly ReconcileLine[]): ReconcileLine[] {
  const rank = { differs: 0, unknown: 1, explain: 2, under_way: 3, equal: 4 };
  return [...lines].sort((a, b) => rank[a.state] - rank[b.state]);
}

/** Open payouts before those that are over, each newest first. */
export function openFirst(ps: readonly Payout[]): Payout[] {
  const over = (p: Payout) => (p.state === 'confirmed' || p.state === 'refused' ? 1 : 0);
  return [...ps].sort((a, b) => over(a) - over(b));
}

export interface Side {
  purpose: string;
  usdDebit?: number;
  usdCredit?: number;
  btcDebit?: number;
  btcCredit?: number;
}

/** A line a purpose, its balances summed over everybody, debit left and credit right. */
export function sides(accounts: readonly Account[]): { rows: Side[]; totals: { USD: number; BTC: number } } {
  const sums = new Map<string, { USD: number; BTC: number }>();
  const totals = { USD: 0, BTC: 0 };
  for (const a of accounts) {
    const s = sums.get(a.purpose) ?? { USD: 0, BTC: 0 };
    s[a.currency] += a.balance;
    totals[a.currency] += a.balance;
    sums.set(a.purpose, s);
  }
  const rows = [...sums].map(([purpose, s]): Side => ({
    purpose,
    ...(s.USD > 0 && { usdDebit: s.USD }), ...(s.USD < 0 && { usdCredit: -s.USD }),
    ...(s.BTC > 0 && { btcDebit: s.BTC }), ...(s.BTC < 0 && { btcCredit: -s.BTC }),
  }));
  return { rows, totals };
}
