import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import type { Bench, BenchLine, Scan } from '../../api/types';
import { final, ScanQueue, type Answered, type Ports } from './queue';
import { ahead, byShelf, commonHead, done, judge, normalSerial, openBox, pace, rangeOf, showSSCC, type Queued } from './scanning';

const line = (serial: string, more: Partial<BenchLine> = {}): BenchLine => ({ unit_id: `u-${serial}`, serial, ...more });
const bench = (lines: BenchLine[]) => ({ id: 's1', box_size: 2, lines, shelves: [] }) as unknown as Bench;
const scan = (serial: string, kind: Queued['kind'] = 'pack'): Queued => ({ key: `k-${serial}-${kind}`, who: 'me', shipment: 's1', kind, serial, at: '2026-11-22T14:00:00Z' });

describe('serials', () => {
  it.each([
    [' smttezub0417\r\n', 'SMTTEZUB0417'], ['ＳＭＴＴ－０４１７', 'SMTT-0417'], ['ab-12', 'AB-12'],
  ])('%j is %s', (raw, want) => expect(normalSerial(raw)).toEqual({ serial: want }));
  it.each([
    ['SМTT0001', /looks like M/], ['SMTΤ0001', /looks like T/], ['SM TT', /a blank/], ['A1', /shorter/], ['A'.repeat(65), /longer/], ['=1+1', /“=”/],
  ])('%j is refused', (raw, why) => {
    const n = normalSerial(raw);
    expect('why' in n && n.why).toMatch(why);
  });
});

describe('judging on the device', () => {
  const lines = [line('SMTT0001', { packed_at: 'x', box: 1 }), line('SMTT0002'), line('SMTT0003'), line('SMTT0004')];
  it('knows right, again, wrong and unreadable', () => {
    expect(judge(lines, 2, 'pack', 'smtt0002')).toEqual({ kind: 'right', serial: 'SMTT0002', box: 1, inBox: 2 });
    expect(judge(lines, 2, 'pack', 'SMTT0001')).toEqual({ kind: 'again', serial: 'SMTT0001', box: 1 });
    expect(judge(lines, 2, 'pack', 'SMTT0988')).toEqual({ kind: 'wrong', serial: 'SMTT0988', common: 5 });
    expect(judge(lines, 2, 'pack', 'SМTT0002').kind).toBe('unreadable');
    expect(judge(lines, 2, 'receive', 'SMTT0001').kind).toBe('right');
  });
  it('runs ahead of the server by what waits, twice the same once', () => {
    const after = ahead(bench(lines), [scan('SMTT0002'), scan('SMTT0002'), scan('SMTT0003'), scan('SMTT0001', 'undo'), { ...scan('SMTT0004'), shipment: 'other' }]);
    expect(after.map((l) => l.box ?? 0)).toEqual([0, 1, 2, 0]);
    expect(done(after, 'pack')).toBe(2);
    expect(openBox(after, 2)).toBe(2);
    expect(lines[1]?.box).toBeUndefined();
  });
  it('orders shelves as one walks', () => {
    const shelves = [['SMTT0002', '12-B'], ['SMTT0003', '12-A lower'], ['SMTT0004', '2-C']].map(([s, shelf]) => ({ unit_id: `u-${s}`, shelf: shelf ?? '' }));
    expect(byShelf([...lines, line('SMTT0005'), line('SMTT0006')], [...shelves, { unit_id: 'u-SMTT0005', shelf: '12-A upper' }]).map((g) => g.shelf))
      .toEqual(['2-C', '12-A upper', '12-A lower', '12-B', '']);
  });
  it('tells the part that differs', () => {
    expect(commonHead('SMTTEZUBDJCKH0988', ['SMTTEZUBDJAJG0417', 'SMTTEZUB'])).toBe(10);
    expect(commonHead('X', [])).toBe(0);
    expect(rangeOf(['SMTTEZUBDJCKH1145', 'SMTTEZUBDJCKH1156'])).toBe('…CKH1145 to …1156');
    expect(showSSCC('304000000000931017')).toBe('3 0400000 000093101 7');
  });
  it('measures the pace by the last scans', () => {
    const at = (s: number) => new Date(1e12 + s * 1000).toISOString();
    expect(pace([0, 7, 14, 21].map((s) => line(`S${s}`, { packed_at: at(s) })), 'pack', 1e12 + 30_000)).toBe(7);
    expect(pace([line('S1', { packed_at: at(0) })], 'pack', 1e12)).toBeNull();
  });
});

/** A world in which the network, the disk and time are the test's. */
function world(answers: ((q: Queued) => Promise<Scan>)[]) {
  let disk: readonly Queued[] = [];
  const timers: (() => void)[] = [];
  const sent: Queued[] = [];
  const ports: Ports = {
    send: (q) => {
      sent.push(q);
      const a = answers.shift();
      return a ? a(q) : Promise.resolve({ serial: q.serial, outcome: 'counted' } as Scan);
    },
    load: () => [...disk], save: (all) => ((disk = all), true), now: () => 0, later: (_ms, fn) => void timers.push(fn),
  };
  return { ports, sent, disk: () => disk, tick: () => timers.splice(0).forEach((fn) => fn()) };
}

const settled = () => new Promise<void>((ok) => setTimeout(ok, 0));
const lost = () => Promise.reject(new ApiError(0, 'No answer', '', ''));

describe('the queue', () => {
  it('sends in order, keeps what is not answered and the key of each', async () => {
    const w = world([lost, lost]);
    const q = new ScanQueue('me', w.ports);
    q.add('s1', 'pack', 'A001');
    q.add('s1', 'pack', 'A002');
    await settled();
    expect(q.get().waiting.map((x) => x.serial)).toEqual(['A001', 'A002']);
    expect(q.get().stuckSince).toBe(0);
    w.tick();
    await settled();
    w.tick();
    await settled();
    expect(w.sent.map((x) => x.serial)).toEqual(['A001', 'A001', 'A001', 'A002']);
    expect(new Set(w.sent.slice(0, 3).map((x) => x.key)).size).toBe(1);
    expect(q.get()).toEqual({ waiting: [], stuckSince: null, halted: '' });
    expect(w.disk()).toEqual([]);
  });

  it('goes on after a reload, and keeps another person’s scans for them', async () => {
    const w = world([lost]);
    w.ports.save([{ ...scan('B001'), who: 'other' }]);
    new ScanQueue('me', w.ports).add('s1', 'pack', 'A001');
    await settled();
    expect(w.disk().map((x) => x.serial)).toEqual(['B001', 'A001']);
    const again = new ScanQueue('me', w.ports);
    expect(again.get().waiting.map((x) => x.serial)).toEqual(['A001']);
    again.pump();
    await settled();
    expect(w.disk().map((x) => x.serial)).toEqual(['B001']);
  });

  it('tells a refusal once and goes on with the next', async () => {
    const w = world([() => Promise.reject(new ApiError(409, 'Conflict', 'serial A001 is not in this shipment', 'r1'))]);
    const q = new ScanQueue('me', w.ports);
    const told: Answered[] = [];
    q.onAnswer((a) => told.push(a));
    q.add('s1', 'pack', 'A001');
    q.add('s1', 'pack', 'A002');
    await settled();
    expect(told.map((a) => [a.q.serial, a.error?.status])).toEqual([['A001', 409], ['A002', undefined]]);
  });

  it('knows which answers are the last word', () => {
    const e = (status: number, detail = '') => final(new ApiError(status, '', detail, ''));
    expect([e(409), e(422), e(404), e(403)]).toEqual([true, true, true, true]);
    expect([e(0), e(401), e(429), e(500), e(503), e(409, 'the request with this Idempotency-Key is still under way; try again in a moment')]).toEqual([false, false, false, false, false, false]);
  });
});
