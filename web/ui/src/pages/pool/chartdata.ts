import type { PoolChart } from '../../api/types';
import { int } from '../../lib/format';

export interface Unit {
  per: number;
  name: string;
}

/** The unit that keeps the largest figure short. */
export function unitFor(ths: number): Unit {
  if (ths >= 1e6) return { per: 1e6, name: 'EH/s' };
  if (ths >= 1e3) return { per: 1e3, name: 'PH/s' };
  return { per: 1, name: 'TH/s' };
}

export interface ChartRows {
  t: number[];
  est: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  price: (number | null)[];
}

/** Everything on one time axis: the price holds from one change to the next. */
export function rowsOf(c: PoolChart, unit: Unit): ChartRows {
  const from = Date.parse(c.from) / 1000;
  const to = Date.parse(c.to) / 1000;
  const points = c.points.map((p) => ({ t: Date.parse(p.at) / 1000, p }));
  const steps = c.prices.map((p) => ({ t: Math.max(from, Date.parse(p.at) / 1000), v: p.hashprice * 1000 }));
  const xs = new Set<number>([...points.map((p) => p.t), ...steps.map((s) => s.t)]);
  if (steps.length > 0) xs.add(to);
  const t = [...xs].sort((a, b) => a - b);
  const at = new Map(points.map((p) => [p.t, p.p]));
  let i = -1;
  const price = t.map((x) => {
    while (i + 1 < steps.length && (steps[i + 1]?.t ?? Infinity) <= x) i++;
    return i < 0 ? null : (steps[i]?.v ?? null);
  });
  const pick = (f: (p: PoolChart['points'][number]) => number | undefined) => t.map((x) => {
    const p = at.get(x);
    const v = p && f(p);
    return v === undefined ? null : v / unit.per;
  });
  return { t, est: pick((p) => p.ths), low: pick((p) => p.lower_ths), high: pick((p) => p.upper_ths), price };
}

/** Lowest and highest with a little room; a flat line gets room too. */
export function spread(values: readonly (number | null)[]): [number, number] {
  const v = values.filter((x): x is number => x !== null && Number.isFinite(x));
  if (v.length === 0) return [0, 1];
  const lo = Math.min(...v);
  const hi = Math.max(...v);
  const room = Math.max((hi - lo) * 0.08, Math.abs(hi) * 0.01, 1e-9);
  return [Math.max(0, lo - room), hi + room];
}

const REASONS: Record<number, [string, string]> = {
  20: ['Refused otherwise', 'version bits outside the mask, or a field of the wrong size'],
  21: ['Stale', 'found after a new block; slow links and long queues make more'],
  22: ['Duplicate', 'sent twice, mostly after a reconnect'],
  23: ['Low difficulty', 'not below the target that was asked for; old firmware after a retarget'],
  24: ['Unauthorised', 'unknown user, or the secret of another machine'],
  25: ['Not subscribed', 'submits before mining.subscribe; a broken proxy'],
};

export const reasonOf = (code: number): [string, string] => REASONS[code] ?? [`Code ${code}`, 'unknown'];

/** What the windows say together. */
export function luckWords(ls: readonly { found: number; low: number; high: number; percentile: number; seconds: number; expected: number }[]): string {
  const outside = ls.filter((l) => l.found < l.low || l.found > l.high);
  const last = [...ls].reverse().find((l) => l.expected > 0);
  if (!last) return 'No work yet, so no block is expected.';
  const how = `${int(last.found)} or fewer in the longest window happens ${(last.percentile * 100).toFixed(0)} % of the time.`;
  if (outside.length === 0) return `Every window is inside its range: ${how}`;
  return `${outside.length === 1 ? 'One window is' : `${outside.length} windows are`} outside the range: ${how}`;
}
