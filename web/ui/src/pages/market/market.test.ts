import { describe, expect, it } from 'vitest';
import type { Book, Order } from '../../api/types';
import { fillsNow, ladderOf } from './ladder';
import { invoiceCents, shareCents } from './ticket';

const book: Book = {
  instrument: 'i', seq: 1,
  asks: [{ price_mc: 1_144_000, units: 48, orders: 1 }, { price_mc: 1_142_000, units: 118, orders: 3 }],
  bids: [{ price_mc: 1_136_000, units: 120, orders: 2 }, { price_mc: 1_138_000, units: 240, orders: 4 }],
};
const order = (o: Partial<Order>): Order => ({
  id: 'o', instrument: 'i', side: 'bid', price_mc: 1_136_000, units: 60, filled: 0, tif: 'gtc', type: 'limit', stp: 'cancel-newest', state: 'open', at: '', changed_at: '', unit_ids: [], ...o,
});

describe('ladder', () => {
  const l = ladderOf(book, [order({}), order({ filled: 20 }), order({ state: 'filled' }), order({ instrument: 'x' })], 10);
  it('asks run down to the best, bids start with it', () => {
    expect(l.asks.map((r) => r.price_mc)).toEqual([1_144_000, 1_142_000]);
    expect(l.bids.map((r) => r.price_mc)).toEqual([1_138_000, 1_136_000]);
  });
  it('sums from the best price outward', () => {
    expect(l.asks.map((r) => r.sum)).toEqual([166, 118]);
    expect(l.bids.map((r) => r.sum)).toEqual([240, 360]);
    expect(l.bids[1]?.depth).toBe(1);
  });
  it('knows the spread and own size', () => {
    expect(l).toMatchObject({ midMc: 1_140_000, spreadMc: 4000 });
    expect(l.bids[1]?.own).toBe(100);
    expect(l.asks.every((r) => r.own === 0)).toBe(true);
  });
  it('a one-sided book has no mid', () =>
    expect(ladderOf({ ...book, asks: [] }, [], 10)).toMatchObject({ midMc: null, spreadMc: null, bestAsk: null }));
});

describe('fillsNow', () => {
  it.each([
    ['bid', 1_142_000, 24, 24], ['bid', 1_142_000, 200, 118], ['bid', 1_144_000, 200, 166], ['bid', 1_141_999, 5, 0],
    ['ask', 1_138_000, 300, 240], ['ask', 1_136_000, 300, 300], ['ask', 1_139_000, 5, 0],
  ] as const)('%s at %i for %i fills %i', (side, p, n, want) => expect(fillsNow(book, side, p, n)).toBe(want));
  it('fills nothing while halted', () => expect(fillsNow({ ...book, halted: true }, 'bid', 1_144_000, 5)).toBe(0));
});

describe('invoiceCents matches the kernel, half to even', () => {
  it.each([[1_142_000, 200_000, 228_400], [1, 500_000, 0], [3, 500_000, 2], [1, 500_001, 1], [5, 100_000, 0]])(
    '%i × %i = %i', (p, g, want) => expect(invoiceCents(p, g)).toBe(want));
});

describe('shareCents matches the kernel, half to even', () => {
  it.each([[228_400, 15_000, 3426], [114_200, 15_000, 1713], [50, 10_000, 0], [150, 10_000, 2], [0, 15_000, 0]])(
    '%i at %i ppm = %i', (c, p, want) => expect(shareCents(c, p)).toBe(want));
});
