import { describe, expect, it } from 'vitest';
import { brief, conditionOf, readCondition, type Condition } from './condition';
import { evidenceOf } from './evidence';
import { factsOf } from './facts';

const NONE: Condition = {
  at: null, serial: null, mac: null, firmware: null, reportedTHs: null, maxTempC: null, hardwareErrors: null, boards: [], pools: [],
};
const full = {
  at: '2026-11-02T09:13:50Z', serial: 'S1', mac: '02:7a:5c:1e:04:17', firmware: 'stock 2026.04', reported_ths: 101.24, max_temp_c: 71.6,
  hardware_errors: 1204, boards: [{ slot: 0, serial: 'B1' }, 'B2', { slot: 2 }], pools: ['stratum+tcp://old:3333', 7],
};

describe('a condition snapshot', () => {
  it('is read as far as it goes', () => {
    expect(readCondition(full)).toEqual({
      at: full.at, serial: 'S1', mac: full.mac, firmware: full.firmware, reportedTHs: 101.24, maxTempC: 71.6, hardwareErrors: 1204,
      boards: ['B1', 'B2', null], pools: ['stratum+tcp://old:3333'],
    });
    expect(readCondition({ reported_ths: 'many', serial: ' ', boards: null })).toEqual(NONE);
  });
  it.each([undefined, null, 7, 'x', []])('%j is none', (v) => expect(readCondition(v)).toBeNull());
  it('is one of many in an order', () => expect(conditionOf(btoa('{"u":{"reported_ths":200}}'), 'u')).toEqual({ ...NONE, reportedTHs: 200 }));
  it.each([null, '', '%%%', btoa('7'), btoa('{'), btoa('{"x":{}}')])('%j is none of an order', (c) => expect(conditionOf(c, 'u')).toBeNull());
  it('in brief names only what was read', () => {
    expect(brief({ ...NONE, reportedTHs: 101.24, boards: ['B1'], at: full.at })).toEqual({ figures: '101.2 TH/s · 1 board', read: 'Read 02 Nov 09:13' });
    expect(brief({ ...NONE, boards: [null, null] }).figures).toBe('2 boards');
    expect(brief({ ...NONE, reportedTHs: 0 }).figures).toBe('0.0 TH/s');
    expect(brief(NONE)).toEqual({ figures: null, read: 'Condition read' });
  });
});

describe('the evidence of a listing', () => {
  const unit = {
    id: 'u', serial: 'S1', model: 'm', boards: [], state: 'available', nominal_ths: 100, owner: { id: 'b', name: 'Buyer B' },
    registered_at: '', seen_at: '',
  } as const;
  const told = (Maker: string, condition: Condition | null) => evidenceOf('listed', false,
    factsOf([{ id: 'e', kind: 'trade.matched', at: '2026-11-05T14:22:07Z', payload: { Trade: 't', Seller: 's', Maker, Price: 1142000, Units: ['u'] } }]),
    { ...unit, boards: [] }, { now: 0, seller: 'Seller A', tradeNumber: 'T-2187', condition }, undefined);

  it('is for a buyer what it was sold as', () => {
    const got = told('ask', readCondition(full));
    expect(got.lines.map((l) => `${l.label}: ${l.value}`)).toEqual([
      'Ask: $11.42 /TH', 'Seller: Seller A', 'Snapshot: 02 Nov 09:13:50', 'Reported by the miner: 101.2 TH/s', 'Hottest reading: 72 °C',
      'Hardware errors: 1,204', 'Firmware: stock 2026.04', 'Pool then: stratum+tcp://old:3333', 'Board 1: B1', 'Board 2: B2',
      'Board 3: no serial read',
    ]);
    expect(got.chips).toEqual([{ label: 'trade', value: 'T-2187', full: 't' }]);
  });
  it('tells no price of an ask that did not rest', () => expect(told('bid', NONE).lines[0]?.value).toBe('met a bid at once'));
  it('of an old trade is the seller’s record', () => expect(told('ask', null)).toMatchObject({
    lines: [], claim: 'It was offered and sold. The listing itself is the seller’s record.',
  }));
});
