import type { Desk } from '../../api/types';
import { int, usd } from '../../lib/format';
import type { GlyphKind } from '../../parts/Glyph';

// What waits for the desk, of all kinds in one list, oldest first.

export type Kind = 'decision' | 'late' | 'payout' | 'verification';

export interface Waiting {
  id: string;
  kind: Kind;
  what: string;
  who: string;
  why: string;
  /** Money that does not move meanwhile, with its unit; empty when none. */
  held: string;
  since: string;
  to: string;
}

export const KINDS: Record<Kind, { name: string; one: string; glyph: GlyphKind }> = {
  decision: { name: 'To decide', one: 'Decide', glyph: 'hold' },
  late: { name: 'Late', one: 'Late', glyph: 'look' },
  verification: { name: 'To verify', one: 'Verify', glyph: 'todo' },
  payout: { name: 'Money that waits', one: 'Money waits', glyph: 'wrong' },
};

export function waitingOf(d: Desk): Waiting[] {
  const trades = d.trades.map((t): Waiting => ({
    id: `${t.kind}-${t.id}`, kind: t.kind, what: t.number, who: t.parties, why: t.why || t.state,
    held: t.held_cents > 0 ? usd(t.held_cents) : '', since: t.since, to: `/trades/${t.id}`,
  }));
  const subjects = d.verifications.map((v): Waiting => ({
    id: `verification-${v.org}`, kind: 'verification', what: v.name, who: v.state,
    why: v.open_hits > 0 ? `${int(v.open_hits)} listed ${v.open_hits === 1 ? 'name looks' : 'names look'} like its own` : 'said who it is',
    held: '', since: v.since, to: `/desk/verifications/${v.org}`,
  }));
  const payouts = d.payouts.map((p): Waiting => ({
    id: `payout-${p.id}`, kind: 'payout', what: 'Payout', who: p.org, why: p.why || p.state.replaceAll('_', ' '),
    held: `${int(p.amount_sats)} sat`, since: p.since, to: '/money',
  }));
  return [...trades, ...subjects, ...payouts].sort((a, b) => a.since.localeCompare(b.since));
}

export function countOf(list: readonly Waiting[]): Record<Kind, number> {
  const n: Record<Kind, number> = { decision: 0, late: 0, payout: 0, verification: 0 };
  for (const w of list) n[w.kind]++;
  return n;
}
