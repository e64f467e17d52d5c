import type { Proof, Trade, Unit } from '../../api/types';
import type { GlyphKind } from '../../parts/Glyph';

// What a trade says about its machines: pure, so that it can be tested.

export interface UnitRow {
  id: string;
  serial: string;
  kind: GlyphKind;
  word: string;
  sold: number;
  /** Pool-verified, with the half width of its interval; null without shares. */
  verified: { ths: number; plusMinus: number; ofSold: number } | null;
  meaning: string;
}

const WORDS: Record<Proof['state'], readonly [GlyphKind, string]> = {
  waiting: ['todo', 'Not seen'], running: ['live', 'Proving'], passed: ['done', 'Proven'], failed: ['wrong', 'Refuted'],
};

/** Worst first: what somebody has to look at stands on top. */
const ORDER: Record<GlyphKind, number> = { wrong: 0, hold: 1, look: 2, live: 3, todo: 4, done: 5, off: 6, up: 7, down: 7 };

export function rowsOf(t: Trade, units: readonly Unit[]): UnitRow[] {
  const serials = new Map(units.map((u) => [u.id, u.serial]));
  return t.proofs.map((p): UnitRow => {
    const [kind, word] = standing(t, p);
    return {
      id: p.unit, serial: serials.get(p.unit) ?? '', kind, word, sold: p.sold_ths,
      verified: p.shares > 0 && p.estimate_ths > 0
        ? { ths: p.estimate_ths, plusMinus: (p.upper_ths - p.lower_ths) / 2, ofSold: p.estimate_ths / p.sold_ths } : null,
      meaning: meaning(t, p),
    };
  }).sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || a.serial.localeCompare(b.serial));
}

function standing(t: Trade, p: Proof): readonly [GlyphKind, string] {
  if (t.state === 'cancelled') return ['off', 'Not sold'];
  if (t.state === 'disputed' && p.state !== 'passed') return ['hold', 'Held'];
  if (t.state === 'released' && p.state === 'passed') return ['done', 'Released'];
  return WORDS[p.state];
}

function meaning(t: Trade, p: Proof): string {
  const floor = `${p.floor_ths.toFixed(1)} TH/s`;
  switch (p.state) {
    case 'passed': return `At least ${p.lower_ths.toFixed(1)} TH/s, the floor is ${floor}`;
    case 'failed': return `At most ${p.upper_ths.toFixed(1)} TH/s, the floor is ${floor}`;
    case 'running': return p.shares > 0 ? `${p.shares} shares; decided when a bound clears ${floor}` : `Measuring; the floor is ${floor}`;
    case 'waiting': return t.state === 'delivered' || t.state === 'proving' ? 'No share at our pool yet' : 'Proof begins after the delivery';
  }
}

/** How many machines stand how, worst first. */
export function tally(rows: readonly UnitRow[]): { kind: GlyphKind; word: string; count: number }[] {
  const out: { kind: GlyphKind; word: string; count: number }[] = [];
  for (const r of rows) {
    const same = out.find((o) => o.word === r.word);
    if (same) same.count++;
    else out.push({ kind: r.kind, word: r.word, count: 1 });
  }
  return out;
}

export interface MoneyLine { kind: GlyphKind; label: string; cents: number }

/** Where the buyer's money is, to the cent: the lines sum to what was received. */
export function moneyOf(t: Trade): { received: number; lines: MoneyLine[] } {
  const kept = t.state === 'released' && t.paid_cents > 0 ? t.commission_cents : 0;
  const received = t.paid_cents + kept + t.refunded_cents + t.held_cents;
  const lines: MoneyLine[] = [];
  if (t.paid_cents > 0) lines.push({ kind: 'done', label: `Paid to ${t.seller.name}`, cents: t.paid_cents });
  if (kept > 0) lines.push({ kind: 'done', label: `Commission ${(100 * t.commission_cents / t.amount_cents).toFixed(2)} %`, cents: kept });
  if (t.refunded_cents > 0) lines.push({ kind: 'off', label: `Refunded to ${t.buyer.name}`, cents: t.refunded_cents });
  if (t.held_cents > 0) {
    lines.push({ kind: t.state === 'disputed' || t.state === 'refuted' ? 'hold' : 'live', label: `Held for ${t.units.length} ${t.units.length === 1 ? 'machine' : 'machines'}`, cents: t.held_cents });
  }
  return { received, lines };
}

const LINE = ['matched', 'funded', 'shipped', 'delivered', 'proving', 'released'] as const;

export interface StateNode { name: string; kind: GlyphKind; at: string; note: string }

/** The line of states: those that were, the one that is, those to come. */
export function statesOf(t: Trade): StateNode[] {
  const at = new Map<string, string>(t.states.map((s) => [s.state, s.at]));
  const ended = t.state === 'cancelled' || t.state === 'disputed' || t.state === 'refuted';
  const names: string[] = ended ? [...LINE.filter((s) => at.has(s)), ...(['refuted', 'disputed', 'cancelled'] as const).filter((s) => at.has(s))] : [...LINE];
  if (!ended && at.has('disputed')) names.splice(names.length - 1, 0, 'disputed');
  return names.map((name): StateNode => {
    const when = at.get(name);
    const now = name === t.state || (name === 'proving' && t.state === 'proven');
    const kind: GlyphKind = name === 'cancelled' ? 'off' : name === 'refuted' ? 'wrong' : name === 'disputed' ? 'hold'
      : name === 'released' && when ? 'done' : now ? 'live' : when ? 'done' : 'todo';
    return { name: name.charAt(0).toUpperCase() + name.slice(1), kind, at: when ?? '', note: name === 'proving' ? proven(t) : '' };
  });
}

function proven(t: Trade): string {
  const started = t.proofs.some((p) => p.state !== 'waiting');
  return started ? `${t.proofs.filter((p) => p.state === 'passed').length} of ${t.proofs.length}` : '';
}
