import { describe, expect, it } from 'vitest';
import type { UnitEvent } from '../../api/types';
import { conditionAt, dealOf, factsOf } from './facts';
import { readCondition } from './condition';
import { connectorsOf, currentOf, elapsed, nodesOf, workHidden, type Beside } from './nodes';

let n = 0;
const ev = (kind: string, at: string, payload: unknown): UnitEvent => ({ id: `e${++n}`, kind, at, payload });

const listed = ev('order.placed', '2026-11-02T09:14:00Z', { Side: 'ask', Price: 1142000, Units: ['u'], Condition: null });
const matched = ev('trade.matched', '2026-11-05T14:22:07Z', {
  Trade: 't1', Maker: 'ask', Units: ['u', 'v'], Price: 1142000, SoldGHs: 400_000, Amount: 456_800,
});
const funded = ev('trade.funded', '2026-11-06T10:41:00Z', { Amount: 456_800 });
const opened = ev('session.opened', '2026-11-18T11:04:26Z', { User: 'buyer-b.u1', Remote: '127.0.0.1:1' });
const started = ev('proof.started', '2026-11-18T11:03:00Z', { SoldGHs: 200_000 });
const proven = ev('hashrate.proven', '2026-11-19T11:04:26Z', {
  Estimate: 199.4e12, Lower: 196.2e12, Upper: 202.6e12, Floor: 190e12, Shares: 15302,
});
const now = Date.parse('2026-11-22T14:30:12Z');
const stateOf = (events: UnitEvent[], step: string, beside: Partial<Beside> = {}) =>
  nodesOf(factsOf(events), { now, ...beside }).find((x) => x.step === step);

describe('life line', () => {
  it('has eleven nodes, none reached, before anything happened', () => {
    const nodes = nodesOf(factsOf([]), { now });
    expect(nodes).toHaveLength(11);
    expect(nodes.every((x) => x.state === 'todo')).toBe(true);
    expect(connectorsOf(nodes)).toHaveLength(10);
    expect(currentOf(nodes)).toBe('listed');
  });

  it('does not depend on the order in which events come', () => {
    const forward = nodesOf(factsOf([listed, matched, funded]), { now });
    expect(nodesOf(factsOf([funded, matched, listed]), { now })).toEqual(forward);
    expect(connectorsOf(forward).slice(0, 3).map((c) => c.label)).toEqual(['3 d 5 h', '20 h', '']);
    expect(currentOf(forward)).toBe('funded');
  });

  it('splits a trade of many units', () =>
    expect(dealOf(factsOf([listed, matched]))).toEqual(
      { trade: 't1', units: 2, priceMc: 1142000, soldGHs: 200_000, amountCents: 228_400 }));

  it('a second listing starts a new line, an ask taken back ends it', () => {
    const again = ev('order.placed', '2026-12-01T00:00:00Z', { Side: 'ask', Price: 1, Units: ['u'] });
    expect(stateOf([listed, matched, funded, again], 'matched')?.state).toBe('todo');
    const closed = ev('order.closed', '2026-11-03T00:00:00Z', { Order: 'o', Reason: 'cancelled' });
    expect(stateOf([listed, closed], 'listed')?.state).toBe('todo');
    expect(stateOf([listed, matched, ev('order.closed', '2026-11-06T00:00:00Z', {})], 'listed')?.state).toBe('done');
  });

  it('an ask that met a bid at once was listed, and a resale begins anew', () => {
    const atOnce = { ...matched, payload: { ...(matched.payload as object), Maker: 'bid' } };
    expect(stateOf([atOnce, funded], 'listed')).toMatchObject({ state: 'done', lines: ['Met a bid at once', 'Never rested'] });
    // A buyer may not see the listing: the line must not invent one.
    expect(stateOf([matched, funded], 'listed')).toMatchObject({ state: 'done', at: null, when: 'before the match' });
    const resold = ev('trade.matched', '2026-12-01T00:00:00Z', { Trade: 't2', Maker: 'bid', Units: ['u'], Price: 1, SoldGHs: 1, Amount: 1 });
    expect(stateOf([listed, matched, funded, resold], 'funded')?.state).toBe('todo');
    expect(stateOf([listed, matched, funded, { ...matched, id: 'again' }], 'funded')?.state).toBe('done');
  });

  it('a buyer sees the price asked and the condition it was sold with', () => {
    const condition = readCondition({ at: '2026-11-02T09:13:50Z', reported_ths: 101.2, boards: [{ slot: 0 }, { slot: 1 }, { slot: 2 }] });
    const beside = { condition, seller: 'Seller A' };
    expect(stateOf([matched, funded], 'listed', beside)).toMatchObject({
      state: 'done', at: null, when: 'before the match', recorder: 'Agent, Seller A',
      lines: ['Ask $11.42 /TH', '101.2 TH/s · 3 boards', 'Read 02 Nov 09:13'],
    });
    // The ask may have been lower than the bid it met: its price is not told.
    const atOnce = { ...matched, payload: { ...(matched.payload as object), Maker: 'bid' } };
    expect(stateOf([atOnce], 'listed', beside)?.lines[0]).toBe('Met a bid at once');
    expect(stateOf([matched], 'listed', { condition: readCondition({}) })?.lines).toEqual(['Ask $11.42 /TH', 'Condition read']);
    expect(stateOf([matched], 'listed', { condition: null, seller: 'Seller A' })).toMatchObject({
      lines: ['Rested in the book', 'Record is the seller’s'], recorder: 'Seller A',
    });
    expect(stateOf([listed], 'listed')?.lines).toEqual(['Ask $11.42 /TH', '1 unit', 'No condition read']);
  });

  it('proves: waits, runs, decides', () => {
    expect(stateOf([started], 'proven')).toMatchObject({ state: 'todo', when: 'waits for shares' });
    expect(stateOf([started, opened], 'proven')).toMatchObject({ state: 'live', name: 'Proving' });
    expect(stateOf([started, opened, proven], 'proven')).toMatchObject({
      state: 'done', lines: ['199.4 TH/s', '95 % bound 196.2', 'Floor 190.0 TH/s'], recorder: '15,302 shares',
    });
    expect(stateOf([started, opened, { ...proven, kind: 'hashrate.refuted' }], 'proven'))
      .toMatchObject({ state: 'wrong', name: 'Not proven' });
  });

  it('a failed redirect is wrong until a later one is right', () => {
    const bad = ev('redirect.failed', '2026-11-18T10:00:00Z', { Reason: 'slot 2 still holds the old pool' });
    const ok = ev('miner.redirected', '2026-11-18T11:03:00Z', { Slots: 3, Address: '127.7.0.9' });
    expect(stateOf([bad], 'redirected')).toMatchObject({ state: 'wrong', name: 'Redirect failed' });
    expect(stateOf([bad, ok], 'redirected')).toMatchObject({ state: 'done' });
  });

  it('a step behind a later one is done, though this person may not see it', () => {
    const f = factsOf([listed, matched, funded, started, proven]);
    const nodes = nodesOf(f, { now });
    expect(nodes.find((x) => x.step === 'hashing')).toMatchObject({ state: 'done', when: 'not yours to see', lines: [] });
    expect(nodes.find((x) => x.step === 'released')).toMatchObject({ state: 'todo', when: 'not yet' });
    expect(workHidden(f)).toBe(true);
    expect(workHidden(factsOf([listed, matched, opened, proven]))).toBe(false);
    const early = ev('earnings.settled', '2026-11-18T12:00:00Z', { Net: 5 });
    expect(nodesOf(factsOf([opened, started, early]), { now }).find((x) => x.step === 'released')?.when).toBe('not yet');
  });

  it('shows earnings in whole sats with the fee', () => {
    const settled = ev('earnings.settled', '2026-11-18T12:00:00Z', { Net: 5 });
    const f = factsOf([listed, opened, settled]);
    const node = nodesOf(f, { now, earnedSats: 34740, feePpm: 20_000 }).at(-1);
    expect(node).toMatchObject({ state: 'live', recorder: 'FPPS, fee 2.00 %', when: 'live, 4 d 3 h' });
    expect(node?.lines[0]).toBe('34,740 sat credited');
    expect(elapsed(f)).toEqual({ from: 'Listed', since: '2026-11-02T09:14:00Z', text: '16 d 2 h' });
    expect(elapsed(factsOf([matched]))).toMatchObject({ from: 'Matched', text: null });
    expect(elapsed(factsOf([]))).toBeNull();
  });

  it('a reconnect does not move the first session', () => {
    const later = ev('session.opened', '2026-11-20T00:00:00Z', { User: 'x' });
    expect(factsOf([opened, later])['session.opened']?.at).toBe('2026-11-18T11:04:26Z');
  });
});

describe('the condition of a listing', () => {
  const asked = { ...listed, payload: { Side: 'ask', Price: 1, Condition: btoa('{"u":{"reported_ths":200}}') } };
  const proofs = [{ unit: 'v', condition: { reported_ths: 1 } }, { unit: 'u', condition: { reported_ths: 101.2 } }];
  const told = (events: UnitEvent[], of?: typeof proofs | { unit: string }[]) => conditionAt(factsOf(events), 'u', of)?.reportedTHs;
  it('of a sale is the trade’s', () => expect(told([matched], proofs)).toBe(101.2));
  it('of an old trade is the event’s, where that is to be seen', () => {
    expect(told([asked, matched], [{ unit: 'u' }])).toBe(200);
    expect(told([matched], [{ unit: 'u' }])).toBeUndefined();
  });
  it('not sold yet is the event’s', () => {
    expect(told([asked])).toBe(200);
    expect(told([asked], proofs)).toBe(200);
  });
});
