import { describe, expect, it } from 'vitest';
import type { Proof, Trade, Unit } from '../../api/types';
import { moneyOf, rowsOf, statesOf, tally } from './units';

const proof = (unit: string, state: Proof['state'], shares = 500): Proof => ({
  unit, state, sold_ths: 100, estimate_ths: 98, lower_ths: 96, upper_ths: 100, floor_ths: 95, shares, work: '1',
});
const none = { title: '', detail: '' };
const trade = (over: Partial<Trade>): Trade => ({
  id: 't', number: 'T-1', state: 'proving', states: [], buyer: { id: 'b', name: 'Buyer B' }, seller: { id: 's', name: 'Seller A' },
  next: { buyer: none, seller: none, desk: none }, clocks: [], units: ['u1'], price_mc: 1, sold_ths: 100, amount_cents: 114_200,
  commission_cents: 1_713, held_cents: 0, paid_cents: 0, refunded_cents: 0, proofs: [], matched_at: '', payment_due: '',
  maker: 'ask', instrument: 'i', ask_order: 'a', bid_order: 'b', version: 1, ...over,
});

describe('machines of a trade', () => {
  it('stand with the worst first, by serial', () => {
    const t = trade({ proofs: [proof('u1', 'passed'), proof('u2', 'failed'), proof('u3', 'waiting', 0), proof('u4', 'running')] });
    const rows = rowsOf(t, [{ id: 'u1', serial: 'S1' }, { id: 'u2', serial: 'S2' }] as Unit[]);
    expect(rows.map((r) => r.word)).toEqual(['Refuted', 'Proving', 'Not seen', 'Proven']);
    expect(tally(rows).map((x) => `${x.count} ${x.word}`)).toEqual(['1 Refuted', '1 Proving', '1 Not seen', '1 Proven']);
    expect(rows[2]?.verified).toBeNull();
    expect(rows[3]).toMatchObject({ serial: 'S1', verified: { ths: 98, plusMinus: 2, ofSold: 0.98 } });
  });
  it('are held in a dispute, released at the end', () => {
    expect(rowsOf(trade({ state: 'disputed', proofs: [proof('u', 'running')] }), [])[0]?.word).toBe('Held');
    expect(rowsOf(trade({ state: 'released', proofs: [proof('u', 'passed')] }), [])[0]?.word).toBe('Released');
  });
});

describe('money', () => {
  it.each([
    [{ state: 'matched' as const }, 0], [{ state: 'funded' as const, held_cents: 114_200 }, 114_200],
    [{ state: 'released' as const, paid_cents: 112_487 }, 114_200], [{ state: 'cancelled' as const, refunded_cents: 114_200 }, 114_200],
  ])('%# sums to what was received', (over, received) => {
    const m = moneyOf(trade(over));
    expect(m.received).toBe(received);
    expect(m.lines.reduce((sum, l) => sum + l.cents, 0)).toBe(received);
  });
});

describe('states', () => {
  const at = (...names: string[]) => names.map((state) => ({ state, at: '2026-11-25T00:00:00Z' })) as Trade['states'];
  const line = (t: Trade) => statesOf(t).map((s) => `${s.name}:${s.kind}`).join(' ');
  it('shows what was, is and comes', () => {
    expect(line(trade({ state: 'shipped', states: at('matched', 'funded', 'shipped') })))
      .toBe('Matched:done Funded:done Shipped:live Delivered:todo Proving:todo Released:todo');
  });
  it('ends where the trade ended', () => {
    expect(line(trade({ state: 'cancelled', states: at('matched', 'cancelled') }))).toBe('Matched:done Cancelled:off');
    expect(line(trade({ state: 'disputed', states: at('matched', 'funded', 'disputed') }))).toBe('Matched:done Funded:done Disputed:hold');
  });
  it('counts what is proven', () => {
    const t = trade({ state: 'proving', states: at('matched', 'proving'), proofs: [proof('a', 'passed'), proof('b', 'running')] });
    expect(statesOf(t).find((s) => s.name === 'Proving')?.note).toBe('1 of 2');
  });
});
