import type { UnitEvent } from '../../api/types';
import { conditionOf, readCondition, type Condition } from './condition';
import type { Kind, PayloadOf } from './payloads';

/** One event with its payload, typed by its kind. */
export interface Seen<K extends Kind> {
  id: string;
  at: string;
  by: string;
  p: PayloadOf[K];
}

/** A step of a shipment, whichever. */
export type Moved = Seen<'units.packed' | 'units.dispatched' | 'units.arrived' | 'units.delivered'>;

export type Facts = { [K in Kind]?: Seen<K> } & {
  /** First settlement of this ownership; 'earnings.settled' is the latest. */
  firstEarning?: Seen<'earnings.settled'>;
  /** When its agent first read it, before anything was sold. */
  foundAt?: string;
};

/**
 * What happened to a machine since it was last listed, the latest event of each
 * kind. A machine sold twice has two lives; the line shows the running one.
 */
export function factsOf(events: readonly UnitEvent[]): Facts {
  const sorted = [...events].sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
  const found = sorted.find((e) => e.kind === 'miner.seen')?.at;
  let facts: Record<string, unknown> = {};
  for (const e of sorted) {
    const p: unknown = typeof e.payload === 'string' ? parse(e.payload) : e.payload;
    if (typeof p !== 'object' || p === null) continue;
    const seen = { id: e.id, at: e.at, by: e.by ?? '', p };
    if (e.kind === 'order.placed' && (p as { Side?: unknown }).Side === 'bid') continue;
    // A new life: listed again, or sold again at once without having rested.
    const before = facts['trade.matched'] as Seen<'trade.matched'> | undefined;
    const resold = e.kind === 'trade.matched' && before && before.p.Trade !== (p as { Trade?: unknown }).Trade;
    if (e.kind === 'order.placed' || resold) facts = {};
    // An ask taken back before it matched leaves the machine unlisted.
    if (e.kind === 'order.closed' && !facts['trade.matched']) delete facts['order.placed'];
    // The first session of a proof is the one that counts as "hashing".
    if (e.kind === 'session.opened' && facts['session.opened']) continue;
    if (e.kind === 'earnings.settled' && !facts[e.kind]) facts.firstEarning = seen;
    facts[e.kind] = seen;
  }
  return { ...(facts as Facts), ...(found ? { foundAt: found } : {}) };
}

function parse(s: string): unknown {
  try {
    return JSON.parse(s);
  } catch {
    return null;
  }
}

/**
 * The condition a machine was listed with, or null. Of a sale the trade tells it
 * to both parties; of a listing not yet sold only the seller's own event does.
 */
export function conditionAt(f: Facts, unit: string, proofs: readonly { unit: string; condition?: unknown }[] | undefined): Condition | null {
  const sold = f['trade.matched'] && proofs?.find((p) => p.unit === unit)?.condition;
  return readCondition(sold) ?? conditionOf(f['order.placed']?.p.Condition, unit);
}

/** Price and hashrate of one unit of a trade that may hold many. */
export interface Deal {
  trade: string;
  units: number;
  priceMc: number;
  soldGHs: number;
  amountCents: number;
}

export function dealOf(f: Facts): Deal | null {
  const m = f['trade.matched']?.p;
  if (!m) return null;
  const n = Math.max(1, m.Units?.length ?? 1);
  return {
    trade: m.Trade,
    units: n,
    priceMc: m.Price,
    soldGHs: Math.round(m.SoldGHs / n),
    amountCents: Math.round(m.Amount / n),
  };
}
