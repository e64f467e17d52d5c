import { describe, expect, it } from 'vitest';
import { commandsOf, hitsOf, matches, recentFrom, remember, type Entry } from './finding';
import { actionsFor, chordsFor, jobOf, JOBS, listOf, pagesFor } from './jobs';

const trader = ['orders.write', 'trades.read', 'trades.fund', 'market.read'];

describe('commands', () => {
  it('are those of the role', () => {
    expect(actionsFor(trader).map((c) => c.id)).toEqual(['buy', 'sell', 'fund']);
    expect(pagesFor([]).map((c) => c.to)).not.toContain('/desk');
    expect(pagesFor(['house.read']).map((c) => c.to)).toContain('/desk');
  });
  it.each([['re', true], ['pack', true], ['shipment scan', true], ['serial', true], ['hipment', false], ['', true], ['scan x', false]])(
    '"%s" finds scanning: %s', (q, want) => {
      const scan = actionsFor(['shipments.scan'])[0];
      expect(scan && matches(q, scan)).toBe(want);
    });
  it('come with their keys, and each chord opens one page', () => {
    expect(commandsOf('trades', trader).map((e) => [e.group, e.keys])).toEqual([['Go to', 'g t']]);
    const all = chordsFor(['house.read', 'trades.decide', 'shipments.scan', 'fleet.read', 'payout.address', ...trader]);
    for (const [keys, to] of Object.entries(all)) {
      const job = JOBS.find((j) => `g ${j.key}` === keys);
      if (job) expect(to, keys).toBe(job.to);
    }
    expect(all['g s']).toBe('/logistics');
    expect(all['g t']).toBe('/trades');
    expect(all['g r']).toBe('/redirects');
  });
});

it('a path belongs to one job', () => {
  expect(jobOf('/trades/x')?.name).toBe('Market');
  expect(jobOf('/units/x')?.name).toBe('Fleet');
  expect(jobOf('/marketing')).toBeUndefined();
});

it.each([
  ['/trades/x', '/trades'], ['/pool/statements/x', '/pool/statements'], ['/units/x', '/fleet/units'], ['/miners/x', '/fleet'],
  ['/trades', undefined], ['/market/x', undefined], ['/fleet/units', undefined], ['/redirects/x/y', undefined],
])('from %s esc leads to %s', (at, to) => expect(listOf(at)).toBe(to));

it('a hit says what it is, how it stands and where it opens', () => {
  const found = hitsOf({
    groups: [
      { kind: 'machine', more: true, hits: [{ id: 'u', label: 'SMTT1', about: 'S19', state: 'in_transit' }] },
      { kind: 'order', more: false, hits: [{ id: 'o', label: 'ab12cd', about: 'bid', state: 'open', of: 'i' }] },
    ],
  });
  expect(found).toEqual([
    { id: 'machine-u', group: 'Machines · first 1', to: '/units/u', label: 'SMTT1', mono: true, about: 'S19 · in transit', glyph: 'live', does: 'Life line' },
    { id: 'order-o', group: 'Orders', to: '/market/i', label: 'ab12cd', mono: true, about: 'bid · open', glyph: 'todo', does: 'Market' },
  ]);
});

describe('recent', () => {
  const e = (to: string): Entry => ({ id: to, group: 'Trades', to, label: to });
  it('keeps six, newest first, each once', () => {
    let list: Entry[] = [];
    for (const to of ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/3']) list = remember(list, e(to));
    expect(list.map((x) => x.to)).toEqual(['/3', '/7', '/6', '/5', '/4', '/2']);
    expect(recentFrom(JSON.stringify(list))).toEqual(list);
  });
  it.each([null, '', '{', '7', '[1,null]', '[{"id":"a","label":"b","to":"//evil"}]', '[{"id":"a","label":"b","to":"javascript:1"}]'])(
    'trusts no storage: %j', (text) => expect(recentFrom(text)).toEqual([]));
});
