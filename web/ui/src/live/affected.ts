// Which queries a message makes out of date. Keys are those of api/queries.ts;
// a key is a prefix: ['unit', id] covers everything kept about that unit.

export type Key = readonly string[];

export interface Message {
  kind: string;
  units: readonly string[];
  ref: string;
  instrument: string;
}

const MARKET = ['order.placed', 'order.closed', 'trade.matched'];
/** Beginnings of the kinds after which something else waits for somebody. */
const TURNS = ['trade.', 'units.', 'held.', 'hashrate.refuted', 'miner.redirected', 'redirect.', 'payout.'];
/** Beginnings of the kinds that move a trade or its proof. */
const TRADE = ['trade.', 'units.', 'proof.', 'work.', 'hashrate.', 'held.'];

export function affected(m: Message): Key[] {
  if (m.kind === 'book') return m.instrument ? [['book', m.instrument], ['tape', m.instrument]] : [['book'], ['tape']];
  const keys: Key[] = m.units.map((id) => ['unit', id]);
  if (TURNS.some((p) => m.kind.startsWith(p))) keys.push(['turns'], ['desk']);
  if (m.kind.startsWith('payout.')) keys.push(['payouts']);
  if (MARKET.includes(m.kind)) keys.push(['orders'], ['instruments'], ['candles']);
  if (TRADE.some((p) => m.kind.startsWith(p))) keys.push(['trades']);
  if (m.kind === 'miner.seen' || m.kind.startsWith('units.') || m.kind === 'held.released') keys.push(['units']);
  if (m.kind.startsWith('units.')) keys.push(['shipments']);
  if (m.kind === 'miner.redirected' || m.kind === 'redirect.failed') keys.push(['fleet'], ['plans']);
  if (m.kind.startsWith('worker.')) keys.push(['pool', 'workers'], ['pool', 'worker-counts'], ['pool', 'overview']);
  if (m.kind === 'earnings.settled') keys.push(['pool']);
  return keys;
}

export interface Parsed extends Message {
  at: string | undefined;
  /** Of hello: the id of the last message so far; of book: the book's own number. */
  seq: string | undefined;
  /** How often the server promises a beat. */
  everyMs: number | undefined;
  /** False on a hello after a gap that the server could not fill. */
  resumed: boolean;
}

/** Reads the JSON of a message without trusting it. */
export function parseMessage(kind: string, data: string): Parsed {
  const none = { kind, units: [], ref: '', instrument: '', at: undefined, seq: undefined, everyMs: undefined, resumed: true };
  let v: unknown;
  try {
    v = JSON.parse(data);
  } catch {
    return none;
  }
  if (typeof v !== 'object' || v === null) return none;
  const o = v as Record<string, unknown>;
  const ref = typeof o.ref === 'object' && o.ref !== null ? (o.ref as Record<string, unknown>).id : undefined;
  return {
    kind,
    units: Array.isArray(o.units) ? o.units.filter((u): u is string => typeof u === 'string') : [],
    ref: typeof ref === 'string' ? ref : '',
    instrument: typeof o.instrument === 'string' ? o.instrument : '',
    at: typeof o.at === 'string' ? o.at : undefined,
    seq: typeof o.seq === 'number' || typeof o.seq === 'string' ? String(o.seq) : undefined,
    everyMs: typeof o.every_ms === 'number' && o.every_ms > 0 ? o.every_ms : undefined,
    resumed: o.resumed !== false,
  };
}
