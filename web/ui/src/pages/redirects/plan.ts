import type { PlanUnit, RedirectPlan } from '../../api/types';
import type { GlyphKind } from '../../parts/Glyph';

export type Rung = PlanUnit['state'];

/** The ladder and what lies off it: shape, word, what it means. */
export const RUNGS: Record<Rung, readonly [GlyphKind, string, string]> = {
  planned: ['todo', 'Planned', 'waits for its wave'],
  commanded: ['live', 'Commanded', 'the agent has it or asks for it'],
  acknowledged: ['todo', 'Acknowledged', 'not proof; reading back'],
  read_back: ['live', 'Read back equal', 'waits for our pool'],
  hashing: ['done', 'Hashing at our pool', 'proven by its session'],
  blocked: ['hold', 'Blocked', 'needs a person, counts to halt'],
  failed: ['wrong', 'Failed', 'counts to halt'],
  unknown: ['look', 'Unknown', 'nobody knows its slots, counts to halt'],
};

export const ON: readonly Rung[] = ['planned', 'commanded', 'acknowledged', 'read_back', 'hashing'];
export const OFF: readonly Rung[] = ['blocked', 'failed', 'unknown'];

export const STATES: Record<RedirectPlan['state'], readonly [GlyphKind, string]> = {
  running: ['live', 'Running'], halted: ['hold', 'Halted'], done: ['done', 'Done'], rolled_back: ['off', 'Rolled back'],
};

/** A restored machine is at an end once it reads back: its pool is not ours to see. */
export function rungOf(kind: RedirectPlan['kind'], r: Rung): readonly [GlyphKind, string, string] {
  if (kind === 'restore' && r === 'read_back') return ['done', 'Old pools read back', 'restored'];
  return RUNGS[r];
}

export function ladderOf(kind: RedirectPlan['kind']): readonly Rung[] {
  return kind === 'restore' ? ON.filter((r) => r !== 'hashing') : ON;
}

/** The share of the begun wave that counts to halt, as it is compared. */
export function meterOf(p: Pick<RedirectPlan, 'wave' | 'waves' | 'halt_ppm'>): { bad: number; total: number; share: number; limit: number; left: number } | null {
  const w = p.waves.find((x) => x.wave === p.wave);
  if (!w || w.total === 0) return null;
  const may = Math.floor((p.halt_ppm * w.total) / 1_000_000);
  return { bad: w.bad, total: w.total, share: w.bad / w.total, limit: p.halt_ppm / 1_000_000, left: may - w.bad };
}

/** Filters of the list. */
export type Show = 'off' | 'flight' | 'done' | 'planned' | 'all';

export function shows(kind: RedirectPlan['kind'], s: Show, r: Rung): boolean {
  const done = r === 'hashing' || (kind === 'restore' && r === 'read_back');
  switch (s) {
    case 'off': return OFF.includes(r);
    case 'flight': return !done && (r === 'commanded' || r === 'acknowledged' || r === 'read_back');
    case 'done': return done;
    case 'planned': return r === 'planned';
    case 'all': return true;
  }
}

export function waveName(n: number): string {
  return n === 1 ? 'Canary' : `Wave ${n}`;
}
