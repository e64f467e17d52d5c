import { describe, expect, it } from 'vitest';
import type { EpochFees, StatementDetail } from '../../api/types';
import { add, floor, frac, grossOf, parseFrac, recompute, same, show, targetOf } from './recompute';

// Two epochs and two workers, priced here by hand with the formula of the API:
// work × target × (subsidy + fees ÷ blocks) ÷ (diff1 × 2^32), less the fee.
function sound(): { s: StatementDetail; fees: Map<string, EpochFees>; ledger: number } {
  const epochs = [
    { epoch: 'e1', nbits: '1d3ba6fe', subsidy_sats: 2500, fee_sum_sats: 732, fee_count: 6, fee_ppm: 20_000, difficulty: 0.0167 },
    { epoch: 'e2', nbits: '1d3ba6f0', subsidy_sats: 2500, fee_sum_sats: 0, fee_count: 0, fee_ppm: 20_000, difficulty: 0.0167 },
  ].map((e) => ({ ...e, net_target: targetOf(e.nbits).toString(16).padStart(64, '0') }));
  const works = [['a', 'e1', 1_234_567_890_123n], ['a', 'e2', 99n], ['b', 'e1', 7_000_000_000n]] as const;
  let gross = frac(0n, 1n);
  const exact = (f: { n: bigint; d: bigint }) => `${f.n}/${f.d}`;
  const net = (g: { n: bigint; d: bigint }) => frac(g.n * 98n, g.d * 100n);
  const workers = ['a', 'b'].map((user) => ({
    user, worker_id: user, work: '0', shares: 1, net_exact: '0/1',
    lines: works.filter((w) => w[0] === user).map(([, epoch, work]) => {
      const e = epochs.find((x) => x.epoch === epoch);
      if (!e) throw new Error(epoch);
      const g = grossOf(work, e);
      gross = add(gross, g);
      return { epoch, work: String(work), shares: 1, gross_exact: exact(g), net_exact: exact(net(g)) };
    }),
  }));
  const n = net(gross);
  const s = {
    id: 'st', epochs, workers, work: String(works.reduce((sum, w) => sum + w[2], 0n)), gross_exact: exact(gross), net_exact: exact(n),
    gross_sats: Number(floor(gross)), net_sats: Number(floor(n)), fee_sats: Number(floor(gross) - floor(n)),
  } as unknown as StatementDetail;
  const blocks = [100, 122, 110, 150, 120, 130].map((fees_sats, i) => ({ height: 10 - i, hash: `${i}`, fees_sats }));
  const fees = new Map([['e1', { blocks } as unknown as EpochFees], ['e2', { blocks: [] } as unknown as EpochFees]]);
  return { s, fees, ledger: Number(floor(n)) };
}

const check = (w: ReturnType<typeof sound>) => recompute(w.s, w.fees, w.ledger, () => 0);

describe('recomputing a statement', () => {
  it('comes out equal to the satoshi', () => {
    const r = check(sound());
    expect(r.lines.filter((l) => !l.ok)).toEqual([]);
    expect(r.equal).toBe(true);
    expect(r.lines.map((l) => l.name)).toEqual(['Epoch 1', 'Epoch 2', 'Gross', 'Fee 2.00 %', 'Round down, once a period', 'Credited']);
  });

  it.each([
    ['the bits', (w: ReturnType<typeof sound>) => { const e = w.s.epochs[0]; if (e) e.nbits = '1d3ba6ff'; }, /net_target/],
    ['the subsidy', (w: ReturnType<typeof sound>) => { const e = w.s.epochs[0]; if (e) e.subsidy_sats++; }, /gross of a/],
    ['the fee sum', (w: ReturnType<typeof sound>) => { const e = w.s.epochs[0]; if (e) e.fee_sum_sats++; }, /fee_sum_sats is 733, .* sum to 732/],
    ['a block of the index', (w: ReturnType<typeof sound>) => { w.fees.get('e1')?.blocks.pop(); }, /fee_count is 6, the index has 5/],
    ['a worker’s work', (w: ReturnType<typeof sound>) => { const l = w.s.workers[1]?.lines[0]; if (l) l.work = '7000000001'; }, /gross of b/],
    ['the whole work', (w: ReturnType<typeof sound>) => { w.s.work = '1'; }, /work is 1/],
    ['the credited amount', (w: ReturnType<typeof sound>) => { w.s.net_sats++; }, /net_sats/],
    ['the ledger', (w: ReturnType<typeof sound>) => { w.ledger--; }, /the ledger credited/],
    ['the pool’s fee', (w: ReturnType<typeof sound>) => { const e = w.s.epochs[0]; if (e) e.fee_ppm = 10_000; }, /net_exact/],
  ])('names %s when it was changed', (_name, change, why) => {
    const w = sound();
    change(w);
    const r = check(w);
    expect(r.equal).toBe(false);
    expect(r.lines.map((l) => l.why).filter(Boolean).join(' | ')).toMatch(why);
  });

  it('works without a ledger to read', () => {
    const w = sound();
    expect(recompute(w.s, w.fees, null, () => 0).equal).toBe(true);
  });
});

describe('fractions', () => {
  it('are exact, cut towards zero when shown and floored when paid', () => {
    expect(same(parseFrac('6/4'), frac(3n, 2n))).toBe(true);
    expect([show(parseFrac('1234567/2')), show(frac(-1n, 3n)), show(frac(0n, 1n))]).toEqual(['617,283.500', '−0.333', '0.000']);
    expect([floor(frac(7n, 2n)), floor(frac(-7n, 2n)), floor(frac(4n, 2n))]).toEqual([3n, -4n, 2n]);
  });
  it('expands compact bits', () => {
    expect(targetOf('1d00ffff')).toBe(0xffffn << 208n);
    expect(targetOf('03123456')).toBe(0x123456n);
    expect(targetOf('01120000')).toBe(0x12n);
  });
});
