import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UnitEvent } from '../../api/types';
import { conditionAt, dealOf, factsOf } from './facts';
import { connectorsOf, currentOf, nodesOf } from './nodes';

// Written by Go from the kernel's own types: a renamed field fails here.
const golden = JSON.parse(
  readFileSync(new URL('./events.golden.json', import.meta.url), 'utf8'),
) as { unit: string; events: UnitEvent[] };

describe('the kernel’s events', () => {
  const facts = factsOf(golden.events);
  const condition = conditionAt(facts, golden.unit, undefined);
  const nodes = nodesOf(facts, { condition, now: Date.parse('2026-11-18T20:00:00Z'), earnedSats: 1021 });

  it('reach every node', () => {
    expect(nodes.map((n) => n.state)).toEqual([...Array<string>(10).fill('done'), 'live']);
    expect(currentOf(nodes)).toBe('earning');
  });
  it('show figures on every node, never "undefined"', () => {
    expect(nodes.map((n) => n.lines[0])).toEqual([
      'Ask $11.42 /TH', '$11.42 /TH, maker', '$1,142.00 held', '1 of 1 unit', '1 leg, 1 h', '1 of 1 unit', '3 of 3 slots equal',
      'Session opened', '99.4 TH/s', '$1,124.87 to seller', '1,021 sat credited',
    ]);
    expect(JSON.stringify(nodes)).not.toMatch(/undefined|NaN|Invalid/);
  });
  it('time every joint', () => expect(connectorsOf(nodes).slice(0, 9).every((c) => c.label !== '')).toBe(true));
  it('carry the condition and the deal', () => {
    expect(condition).toMatchObject({ reportedTHs: 100.4, boards: ['BHB68603-7Q1904'] });
    expect(dealOf(facts)).toMatchObject({ soldGHs: 100_000, amountCents: 114_200 });
  });
});
