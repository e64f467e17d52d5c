import { describe, expect, it } from 'vitest';
import type { Redirect, Unit } from '../../api/types';
import { readCondition } from './condition';
import { factsOf } from './facts';
import { identityOf } from './identity';

const unit: Unit = {
  id: 'u', serial: 'SMTTEZUBDJAJG0417', mac: '02:7A:5C:1E:04:17', model: 'm', boards: ['B1', 'B2'], state: 'available', nominal_ths: 200,
  owner: { id: 'o', name: 'O' }, registered_at: '', seen_at: '',
};
const matched = { id: 'a', kind: 'trade.matched', at: '2026-11-02T00:00:00Z', payload: { Trade: 't', Maker: 'ask' } };
const packed = (Serials: string[]) => ({ id: 'b', kind: 'units.packed', at: '2026-11-03T00:00:00Z', payload: { Serials } });

const redirect: Redirect = {
  id: 'r', unit_id: 'u', serial: unit.serial, address: '127.0.0.9', state: 'hashing', redirected: true, steps: [], wanted: [],
  read_back: [], differences: [], old_slots: [], created_at: '', automatic: true, miner_id: 'm', site_id: 's',
};

describe('identity', () => {
  it('says what each hand-over read, and what it did not', () => {
    const c = readCondition({ serial: 'smttezubdjajg0417', boards: [{ serial: 'b1' }, { serial: 'X' }] });
    expect(identityOf(unit, factsOf([matched, packed([unit.serial])]), c).rows.map((r) => r.checks)).toEqual([
      ['equal', 'equal', 'later', 'later'],
      ['unread', 'unread', 'later', 'later'],
      ['equal', 'unread', 'later', 'later'],
      ['different', 'unread', 'later', 'later'],
    ]);
  });
  it('a buyer’s listing is compared with what the snapshot named', () => {
    const listed = (c: unknown) => identityOf(unit, factsOf([matched]), readCondition(c)).rows.map((r) => r.checks[0]);
    const boards = [{ serial: 'B2' }, { serial: 'B1' }];
    expect(listed({ serial: unit.serial, mac: '02:7a:5c:1e:04:17', boards })).toEqual(['equal', 'equal', 'equal', 'equal']);
    expect(listed({ serial: 'OTHER', mac: '02:00:00:00:00:01', boards: [{ serial: 'X' }] })).toEqual(Array(4).fill('different'));
    // One board of unknown serial may be the one that is missing.
    expect(listed({ boards: [{ serial: 'B1' }, { slot: 1 }] })).toEqual(['unread', 'unread', 'equal', 'unread']);
    expect(listed(undefined)).toEqual(Array(4).fill('unread'));
  });
  it('a redirect read the serial, and the MAC if it says so', () => {
    const f = factsOf([{ id: 'r', kind: 'miner.redirected', at: '2026-11-04T00:00:00Z', payload: { Slots: 3 } }]);
    const last = (mac?: string) => identityOf(unit, f, null, { ...redirect, ...(mac ? { mac } : {}) }).rows.map((r) => r.checks[3]);
    expect(last('02:7a:5c:1e:04:17')).toEqual(['equal', 'equal', 'unread', 'unread']);
    expect(last()).toEqual(['equal', 'unread', 'unread', 'unread']);
  });
  it('another serial in the box is different', () =>
    expect(identityOf(unit, factsOf([packed(['OTHER'])]), null).rows[0]?.checks[1]).toBe('different'));
  it('nothing happened, nothing is claimed', () =>
    expect(identityOf(unit, factsOf([]), null).rows.flatMap((r) => r.checks).every((c) => c === 'later')).toBe(true));
});
