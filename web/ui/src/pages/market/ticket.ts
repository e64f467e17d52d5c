import type { NewOrder, Side } from '../../api/types';
import { parsePrice, parseUnits, pricePerTH } from '../../lib/format';

// The order ticket as values and rules. What a person typed is kept as text,
// so that half a number is not corrected under their fingers.

export interface Ticket {
  side: Side;
  price: string;
  units: string;
  /** Serials offered, of a sell. */
  offered: readonly string[];
  tif: 'GTC' | 'IOC';
}

export const empty: Ticket = { side: 'bid', price: '', units: '1', offered: [], tif: 'GTC' };

export type Edit =
  | { type: 'side'; side: Side }
  | { type: 'price'; text: string }
  | { type: 'at'; priceMc: number }
  | { type: 'ticks'; n: number; tick: number; from: number | null }
  | { type: 'units'; text: string }
  | { type: 'offer'; unitId: string }
  | { type: 'tif'; tif: Ticket['tif'] }
  /** Another instrument: its prices are not this one's. */
  | { type: 'open'; priceMc: number | null }
  | { type: 'sent' };

export function edit(t: Ticket, e: Edit): Ticket {
  switch (e.type) {
    case 'side':
      return { ...t, side: e.side };
    case 'price':
      return { ...t, price: e.text };
    case 'at':
      return { ...t, price: pricePerTH(e.priceMc) };
    case 'ticks': {
      const now = parsePrice(t.price) ?? e.from;
      if (now === null) return t;
      // From between two ticks the first step lands on a tick.
      const base = e.n > 0 ? Math.floor(now / e.tick) : Math.ceil(now / e.tick);
      return { ...t, price: pricePerTH(Math.max(e.tick, (base + e.n) * e.tick)) };
    }
    case 'units':
      return { ...t, units: e.text };
    case 'offer':
      return {
        ...t,
        offered: t.offered.includes(e.unitId) ? t.offered.filter((u) => u !== e.unitId) : [...t.offered, e.unitId],
      };
    case 'tif':
      return { ...t, tif: e.tif };
    case 'open':
      return { ...t, price: e.priceMc === null ? '' : pricePerTH(e.priceMc), offered: [] };
    case 'sent':
      return { ...t, units: '1', offered: [] };
  }
}

/** What the ticket says, or in words what it lacks. */
export function orderOf(t: Ticket, instrument: string): NewOrder | string {
  if (!instrument) return 'Choose an instrument';
  const price = parsePrice(t.price);
  if (price === null) return 'Give a price in $/TH';
  const head = { instrument, side: t.side, price_mc: price, tif: t.tif };
  if (t.side === 'ask') {
    if (t.offered.length === 0) return 'Choose the serials to sell';
    return { ...head, unit_ids: [...t.offered] };
  }
  const units = parseUnits(t.units);
  if (units === null) return 'Give a whole number of units';
  return { ...head, units };
}

export function unitsOf(t: Ticket): number {
  return t.side === 'ask' ? t.offered.length : (parseUnits(t.units) ?? 0);
}

/** Price of hashrate in cents, rounded half to even: as the server invoices. */
export function invoiceCents(priceMc: number, ghs: number): number {
  return halfEven(BigInt(priceMc) * BigInt(ghs), 1_000_000n);
}

/** A part of an amount in parts per million, rounded as the server does. */
export function shareCents(cents: number, ppm: number): number {
  return halfEven(BigInt(cents) * BigInt(ppm), 1_000_000n);
}

function halfEven(product: bigint, den: bigint): number {
  const q = product / den;
  const twice = (product % den) * 2n;
  return Number(q + (twice > den || (twice === den && q % 2n === 1n) ? 1n : 0n));
}
