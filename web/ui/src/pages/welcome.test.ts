import { describe, expect, it } from 'vitest';
import type { Trade, Unit } from '../api/types';
import { stepsOf } from './welcome';

const unit = (state: string): Unit => ({ id: 'u1', serial: 'S', model: 'm', state, nominal_ths: 100 });
const trade = (state: string): Trade => ({
  id: 't', number: 'T-1', state, states: [], buyer: { id: 'b', name: 'B' }, seller: { id: 's', name: 'S' },
  next: { buyer: '', seller: '' }, units: ['u9'], price_mc: 1, sold_ths: 1, amount_cents: 1, commission_cents: 0, held_cents: 0,
  paid_cents: 0, proofs: [], matched_at: '', payment_due: '',
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
