import { describe, expect, it } from 'vitest';
import { dotsOf, planFor, rangeOf, spread, trailing } from './chartmath';

const T0 = Date.parse('2026-11-18T11:00:00Z') / 1000;
const plan = { step: 60, window: 600, dot: 120 };
const bucket = (i: number, ths: number, shares: number, seconds = 60) => ({
  at: new Date((T0 + i * 60) * 1000).toISOString(), seconds, ths, shares,
  lower_ths: ths - (1.959964 * ths) / Math.sqrt(Math.max(1, shares)), upper_ths: ths + (1.959964 * ths) / Math.sqrt(Math.max(1, shares)),
});

describe('trailing', () => {
  it('a steady machine is a flat line whose band narrows with shares', () => {
    const out = trailing(Array.from({ length: 20 }, (_, i) => bucket(i, 100, 20)), plan, T0);
    expect(out).toHaveLength(20);
    for (const e of out) expect(e.ths).toBeCloseTo(100, 9);
    const width = out.map((e) => e.upper - e.lower);
    for (let i = 1; i < 10; i++) expect(width[i]).toBeLessThan(width[i - 1] ?? 0);
    expect(out.at(-1)?.shares).toBe(200);
  });

  it('forgets what is older than the window', () => {
    const out = trailing(Array.from({ length: 30 }, (_, i) => bucket(i, i < 10 ? 0 : 100, 20)), plan, T0);
    expect(out.at(-1)?.ths).toBeCloseTo(100, 9);
  });

  it('a running bucket counts only the time that has passed', () => {
    const out = trailing([bucket(0, 100, 20), bucket(1, 100, 10, 30)], plan, T0);
    expect(out).toHaveLength(2);
    expect(out.at(-1)?.ths).toBeCloseTo(100, 9);
  });

  it('a first bucket counts only from the first share', () => {
    const out = trailing([bucket(0, 50, 10)], plan, T0 + 30);
    expect(out[0]?.ths).toBeCloseTo(100, 9);
  });

  it('missing buckets are time without work, not time unseen', () => {
    const out = trailing([bucket(0, 100, 20), bucket(4, 100, 20)], plan, T0);
    expect(out.at(-1)?.ths).toBeCloseTo(40, 9);
  });

  it('few large shares weigh on the band as they should', () => {
    const out = trailing([bucket(0, 100, 400), bucket(1, 100, 4)], plan, T0);
    // ½ of the work has 5 % and ½ has 50 % deviation: √(5² + 50²)/2 ≈ 25 %.
    const last = out.at(-1);
    expect(((last?.upper ?? 0) - 100) / 1.959964).toBeCloseTo(25.12, 1);
  });

  it('nothing gives nothing', () => expect(trailing([], plan, T0)).toEqual([]));
});

describe('dots', () => {
  it('are whole groups only', () =>
    expect(dotsOf([0, 1, 2, 3, 4].map((i) => bucket(i, 90 + 10 * i, 20)), plan, T0 + 240)).toEqual([
      { t: T0 + 60, ths: 95 }, { t: T0 + 180, ths: 115 },
    ]));
});

describe('frame', () => {
  it('plans by age', () => {
    expect(planFor(600).step).toBe(60);
    expect(planFor(86_400 * 4)).toEqual({ step: 900, window: 86_400, dot: 3600 });
  });
  it('shows sold and floor even when the line is far away', () => {
    const [lo, hi] = rangeOf([10, 11, 12], 200, 190);
    expect(lo).toBeLessThan(10);
    expect(hi).toBeGreaterThan(200);
  });
  it('keeps labels apart and in order', () => {
    const out = spread([{ y: 12, text: 'b' }, { y: 10, text: 'a' }, { y: 13, text: 'c' }], 15);
    expect(out.map((l) => [l.text, l.y])).toEqual([['a', 10], ['b', 25], ['c', 40]]);
  });
});
