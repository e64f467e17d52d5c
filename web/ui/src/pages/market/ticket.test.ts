import { describe, expect, it } from 'vitest';
import type { Book, Order } from '../../api/types';
import { amendmentOf, draftOf, effect } from './amend';
import { asks } from './Orders';
import { edit, empty, extras, fate, fieldOf, orderOf, worstOf, type Around, type Edit, type Ticket } from './ticket';
import { untilOf } from './until';

const now = Date.parse('2026-11-22T14:30:12Z');
const book: Book = {
  instrument: 'i', seq: 1,
  asks: [{ price_mc: 1_142_000, units: 118, orders: 3 }, { price_mc: 1_144_000, units: 48, orders: 1 }],
  bids: [{ price_mc: 1_138_000, units: 240, orders: 4 }],
};
const at: Around = { instrument: 'i', tick: 1000, book, now };
const t: Ticket = { ...empty, price: '11.40', units: '24' };
const order = (o: Partial<Order>): Order => ({
  id: 'o', instrument: 'i', side: 'bid', price_mc: 1_136_000, units: 60, filled: 0, tif: 'gtc', type: 'limit', stp: 'cancel-newest', state: 'open', at: '', changed_at: '', unit_ids: [], ...o,
});
const then = (from: Ticket, ...es: Edit[]) => es.reduce(edit, from);

describe('ticket', () => {
  it('steps by ticks, and from between ticks onto one', () => {
    const price = (p: string, n: number, from: number | null = null) => edit({ ...t, price: p }, { type: 'ticks', tick: 1000, n, from }).price;
    expect([price('11.42', 1), price('11.42', -10), price('11.425', 1), price('11.425', -1)]).toEqual(['11.43', '11.32', '11.43', '11.42']);
    expect([price('0.01', -10), price('', 1, 114_000), price('', 1)]).toEqual(['0.01', '1.15', '']);
  });
  it('a bid names units, an ask names serials', () => {
    expect(orderOf(t, at)).toEqual({ instrument: 'i', side: 'bid', type: 'limit', tif: 'gtc', stp: 'cancel-newest', price_mc: 1_140_000, units: 24 });
    const ask = then(t, { type: 'side', side: 'ask' }, { type: 'offer', unitId: 'u' });
    expect(orderOf(ask, at)).toMatchObject({ side: 'ask', unit_ids: ['u'] });
    expect(orderOf(ask, at)).not.toHaveProperty('units');
    expect(orderOf(edit(ask, { type: 'offer', unitId: 'u' }), at)).toEqual({ field: 'offered', says: 'Choose the serials to sell' });
  });
  it('sends every attribute that is asked for, and no other', () => {
    const all = then(t, { type: 'tif', tif: 'gtd', now }, { type: 'until', text: '2026-11-30 14:00', now }, { type: 'aon', on: true },
      { type: 'postOnly', on: true }, { type: 'min', text: '12' }, { type: 'lot', text: '6' }, { type: 'stp', stp: 'cancel-both' });
    expect(orderOf(all, at)).toEqual({
      instrument: 'i', side: 'bid', type: 'limit', tif: 'gtd', stp: 'cancel-both', price_mc: 1_140_000, units: 24,
      expires_at: '2026-11-30T14:00:00.000Z', post_only: true, aon: true, min_units: 12, lot: 6,
    });
    expect(extras(all)).toBe('post-only, all or none, at least 12, lots of 6, cancel both');
    expect(extras(t)).toBe('');
  });
  it('fixes its end when it is typed, so that a repeated try is the same order', () => {
    const gtd = edit(t, { type: 'tif', tif: 'gtd', now });
    expect(orderOf(gtd, { ...at, now: now + 60_000 })).toEqual(orderOf(gtd, at));
    expect(edit(gtd, { type: 'tif', tif: 'gtd', now: now + 2 * 86_400_000 }).untilMs).toBeGreaterThan(gtd.untilMs ?? Infinity);
  });
  it('a market order trades at once and leaves its price to the collar', () => {
    const market = then(t, { type: 'postOnly', on: true }, { type: 'kind', kind: 'market' });
    expect(market).toMatchObject({ tif: 'ioc', postOnly: false, price: '' });
    expect(orderOf(market, at)).toEqual({ instrument: 'i', side: 'bid', type: 'market', tif: 'ioc', stp: 'cancel-newest', units: 24 });
    expect(orderOf(edit(market, { type: 'price', text: '12' }), at)).toMatchObject({ price_mc: 1_200_000 });
    expect(edit(market, { type: 'kind', kind: 'limit' })).toMatchObject({ type: 'limit', tif: 'gtc' });
    expect(orderOf(market, { ...at, book: { ...book, asks: [] } })).toMatchObject({ field: 'price' });
  });
  it('what trades at once is not post-only', () =>
    expect(then(t, { type: 'postOnly', on: true }, { type: 'tif', tif: 'fok', now }).postOnly).toBe(false));
});

describe('what the ticket lacks, and where', () => {
  it.each<[string, Partial<Ticket>, Partial<Around>, string | null]>([
    ['no instrument', {}, { instrument: '' }, null],
    ['no price', { price: '1.x' }, {}, 'price'],
    ['off the tick', { price: '11.425' }, {}, 'price'],
    ['no units', { units: '0' }, {}, 'units'],
    ['minimum above the units', { min: '25' }, {}, 'min'],
    ['minimum no number', { min: 'x' }, {}, 'min'],
    ['units no multiple', { lot: '5' }, {}, 'lot'],
    ['minimum no multiple', { lot: '6', min: '8' }, {}, 'min'],
    ['no end', { tif: 'gtd', until: 'soon' }, {}, 'until'],
    ['an end that is over', { tif: 'gtd', until: 'x', untilMs: now }, {}, 'until'],
    ['IOC while halted', { tif: 'ioc' }, { book: { ...book, halted: true } }, 'tif'],
    ['post-only that would trade', { postOnly: true, price: '11.42' }, {}, 'postOnly'],
  ])('%s', (_, more, around, field) => expect(orderOf({ ...t, ...more }, { ...at, ...around })).toMatchObject({ field }));
  it.each<[string, Partial<Ticket>]>([['minimum of nothing', { min: '0', lot: ' ' }], ['lot of one', { lot: '1', min: '5' }], ['post-only below', { postOnly: true }]])(
    '%s is nothing wrong', (_, more) => expect(orderOf({ ...t, ...more }, at)).toHaveProperty('price_mc'));
  it('post-only is not asked while halted', () =>
    expect(orderOf({ ...t, postOnly: true, price: '11.42' }, { ...at, book: { ...book, halted: true } })).toHaveProperty('post_only'));
  // The server's words, as brokerage and book write them.
  it.each([
    ['price $11.425 per TH is not a multiple of the tick $0.01', 'price'],
    ['the order would end at 2026-11-22T14:30:12Z, which is over', 'until'],
    ['order was not taken: would-take', 'postOnly'], ['order was not taken: halted', 'tif'],
    ['the least units of a trade are 0 … 24, not 25', 'min'], ['units and the least of a trade are multiples of the lot of 5', 'lot'],
    ['the order is worth more than $100000, the most that one payment can carry: split the order', 'units'],
    ['units must be 1 … 10000, not 10001', 'units'], ['reserve units: unit X is listed', 'offered'],
    ['nobody is on the other side: a market order needs somebody to trade with', 'price'], ['the market is elsewhere', null],
  ])('the server’s “%s” belongs to %s', (words, field) => expect(fieldOf(words)).toBe(field));
});

describe('worst price of a market order', () => {
  it.each<['bid' | 'ask', string, Book, number | null]>([
    // 10 % of 11.42 is 1.142, of which whole ticks count.
    ['bid', '', book, 1_256_000], ['ask', '', book, 1_025_000], ['bid', '12', book, 1_200_000],
    ['bid', '', { ...book, asks: [] }, null], ['ask', '', { ...book, bids: [{ price_mc: 1000, units: 1, orders: 1 }] }, 1000],
  ])('%s %s', (side, price, b, want) => expect(worstOf({ ...t, side, price, type: 'market' }, { book: b, tick: 1000 })).toBe(want));
});

describe('fate', () => {
  it.each<[Partial<Ticket>, number, string]>([
    [{}, 0, 'Rests in the book'], [{}, 10, 'The other 14 rest'], [{}, 24, 'Trades at once'],
    [{ tif: 'ioc' }, 10, 'The other 14 are closed at once'], [{ tif: 'ioc' }, 0, 'Closes at once: nothing it may take is there'],
    [{ tif: 'ioc', min: '12' }, 10, 'Closes at once: nothing it may take is there'],
    [{ tif: 'fok' }, 23, 'Closes at once: not all of it is there'], [{ tif: 'fok' }, 24, 'Trades whole at once'],
    [{ aon: true }, 23, 'Waits until all 24 trade in one go'], [{ min: '12' }, 10, 'Rests in the book'],
  ])('%j with %i there', (more, there, want) => expect(fate({ ...t, ...more }, book, there, 24)).toBe(want));
  it('halted', () => {
    expect(fate(t, { ...book, halted: true }, 0, 24)).toMatch(/^Rests without trading/);
    expect(fate({ ...t, tif: 'fok' }, { ...book, halted: true }, 0, 24)).toMatch(/^Refused/);
  });
});

describe('until', () => {
  it.each([
    ['24 h', '2026-11-23T14:31:00Z'], ['90m', '2026-11-22T16:01:00Z'], ['7 D', '2026-11-29T14:31:00Z'], ['2 w', '2026-12-06T14:31:00Z'],
    ['2026-11-30 14:00', '2026-11-30T14:00:00Z'], ['2026-11-30T14:00Z', '2026-11-30T14:00:00Z'], ['2026-11-30', '2026-12-01T00:00:00Z'],
    ['2028-02-29 00:00 UTC', '2028-02-29T00:00:00Z'],
  ])('%s', (text, want) => expect(untilOf(text, now)).toBe(Date.parse(want)));
  it.each(['', '0 h', '24', 'soon', '2026-11-31 10:00', '2026-13-01', '2026-11-30 24:00', '2026-11-30 10:60', '-1 h'])('%s is no moment', (text) => expect(untilOf(text, now)).toBeNull());
});

describe('amend', () => {
  const o = order({ filled: 20, lot: 10 });
  it('sends only what differs', () => {
    expect(draftOf(o)).toEqual({ price: '11.36', units: '40' });
    expect(amendmentOf(o, draftOf(o), 1000)).toEqual({});
    expect(amendmentOf(o, { price: '11.37', units: '40' }, 1000)).toEqual({ price_mc: 1_137_000 });
    expect(amendmentOf(o, { price: '11.36', units: '30' }, 1000)).toEqual({ units: 30 });
    expect(amendmentOf(order({ side: 'ask' }), { price: '11.50', units: 'x' }, 1000)).toEqual({ price_mc: 1_150_000 });
  });
  it.each([['11.365', '40', 'price'], ['', '40', 'price'], ['11.36', '0', 'units'], ['11.36', '35', 'units']])(
    '%s for %s lacks its %s', (price, units, field) => expect(amendmentOf(o, { price, units }, 1000)).toMatchObject({ field }));
  it.each([
    [{}, 'Nothing changes yet'], [{ units: 30 }, 'Keeps its time: fewer units at the same price'],
    [{ units: 50 }, 'Loses its time: more units puts it behind the others'], [{ price_mc: 1_137_000 }, 'Loses its time: a new price puts it behind the others'],
    [{ price_mc: 1_142_000 }, 'Loses its time: a new price; up to 40 may trade at once'],
  ])('%j: %s', (a, want) => expect(effect(o, a, book)).toBe(want));
  it('knows a halt and post-only', () => {
    expect(effect(o, { price_mc: 1_142_000 }, { ...book, halted: true })).toMatch(/nothing trades while halted/);
    expect(effect({ ...o, post_only: true }, { price_mc: 1_142_000 }, book)).toMatch(/^Would be refused/);
  });
});

it('an order shows what it asks for, and nothing usual', () => {
  expect(asks(order({ stp: 'cancel-newest', min_units: 1, lot: 0 }))).toEqual([]);
  expect(asks(order({ type: 'market', post_only: true, aon: true, min_units: 12, lot: 6, stp: 'cancel-both' })).map(([w]) => w))
    .toEqual(['market', 'post', 'AON', 'min 12', 'lot 6', 'own: both']);
});
