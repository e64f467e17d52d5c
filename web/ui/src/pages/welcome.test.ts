import { describe, expect, it } from 'vitest';
import type { SignIn, World } from '../api/types';
import { orderedSignIns, powerOfTen, stepsOf } from './welcome';

const progress = (p: Partial<World['progress']>) => stepsOf({ machines: 0, offered: 0, reached: [], ...p });
const states = (p: Partial<World['progress']>) => progress(p).map((s) => s.state).join(' ');
const upTo = (state: string) => {
  const all = ['matched', 'funded', 'shipped', 'delivered', 'proving', 'proven', 'released'];
  return all.slice(0, all.indexOf(state) + 1);
};

describe('first steps follow the world', () => {
  it.each([
    [{}, 'live todo todo todo todo todo'],
    [{ machines: 12 }, 'done live todo todo todo todo'],
    [{ machines: 12, offered: 3 }, 'done done live todo todo todo'],
    [{ machines: 12, reached: upTo('matched') }, 'done done live todo todo todo'],
    [{ machines: 12, reached: upTo('funded') }, 'done done done live todo todo'],
    [{ machines: 12, reached: upTo('shipped') }, 'done done done done live todo'],
    [{ machines: 12, reached: upTo('delivered') }, 'done done done done live todo'],
    [{ machines: 12, reached: upTo('proving') }, 'done done done done done live'],
    [{ machines: 12, reached: upTo('released') }, 'done done done done done done'],
    // A refunded one does not take a step back.
    [{ machines: 12, reached: ['matched', 'funded', 'disputed', 'cancelled'] }, 'done done done live todo todo'],
  ])('%j', (p, want) => expect(states(p)).toBe(want));

  it('says what there is, and where to go on', () => {
    expect(progress({ machines: 12, offered: 2, ask_mc: 1_158_000 }).map((s) => s.shows).slice(0, 2)).toEqual(['12 found', 'best ask $11.58 /TH']);
    expect(progress({ machines: 12, trade: 'T-1', reached: ['matched'] })[2]).toMatchObject({ shows: 'T-1', action: 'Pay now', to: '/trades' });
    expect(progress({ machines: 12, unit: 'u1', reached: upTo('proven') })[5]?.to).toBe('/units/u1');
  });
});

it('the newcomer’s people come first, nobody twice', () => {
  const of = (org_name: string, role: string): SignIn => ({ org_name, role, name: '', email: `${role}@${org_name}`, password: '' });
  const all = ['Seller A', 'Buyer B'].flatMap((o) => ['trader', 'operator', 'logistics', 'owner'].map((r) => of(o, r)));
  all.push(of('hashyard', 'desk'), of('hashyard', 'treasury'));
  const got = orderedSignIns(all).map((s) => s.email);
  expect(got.slice(0, 6)).toEqual([
    'trader@Seller A', 'trader@Buyer B', 'operator@Buyer B', 'logistics@Seller A', 'desk@hashyard', 'treasury@hashyard',
  ]);
  expect([...got].sort()).toEqual(all.map((s) => s.email).sort());
  expect(orderedSignIns([])).toEqual([]);
});

it.each([[1, '1'], [1000, '1,000'], [1_000_000_000, '10⁹'], [10_000_000_000, '10¹⁰'], [12_345, '12,345']])('%i is shown as %s', (n, want) =>
  expect(powerOfTen(n)).toBe(want));
