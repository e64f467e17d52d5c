import type { Book, Order } from '../../api/types';
import { parsePrice, parseUnits, pricePerTH } from '../../lib/format';
import { fillsNow } from './ladder';
import type { Lack } from './ticket';

// What an open order shall be from now on, as it is typed and as it is sent.

export interface Draft {
  price: string;
  /** Of a bid: machines wanted from now on, beside those bought. */
  units: string;
}

export interface Amendment {
  price_mc?: number;
  units?: number;
}

export const left = (o: Order) => o.units - o.filled;
export const draftOf = (o: Order): Draft => ({ price: pricePerTH(o.price_mc), units: String(left(o)) });

/** Only what differs; nothing that differs is an empty amendment. */
export function amendmentOf(o: Order, d: Draft, tick: number): Amendment | Lack {
  const price = parsePrice(d.price);
  if (price === null) return { field: 'price', says: 'Give a price in $/TH' };
  if (price % tick !== 0) return { field: 'price', says: `Prices are multiples of $${pricePerTH(tick)}` };
  const units = o.side === 'ask' ? left(o) : parseUnits(d.units);
  if (units === null) return { field: 'units', says: 'Give a whole number of units; to want none, cancel it' };
  const lot = o.lot ?? 0;
  if (lot > 1 && units % lot !== 0) return { field: 'units', says: `Units are multiples of its lot of ${lot}` };
  return { ...(price !== o.price_mc && { price_mc: price }), ...(units !== left(o) && { units }) };
}

export const changes = (a: Amendment) => a.price_mc !== undefined || a.units !== undefined;

/** What the amendment does to the order's place in time, and whether it may trade at once. */
export function effect(o: Order, a: Amendment, book: Book | undefined): string {
  if (!changes(a)) return 'Nothing changes yet';
  const more = a.units !== undefined && a.units > left(o);
  const keeps = a.price_mc === undefined && !more;
  if (keeps) return 'Keeps its time: fewer units at the same price';
  const why = a.price_mc !== undefined ? 'a new price' : 'more units';
  if (book?.halted) return `Loses its time: ${why} puts it behind the others; nothing trades while halted`;
  const now = fillsNow(book, o.side, a.price_mc ?? o.price_mc, a.units ?? left(o));
  if (now === 0) return `Loses its time: ${why} puts it behind the others`;
  return o.post_only ? 'Would be refused: post-only, and its price meets an order that rests' : `Loses its time: ${why}; up to ${now} may trade at once`;
}
