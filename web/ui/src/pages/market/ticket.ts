import type { Book, NewOrder, Side } from '../../api/types';
import { parsePrice, parseUnits, pricePerTH } from '../../lib/format';
import { fillsNow } from './ladder';
import { untilOf } from './until';

// The order ticket as values and rules. What a person typed is kept as text,
// so that half a number is not corrected under their fingers.

export type TIF = 'gtc' | 'gtd' | 'ioc' | 'fok';
export type Type = 'limit' | 'market';
export type STP = 'cancel-newest' | 'cancel-oldest' | 'cancel-both';

export interface Ticket {
  side: Side;
  type: Type;
  /** Of a market order the worst price; empty leaves it to the collar. */
  price: string;
  units: string;
  /** Serials offered, of a sell. */
  offered: readonly string[];
  tif: TIF;
  /** When a GTD order ends, as it was typed: "24 h", or a moment in UTC. */
  until: string;
  /** The same as a moment, ms, fixed when it was typed; null is none. */
  untilMs: number | null;
  postOnly: boolean;
  aon: boolean;
  /** Least units a trade; empty is any. */
  min: string;
  /** Every trade is a multiple; empty is any. */
  lot: string;
  stp: STP;
}

export const empty: Ticket = {
  side: 'bid', type: 'limit', price: '', units: '1', offered: [], tif: 'gtc', until: '', untilMs: null,
  postOnly: false, aon: false, min: '', lot: '', stp: 'cancel-newest',
};

export type Edit =
  | { type: 'side'; side: Side }
  | { type: 'kind'; kind: Type }
  | { type: 'price'; text: string }
  | { type: 'at'; priceMc: number }
  | { type: 'ticks'; n: number; tick: number; from: number | null }
  | { type: 'units' | 'min' | 'lot'; text: string }
  | { type: 'offer'; unitId: string }
  | { type: 'tif'; tif: TIF; now: number }
  | { type: 'until'; text: string; now: number }
  | { type: 'postOnly' | 'aon'; on: boolean }
  | { type: 'stp'; stp: STP }
  /** Another instrument: its prices are not this one's. */
  | { type: 'open'; priceMc: number | null }
  | { type: 'sent' };

/** How long a GTD order stands when nothing else is said. */
const STANDS = '24 h';

export function edit(t: Ticket, e: Edit): Ticket {
  switch (e.type) {
    case 'side':
      return { ...t, side: e.side };
    case 'kind':
      return kindOf(t, e.kind);
    case 'price':
      return { ...t, price: e.text };
    case 'at':
      return { ...t, price: pricePerTH(e.priceMc) };
    case 'ticks': {
      const now = parsePrice(t.price) ?? e.from;
      return now === null ? t : { ...t, price: pricePerTH(stepped(now, e.tick, e.n)) };
    }
    case 'units': case 'min': case 'lot':
      return { ...t, [e.type]: e.text };
    case 'offer':
      return {
        ...t,
        offered: t.offered.includes(e.unitId) ? t.offered.filter((u) => u !== e.unitId) : [...t.offered, e.unitId],
      };
    case 'tif':
      return standing(t, e.tif, e.now);
    case 'until':
      return { ...t, until: e.text, untilMs: untilOf(e.text, e.now) };
    case 'postOnly': case 'aon':
      return { ...t, [e.type]: e.on };
    case 'stp':
      return { ...t, stp: e.stp };
    case 'open':
      return { ...t, price: e.priceMc === null || t.type === 'market' ? '' : pricePerTH(e.priceMc), offered: [] };
    case 'sent':
      return { ...t, units: '1', offered: [], min: '', lot: '' };
  }
}

/** So many ticks on; from between two ticks the first step lands on one. */
export function stepped(priceMc: number, tick: number, n: number): number {
  const base = n > 0 ? Math.floor(priceMc / tick) : Math.ceil(priceMc / tick);
  return Math.max(tick, (base + n) * tick);
}

/** A market order trades at once: what belongs to a resting one goes. Its limit is no wish of its own. */
function kindOf(t: Ticket, type: Type): Ticket {
  if (type === t.type) return t;
  if (type === 'limit') return { ...t, type, tif: 'gtc' };
  return { ...t, type, price: '', tif: t.tif === 'fok' ? 'fok' : 'ioc', postOnly: false };
}

function standing(t: Ticket, tif: TIF, now: number): Ticket {
  const until = tif === 'gtd' && (t.untilMs === null || t.untilMs <= now) ? { until: STANDS, untilMs: untilOf(STANDS, now) } : {};
  return { ...t, ...until, tif, postOnly: t.postOnly && rests(tif) };
}

const rests = (tif: TIF) => tif === 'gtc' || tif === 'gtd';

export type Field = 'price' | 'units' | 'offered' | 'tif' | 'until' | 'postOnly' | 'min' | 'lot' | 'stp';

/** What is wrong or missing, and where. */
export interface Lack {
  field: Field | null;
  says: string;
}

/** What an order is checked against beside itself. */
export interface Around {
  instrument: string;
  /** Prices are its multiples, milli-cents per TH. */
  tick: number;
  book: Book | undefined;
  now: number;
}

const lack = (field: Field | null, says: string): Lack => ({ field, says });
export const isLack = (o: object): o is Lack => 'says' in o;

/** What the ticket says, or what it lacks: the server's rules, asked before it is. */
export function orderOf(t: Ticket, at: Around): NewOrder | Lack {
  if (!at.instrument) return lack(null, 'Choose an instrument');
  const price = priceOf(t, at);
  if (typeof price !== 'number') return price;
  const units = t.side === 'ask' ? t.offered.length : parseUnits(t.units);
  if (units === null) return lack('units', 'Give a whole number of units');
  if (units === 0) return lack('offered', 'Choose the serials to sell');
  const wrong = attributesLack(t, at, price, units);
  if (wrong) return wrong;
  const min = count(t.min) ?? 0;
  const lot = count(t.lot) ?? 0;
  return {
    instrument: at.instrument, side: t.side, type: t.type, tif: t.tif, stp: t.stp,
    ...(price > 0 && { price_mc: price }),
    ...(t.side === 'ask' ? { unit_ids: [...t.offered] } : { units }),
    ...(t.tif === 'gtd' && t.untilMs !== null && { expires_at: new Date(t.untilMs).toISOString() }),
    ...(t.postOnly && { post_only: true }), ...(t.aon && { aon: true }),
    ...(min > 1 && { min_units: min }), ...(lot > 1 && { lot }),
  };
}

/** The price in milli-cents; 0 of a market order that leaves it to the collar. */
function priceOf(t: Ticket, at: Around): number | Lack {
  if (t.type === 'market' && t.price.trim() === '') {
    return worstOf(t, at) === null ? lack('price', 'Nobody is on the other side: a market order needs somebody to trade with') : 0;
  }
  const price = parsePrice(t.price);
  if (price === null) return lack('price', 'Give a price in $/TH');
  if (price % at.tick !== 0) return lack('price', `Prices are multiples of $${pricePerTH(at.tick)}`);
  return price;
}

function attributesLack(t: Ticket, at: Around, price: number, units: number): Lack | null {
  const min = count(t.min);
  const lot = count(t.lot);
  if (min === null || min > units) return lack('min', `The least units of a trade are a whole number up to ${units}`);
  if (lot === null) return lack('lot', 'The lot is a whole number of units');
  if (lot > 1 && units % lot !== 0) return lack('lot', `${units} units are no multiple of the lot of ${lot}`);
  if (lot > 1 && min % lot !== 0) return lack('min', `The least of a trade is a multiple of the lot of ${lot}`);
  if (t.tif === 'gtd' && t.untilMs === null) return lack('until', 'Say when it ends: 24 h, 7 d, or 30 Nov 14:00 as 2026-11-30 14:00');
  if (t.tif === 'gtd' && t.untilMs !== null && t.untilMs <= at.now) return lack('until', 'That moment is over');
  const halted = at.book?.halted === true;
  if (halted && (t.type === 'market' || !rests(t.tif))) return lack('tif', 'While trading is halted only orders that rest are taken: a limit order, GTC or GTD');
  if (t.postOnly && !halted && fillsNow(at.book, t.side, price, 1) > 0) {
    return lack('postOnly', 'Its price meets an order that rests: post-only would be refused');
  }
  return null;
}

/** A count that may be left out, which is 0. */
const count = (text: string): number | null => (/^\s*0*\s*$/.test(text) ? 0 : parseUnits(text));

/** How far from the best price a market order trades that gives no price, parts per million: as the server does. */
const COLLAR_PPM = 100_000n;

/** The worst price a market order trades at; null when nobody is on the other side. */
export function worstOf(t: Ticket, { book, tick }: Pick<Around, 'book' | 'tick'>): number | null {
  const given = parsePrice(t.price);
  if (given !== null) return given;
  const best = (t.side === 'bid' ? book?.asks : book?.bids)?.[0]?.price_mc;
  if (best === undefined) return null;
  const away = Number((BigInt(best) * COLLAR_PPM) / 1_000_000n);
  const collar = Math.floor(away / tick) * tick;
  return t.side === 'bid' ? best + collar : Math.max(best - collar, tick);
}

/** The limit of the order, or the worst price of a market one. */
export const limitOf = (t: Ticket, at: Pick<Around, 'book' | 'tick'>): number | null => (t.type === 'market' ? worstOf(t, at) : parsePrice(t.price));

/** What becomes of it, in a sentence. */
export function fate(t: Ticket, book: Book | undefined, now: number, units: number): string {
  if (book?.halted && (t.type === 'market' || !rests(t.tif))) return 'Refused while trading is halted';
  if (book?.halted) return 'Rests without trading until the desk opens the market again';
  const some = Math.max(Number(t.min) || 0, t.aon || t.tif === 'fok' ? units : 0);
  const met = now >= Math.max(1, some);
  if (t.tif === 'fok') return met ? 'Trades whole at once' : 'Closes at once: not all of it is there';
  if (!rests(t.tif) || t.type === 'market') return !met ? 'Closes at once: nothing it may take is there' : now < units ? `The other ${units - now} are closed at once` : 'Trades at once';
  if (met && now >= units) return 'Trades at once';
  if (t.aon && units > 1) return `Waits until all ${units} trade in one go`;
  return met ? `The other ${units - now} rest` : 'Rests in the book';
}

/** Where a server's refusal belongs, by its words; null is the whole order. */
export function fieldOf(detail: string): Field | null {
  return FIELDS.find(([words]) => words.test(detail))?.[1] ?? null;
}

const FIELDS: readonly (readonly [RegExp, Field])[] = [
  [/would-take|post.only/, 'postOnly'],
  [/expires_at|would end at|expired/, 'until'],
  [/multiples of the lot|\blot\b/, 'lot'],
  [/least units of a trade|min_units/, 'min'],
  [/self-trade|\bstp\b/, 'stp'],
  [/unit_ids|listed twice|reserve units|an ask of/, 'offered'],
  [/units must be|worth more than|body\.units/, 'units'],
  [/trades at once: ioc or fok|not taken: halted|\btif\b/, 'tif'],
  [/price|on the other side/, 'price'],
];

export function unitsOf(t: Ticket): number {
  return t.side === 'ask' ? t.offered.length : (parseUnits(t.units) ?? 0);
}

/** What the folded part of the ticket asks for, in words; empty is nothing unusual. */
export function extras(t: Ticket): string {
  const min = count(t.min) ?? 0;
  const lot = count(t.lot) ?? 0;
  return [
    t.type === 'market' && 'market', t.postOnly && 'post-only', t.aon && 'all or none',
    min > 1 && `at least ${min}`, lot > 1 && `lots of ${lot}`, t.stp !== 'cancel-newest' && t.stp.replace('-', ' '),
  ].filter(Boolean).join(', ');
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
