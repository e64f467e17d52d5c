import { describe, expect, it } from 'vitest';
import type { Trade, Unit } from '../api/types';
import { partsOf, stepsOf } from './welcome';

const unit = (state: Unit['state']): Unit => ({
  id: 'u1', serial: 'S', model: 'm', state, nominal_ths: 100, boards: [], owner: { id: 'o', name: 'O' }, registered_at: '', seen_at: '',
});
const trade = (state: Trade['state']): Trade => ({
  id: 't', number: 'T-1', state, states: [], buyer: { id: 'b', name: 'B' }, seller: { id: 's', name: 'S' },
  next: { buyer: { title: '', detail: '' }, seller: { title: '', detail: '' }, desk: { title: '', detail: '' } }, clocks: [], units: ['u9'], price_mc: 1, sold_ths: 1, amount_cents: 1, commission_cents: 0, held_cents: 0,
  paid_cents: 0, refunded_cents: 0, proofs: [], matched_at: '', payment_due: '', maker: 'ask', instrument: 'i', ask_order: 'a',
  bid_order: 'b', version: 1,
});
const states = (units: Unit[], trades: Trade[]) => stepsOf(units, trades).map((s) => s.state.charAt(0)).join('');

describe('first steps come from the world', () => {
  it.each([
    [[], [], 'lttttt'], [[unit('available')], [], 'dltttt'], [[unit('listed')], [], 'ddlttt'],
    [[unit('sold')], [trade('matched')], 'ddlttt'], [[unit('sold')], [trade('funded')], 'dddltt'],
    [[unit('received')], [trade('delivered')], 'ddddlt'], [[unit('available')], [trade('released')], 'dddddd'],
  ])('%# %s', (u, t, want) => expect(states(u, t)).toBe(want));
  it('opens the life line of a traded machine', () =>
    expect(stepsOf([unit('available')], [trade('funded')]).at(-1)?.to).toBe('/units/u9'));
});

describe('partsOf', () => {
  it('names what the world tells, and nothing else', () => {
    expect(partsOf({ sign_ins: [] })).toEqual([]);
    expect(partsOf({ sign_ins: [], stratum: 'stratum+tcp://127.0.0.1:3333', sites: [{ name: 'Seller A site', cidr: '127.71.3.0/24' }] })
      .map((p) => [p.name, p.address])).toEqual([['Stratum', '127.0.0.1:3333'], ['Seller A site', '127.71.3.0/24']]);
  });
});
