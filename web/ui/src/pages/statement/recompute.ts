import type { StatementDetail } from '../../api/types';

// A statement computed again, from its own inputs, with integers of any size:
// what the server says must come out, to the last satoshi and fraction of one.

/** A fraction of satoshis; d is positive. */
export interface Frac {
  n: bigint;
  d: bigint;
}

const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y) [x, y] = [y, x % y];
  return x || 1n;
};
export const frac = (n: bigint, d: bigint): Frac => {
  const g = gcd(n, d);
  return { n: n / g, d: d / g };
};
export const add = (a: Frac, b: Frac): Frac => frac(a.n * b.d + b.n * a.d, a.d * b.d);
const mul = (a: Frac, b: Frac): Frac => frac(a.n * b.n, a.d * b.d);
export const same = (a: Frac, b: Frac): boolean => a.n * b.d === b.n * a.d;
export const floor = (a: Frac): bigint => {
  const q = a.n / a.d;
  return a.n % a.d !== 0n && a.n < 0n ? q - 1n : q;
};

/** "12345/1000" as the API writes fractions. */
export function parseFrac(s: string): Frac {
  const [n = '0', d = '1'] = s.split('/');
  return frac(BigInt(n), BigInt(d));
}

/** Thousandths of a satoshi, cut off: 571,504.504. */
export function show(a: Frac): string {
  const neg = a.n < 0n;
  const t = ((neg ? -a.n : a.n) * 1000n) / a.d;
  const whole = String(t / 1000n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${neg ? '−' : ''}${whole}.${String(t % 1000n).padStart(3, '0')}`;
}

const DIFF1 = 0xffffn << 208n;

/** The network's target of compact bits. */
export function targetOf(bits: string): bigint {
  const v = BigInt(`0x${bits}`);
  const e = v >> 24n;
  const m = v & 0x7fffffn;
  return e > 3n ? m << (8n * (e - 3n)) : m >> (8n * (3n - e));
}

export interface Check {
  name: string;
  formula: string;
  /** Satoshis, as computed here. */
  figure: string;
  ok: boolean;
  /** Which input does not fit, in words. */
  why?: string;
}

export interface Recomputed {
  lines: Check[];
  equal: boolean;
  ms: number;
}

type Epoch = StatementDetail['epochs'][number];

/** The blocks of a fee index, and what is the matter with it. */
export interface FeeBlocks {
  blocks: readonly { fees_sats: number }[];
  fault?: string;
}

/** What work is worth at a rate, before the pool's fee. */
export function grossOf(work: bigint, e: Priced): Frac {
  return mul(frac(work * targetOf(e.nbits), DIFF1 << 32n), rewardOf(e));
}

type Priced = Pick<Epoch, 'nbits' | 'subsidy_sats' | 'subsidy_sum_sats' | 'fee_sum_sats' | 'fee_count'>;

/** Subsidy and the index's fees: the mean of its blocks, or of a day's index their part of its subsidies. */
function rewardOf(e: Priced): Frac {
  const subsidy = BigInt(e.subsidy_sats);
  if (e.subsidy_sum_sats) return add(frac(subsidy, 1n), frac(subsidy * BigInt(e.fee_sum_sats), BigInt(e.subsidy_sum_sats)));
  const n = BigInt(Math.max(1, e.fee_count));
  return frac(subsidy * n + BigInt(e.fee_sum_sats), n);
}

function workIn(s: StatementDetail, epoch: string): bigint {
  return s.workers.flatMap((w) => w.lines).filter((l) => l.epoch === epoch).reduce((sum, l) => sum + BigInt(l.work), 0n);
}

/** The first input of an epoch that does not fit the others. */
function epochFault(s: StatementDetail, e: Epoch, gross: Frac, fees: FeeBlocks | undefined): string | undefined {
  if (targetOf(e.nbits) !== BigInt(`0x${e.net_target}`)) return 'net_target is not what nbits expand to';
  if (fees?.fault) return fees.fault;
  if (fees) {
    const sum = fees.blocks.reduce((n, b) => n + b.fees_sats, 0);
    if (fees.blocks.length !== e.fee_count) return `fee_count is ${e.fee_count}, the index has ${fees.blocks.length} blocks`;
    if (sum !== e.fee_sum_sats) return `fee_sum_sats is ${e.fee_sum_sats}, the index’s blocks sum to ${sum}`;
  }
  for (const w of s.workers) {
    for (const l of w.lines.filter((x) => x.epoch === e.epoch)) {
      if (!same(parseFrac(l.gross_exact), grossOf(BigInt(l.work), e))) return `gross of ${w.user} does not follow from its work`;
    }
  }
  const told = s.workers.flatMap((w) => w.lines).filter((l) => l.epoch === e.epoch).reduce((a, l) => add(a, parseFrac(l.gross_exact)), frac(0n, 1n));
  return same(told, gross) ? undefined : 'the workers’ parts do not sum to it';
}

/** ledger is what the ledger credited, null where it may not be read, undefined while it is on its way. */
export function recompute(s: StatementDetail, fees: ReadonlyMap<string, FeeBlocks>, ledger: number | null | undefined, now: () => number): Recomputed {
  const start = now();
  const lines: Check[] = [];
  let gross = frac(0n, 1n);
  let net = frac(0n, 1n);
  let work = 0n;
  for (const [i, e] of s.epochs.entries()) {
    const w = workIn(s, e.epoch);
    const g = grossOf(w, e);
    const why = epochFault(s, e, g, fees.get(e.epoch));
    lines.push({ name: `Epoch ${i + 1}`, formula: `${w} ÷ 2³² ÷ ${trim(e.difficulty)} × ${show(rewardOf(e))} sat`, figure: show(g), ok: why === undefined, ...(why && { why }) });
    gross = add(gross, g);
    net = add(net, mul(g, frac(1_000_000n - BigInt(e.fee_ppm), 1_000_000n)));
    work += w;
  }
  const step = (name: string, formula: string, figure: string, why: string | false) => {
    lines.push({ name, formula, figure, ok: why === false, ...(why !== false && { why }) });
  };
  step('Gross', s.epochs.map((_, i) => i + 1).join(' + '), show(gross),
    work !== BigInt(s.work) ? `work is ${s.work}, the workers’ sum is ${work}`
      : !same(gross, parseFrac(s.gross_exact)) ? 'gross_exact is another figure'
        : floor(gross) !== BigInt(s.gross_sats) ? `gross_sats is ${s.gross_sats}, rounded down it is ${floor(gross)}` : false);
  const fee = add(gross, { n: -net.n, d: net.d });
  step(`Fee ${s.epochs.map((e) => (e.fee_ppm / 10_000).toFixed(2)).filter((v, i, all) => all.indexOf(v) === i).join(', ')} %`, `${s.epochs.length + 1} × fee_ppm ÷ 1,000,000`, show({ n: -fee.n, d: fee.d }),
    !same(net, parseFrac(s.net_exact)) ? 'net_exact is another figure' : s.gross_sats !== s.fee_sats + s.net_sats ? 'fee_sats and net_sats do not sum to gross_sats' : false);
  const credited = floor(net);
  const rest = add(net, frac(-credited, 1n));
  step('Round down, once a period', 'what is left goes to the ledger account residue', show({ n: -rest.n, d: rest.d }), credited === BigInt(s.net_sats) ? false : `net_sats is ${s.net_sats}, rounded down it is ${credited}`);
  step('Credited', ledger === null ? 'the ledger is for other roles to read' : ledger === undefined ? 'reading the ledger' : `ledger entry statement-${s.id.slice(0, 8)}…, ${ledger} sat`, String(credited).replace(/\B(?=(\d{3})+(?!\d))/g, ','),
    typeof ledger === 'number' && BigInt(ledger) !== credited ? `the ledger credited ${ledger} sat` : credited === BigInt(s.net_sats) ? false : `net_sats is ${s.net_sats}`);
  return { lines, equal: lines.every((l) => l.ok), ms: now() - start };
}

const trim = (d: number) => (d >= 1e6 ? `${(d / 1e12).toFixed(2)} T` : d.toPrecision(6));
