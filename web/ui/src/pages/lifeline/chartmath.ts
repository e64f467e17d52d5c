import type { SeriesPoint } from '../../api/types';

/** How a life of this length is drawn: bucket, trailing window. Seconds. */
export interface Plan {
  step: number;
  window: number;
  /** Width of what one dot shows. */
  dot: number;
}

export function planFor(lifeSeconds: number): Plan {
  if (lifeSeconds < 3 * 3600) return { step: 60, window: 600, dot: 60 };
  if (lifeSeconds < 48 * 3600) return { step: 900, window: 2 * 3600, dot: 900 };
  return { step: 900, window: 24 * 3600, dot: 3600 };
}

/** A trailing estimate at the end of a bucket; TH/s. */
export interface Estimate {
  /** Unix seconds. */
  t: number;
  ths: number;
  lower: number;
  upper: number;
  shares: number;
}

/** Normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/**
 * Trailing estimates over buckets of `plan.step` seconds. Only the time since
 * `from` counts, and of a running bucket only what has passed, so that partly
 * filled buckets do not pull the line down. Shares come at random: the server's
 * interval of each bucket knows how unequal they were, and variances add.
 */
export function trailing(points: readonly SeriesPoint[], plan: Plan, from: number): Estimate[] {
  const buckets = points.map(bucketOf).sort((a, b) => a.t - b.t);
  const out: Estimate[] = [];
  let first = 0;
  let sum = { hashes: 0, variance: 0, shares: 0 };
  for (const b of buckets) {
    sum = add(sum, b, 1);
    const begin = Math.max(from, b.end - plan.window);
    for (let old = buckets[first]; old && old !== b && old.end <= begin; old = buckets[++first]) sum = add(sum, old, -1);
    const seconds = b.end - Math.max(from, Math.min(begin, buckets[first]?.t ?? begin));
    if (seconds <= 0 || sum.shares <= 0) continue;
    const ths = sum.hashes / seconds;
    const half = (Z95 * Math.sqrt(Math.max(0, sum.variance))) / seconds;
    out.push({ t: b.end, ths, lower: Math.max(0, ths - half), upper: ths + half, shares: sum.shares });
  }
  return out;
}

interface Sum {
  hashes: number;
  variance: number;
  shares: number;
}

/** A bucket's work; its rate is over the part of it that has passed. */
function bucketOf(p: SeriesPoint): Sum & { t: number; end: number } {
  const t = Date.parse(p.at) / 1000;
  const end = t + p.seconds;
  // A bucket without shares adds no work and so no variance to a sum of work.
  const width = p.shares > 0 && p.upper_ths !== undefined ? p.upper_ths - p.lower_ths : 0;
  const deviation = (width / (2 * Z95)) * p.seconds;
  return { t, end, hashes: p.ths * p.seconds, shares: p.shares, variance: deviation * deviation };
}

function add(a: Sum, b: Sum, sign: 1 | -1): Sum {
  return { hashes: a.hashes + sign * b.hashes, variance: a.variance + sign * b.variance, shares: a.shares + sign * b.shares };
}

/** Whole groups of `plan.dot` seconds, each as one dot in its middle. */
export function dotsOf(points: readonly SeriesPoint[], plan: Plan, now: number): { t: number; ths: number }[] {
  const groups = new Map<number, { sum: number; n: number }>();
  for (const p of points) {
    const g = Math.floor(Date.parse(p.at) / 1000 / plan.dot) * plan.dot;
    const got = groups.get(g) ?? { sum: 0, n: 0 };
    groups.set(g, { sum: got.sum + p.ths, n: got.n + 1 });
  }
  const full = plan.dot / plan.step;
  return [...groups]
    .filter(([g, v]) => v.n === full && g + plan.dot <= now)
    .map(([g, v]) => ({ t: g + plan.dot / 2, ths: v.sum / v.n }));
}

/** The value range that shows what matters: sold, floor and the settled line. */
export function rangeOf(values: readonly number[], sold: number | null, floor: number | null): [number, number] {
  const v = values.filter((x) => Number.isFinite(x)).sort((a, b) => a - b);
  const q = (p: number) => v[Math.min(v.length - 1, Math.floor(p * v.length))];
  const marks = [sold, floor].filter((x): x is number => x !== null);
  const ref = sold ?? q(0.5) ?? 100;
  const lo = Math.min(ref * 0.8, (q(0.05) ?? ref) * 0.97, ...marks.map((m) => m * 0.95));
  const hi = Math.max(ref * 1.14, (q(0.95) ?? ref) * 1.03, ...marks.map((m) => m * 1.05));
  return [Math.max(0, lo), hi];
}

export interface Label {
  y: number;
  text: string;
}

/** Moves labels apart so that none covers another, keeping their order. */
export function spread<T extends Label>(labels: readonly T[], height: number): T[] {
  const out = [...labels].sort((a, b) => a.y - b.y).map((l) => ({ ...l }));
  for (let i = 1; i < out.length; i++) {
    const prev = out[i - 1];
    const cur = out[i];
    if (prev && cur && cur.y - prev.y < height) cur.y = prev.y + height;
  }
  return out;
}
