import { describe, expect, it } from 'vitest';
import { earningRows } from './earnings';

const period = (from: string, to: string, ths: number, net_sats: number) => ({
  from, to, ths, net_sats, net_exact: '', shares: 0, statement_id: '', work: '0',
});

describe('earningRows', () => {
  it('a young machine shows its periods, newest first', () =>
    expect(earningRows([
      period('2026-11-22T14:00:00Z', '2026-11-22T14:05:00Z', 100, 10), period('2026-11-22T14:05:00Z', '2026-11-22T14:10:00Z', 90, 9),
    ]).map((r) => [r.day, r.hours, r.sats])).toEqual([['22 Nov', '14:05 – 14:10', 9], ['22 Nov', '14:00 – 14:05', 10]]));
  it('an older one shows UTC days that sum its periods', () =>
    expect(earningRows([
      period('2026-11-20T00:00:00Z', '2026-11-20T12:00:00Z', 100, 10), period('2026-11-20T12:00:00Z', '2026-11-21T00:00:00Z', 50, 5),
      period('2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z', 90, 9),
    ])).toMatchObject([{ day: '22 Nov', hours: '', sats: 9, ths: 90 }, { day: '20 Nov', hours: '', sats: 15, ths: 75 }]));
  it('nothing is no row', () => expect(earningRows([])).toEqual([]));
});
