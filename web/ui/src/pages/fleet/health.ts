import type { FleetAlert, Health, Machine } from '../../api/types';
import { fixed } from '../../lib/format';
import type { GlyphKind } from '../../parts/Glyph';

/** Each health as shape and word. */
export const HEALTHS: Record<Health, readonly [GlyphKind, string]> = {
  offline: ['off', 'Offline'],
  elsewhere: ['look', 'Elsewhere'],
  dead_board: ['wrong', 'Dead board'],
  hot: ['look', 'Hot'],
  gap: ['look', 'Gap'],
  slow: ['look', 'Slow'],
  quarantined: ['hold', 'Quarantined'],
  unread: ['todo', 'Not read'],
  ok: ['done', 'Hashing'],
};

/** Fill of a slot on the map: what is solid needs somebody, the ramp is % of nominal. */
export type Paint = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'warnf' | 'badf' | 'hollow';

export function paintOf(s: { health: string; ratio?: number }): Paint {
  switch (s.health) {
    case 'offline': return 'hollow';
    case 'dead_board': case 'elsewhere': return 'badf';
    case 'hot': return 'warnf';
    default: return ramp(s.ratio);
  }
}

/** Below 75 %, then in even steps, the last from 98.5 % on. */
export function ramp(ratio: number | undefined): Paint {
  if (ratio === undefined || ratio < 0.75) return 'r0';
  if (ratio < 0.85) return 'r1';
  if (ratio < 0.94) return 'r2';
  return ratio < 0.985 ? 'r3' : 'r4';
}

/** Chip temperature on the same ramp, from 60 °C to 86 °C. */
export function heat(c: number | undefined): Paint {
  if (c === undefined) return 'hollow';
  if (c >= 86) return 'warnf';
  const steps: readonly Paint[] = ['r0', 'r1', 'r2', 'r3', 'r4'];
  return steps[Math.max(0, Math.min(4, Math.floor((c - 55) / 6)))] ?? 'r0';
}

export function placeOf(m: Pick<Machine, 'rack' | 'shelf'>): string {
  return m.rack ? `${m.rack}-S${String(m.shelf ?? 0).padStart(2, '0')}` : 'no place';
}

/** ±2.9: half of the interval, when there is one. */
export function plusMinus(v: NonNullable<Machine['verified']>): string | null {
  return v.upper_ths === undefined ? null : fixed((v.upper_ths - v.lower_ths) / 2, 1);
}

/** What a person does first about an alert. */
export function actionOf(a: Pick<FleetAlert, 'kind' | 'unit_id'>): 'redirect' | 'open' {
  return a.kind === 'elsewhere' && a.unit_id ? 'redirect' : 'open';
}
