import { fixed, ghsAsTH, int, pricePerTH, short, ths, usd } from '../../lib/format';
import { dayMinute, daySecond, duration, span } from '../../lib/time';
import type { GlyphKind } from '../../parts/Glyph';
import { brief, type Condition } from './condition';
import type { Facts } from './facts';

export type Step =
  | 'listed' | 'matched' | 'funded' | 'packed' | 'transit' | 'received' | 'redirected' | 'hashing' | 'proven'
  | 'released' | 'earning';

/** One column of the life line: the first line is the number. */
export interface Node {
  step: Step;
  name: string;
  state: Extract<GlyphKind, 'done' | 'live' | 'todo' | 'wrong' | 'hold'>;
  at: string | null;
  when: string;
  lines: readonly string[];
  recorder: string;
}

/** What the events do not carry. */
export interface Beside {
  now: number;
  /** What it was listed with. */
  condition?: Condition | null;
  tradeNumber?: string;
  seller?: string;
  buyer?: string;
  earnedSats?: number;
  feePpm?: number;
  poolNow?: { ths: number; lower: number; upper: number } | null;
  proving?: { shares: number; lowerThs: number | null; floorThs: number | null } | null;
}

const NOT_YET = { state: 'todo', at: null, when: 'not yet', lines: [], recorder: '' } as const;

export function nodesOf(f: Facts, b: Beside): readonly Node[] {
  return implied([
    listed(f, b), matched(f, b), funded(f), packed(f), transit(f), received(f), redirected(f, b), hashing(f), proven(f, b),
    released(f), earning(f, b),
  ]);
}

/** A step is not "not yet" when a later one is done: then this person may not
 *  see it. Earning proves nothing about the release; both wait on the pool. */
function implied(nodes: readonly Node[]): readonly Node[] {
  const last = nodes.findLastIndex((n) => n.step !== 'earning' && n.state !== 'todo');
  return nodes.map((n, i) =>
    i < last && n.state === 'todo' ? { ...n, state: 'done', at: null, when: 'not yours to see', lines: [], recorder: '' } : n);
}

/** The machine works for somebody whose pool account is not this person's. */
export function workHidden(f: Facts): boolean {
  return !f['session.opened'] && Boolean(f['hashrate.proven'] ?? f['hashrate.refuted'] ?? f['held.released']);
}

function listed(f: Facts, b: Beside): Node {
  const e = f['order.placed'];
  const base = { step: 'listed', name: 'Listed' } as const;
  const sold = f['trade.matched'];
  const c = b.condition ? brief(b.condition) : null;
  const agent = b.seller ? `Agent, ${b.seller}` : 'Agent of the seller';
  if (!e && sold) {
    // The listing is the seller's record; a buyer sees that it was and in what
    // condition, not when. Only an ask that rested was sold at its own price.
    const rested = sold.p.Maker === 'ask';
    const when = { ...base, state: 'done', at: null, when: rested ? 'before the match' : 'at the match' } as const;
    if (c) {
      const first = rested ? `Ask $${pricePerTH(sold.p.Price)} /TH` : 'Met a bid at once';
      return { ...when, lines: [first, ...(c.figures ? [c.figures] : []), c.read], recorder: agent };
    }
    return {
      ...when, lines: rested ? ['Rested in the book', 'Record is the seller’s'] : ['Met a bid at once', 'Never rested'],
      recorder: b.seller ?? 'Seller',
    };
  }
  if (!e) return { ...base, ...NOT_YET };
  return {
    ...base, state: 'done', at: e.at, when: dayMinute(e.at),
    lines: [`Ask $${pricePerTH(e.p.Price)} /TH`, c?.figures ?? units(e.p.Units?.length ?? 1), c?.read ?? 'No condition read'],
    recorder: agent,
  };
}

function matched(f: Facts, b: Beside): Node {
  const e = f['trade.matched'];
  const base = { step: 'matched', name: 'Matched' } as const;
  if (!e) return { ...base, ...NOT_YET };
  const n = e.p.Units?.length ?? 1;
  return {
    ...base, state: 'done', at: e.at, when: daySecond(e.at),
    lines: [`$${pricePerTH(e.p.Price)} /TH, maker`, `${units(n)} · ${int(e.p.SoldGHs / 1000)} TH`,
      b.tradeNumber ? `Trade ${b.tradeNumber}` : `Trade ${short(e.p.Trade)}`],
    recorder: `${e.p.Maker === 'ask' ? 'Bid' : 'Ask'}, ${(e.p.Maker === 'ask' ? b.buyer : b.seller) ?? 'taker'}`,
  };
}

function funded(f: Facts): Node {
  const e = f['trade.funded'];
  const base = { step: 'funded', name: 'Funded' } as const;
  if (!e) return { ...base, ...NOT_YET };
  return {
    ...base, state: 'done', at: e.at, when: dayMinute(e.at),
    lines: [`${usd(e.p.Amount)} held`, 'Bank transfer', 'Held payout'], recorder: 'Stripe event',
  };
}

function packed(f: Facts): Node {
  const e = f['units.packed'];
  const base = { step: 'packed', name: 'Packed' } as const;
  if (!e) return { ...base, ...NOT_YET };
  const n = e.p.Units?.length ?? 1;
  return {
    ...base, state: 'done', at: e.at, when: dayMinute(e.at),
    lines: [`${int(n)} of ${units(n)}`, 'Serial scanned', `Shipment ${short(e.p.Shipment)}`], recorder: 'Bench scan',
  };
}

function transit(f: Facts): Node {
  const e = f['units.dispatched'];
  const base = { step: 'transit', name: 'In transit' } as const;
  if (!e) return { ...base, ...NOT_YET };
  const arrived = f['units.arrived'] ?? f['units.delivered'];
  return {
    ...base, state: arrived ? 'done' : 'live', at: e.at, when: dayMinute(e.at),
    lines: [arrived ? `1 leg, ${span(gap(e.at, arrived.at))}` : '1 leg, under way', e.p.Carrier || 'No carrier named',
      e.p.Tracking ? `Tracking ${short(e.p.Tracking, 6, 4)}` : 'No tracking number'],
    recorder: '1 carrier',
  };
}

function received(f: Facts): Node {
  const e = f['units.delivered'];
  const base = { step: 'received', name: 'Received' } as const;
  if (e) {
    const n = e.p.Units?.length ?? 1;
    return {
      ...base, state: 'done', at: e.at, when: dayMinute(e.at),
      lines: [`${int(n)} of ${units(n)}`, 'Serial scanned', 'Custody with buyer'], recorder: 'Dock scan',
    };
  }
  const door = f['units.arrived'];
  if (!door) return { ...base, ...NOT_YET };
  return {
    ...base, state: 'todo', at: null, when: 'at the door', lines: ['0 scanned in', `Arrived ${dayMinute(door.at)}`],
    recorder: door.p.Carrier,
  };
}

function redirected(f: Facts, b: Beside): Node {
  const ok = f['miner.redirected'];
  const bad = f['redirect.failed'];
  const base = { step: 'redirected', name: 'Redirected' } as const;
  if (ok && !(bad && bad.at > ok.at)) {
    return {
      ...base, state: 'done', at: ok.at, when: dayMinute(ok.at),
      lines: [`${ok.p.Slots} of ${ok.p.Slots} slots equal`, 'Read back equal', 'Old slots sealed'],
      recorder: b.buyer ? `Agent, ${b.buyer}` : 'Agent of the buyer',
    };
  }
  if (bad) {
    return {
      ...base, name: 'Redirect failed', state: 'wrong', at: bad.at, when: dayMinute(bad.at),
      lines: ['Slots not equal', bad.p.Reason], recorder: 'Agent',
    };
  }
  return { ...base, ...NOT_YET };
}

function hashing(f: Facts): Node {
  const e = f['session.opened'];
  const base = { step: 'hashing', name: 'Hashing' } as const;
  if (!e) return { ...base, ...NOT_YET };
  return {
    ...base, state: 'done', at: e.at, when: daySecond(e.at),
    lines: ['Session opened', 'Secret known', short(e.p.User, 12, 6)], recorder: 'Pool edge',
  };
}

function proven(f: Facts, b: Beside): Node {
  const ok = f['hashrate.proven'];
  const bad = f['hashrate.refuted'];
  const base = { step: 'proven', name: 'Proven' } as const;
  const e = ok ?? bad;
  if (e) {
    return {
      ...base, name: ok ? 'Proven' : 'Not proven', state: ok ? 'done' : 'wrong', at: e.at, when: daySecond(e.at),
      lines: [`${ths(e.p.Estimate)} TH/s`,
        ok ? `95 % bound ${ths(e.p.Lower)}` : `95 % bound ${ths(e.p.Upper)} at most`, `Floor ${ths(e.p.Floor)} TH/s`],
      recorder: `${int(e.p.Shares)} shares`,
    };
  }
  const started = f['proof.started'];
  if (!started) return { ...base, ...NOT_YET };
  if (!f['session.opened']) {
    return { ...base, ...NOT_YET, when: 'waits for shares', lines: ['no shares', `Sold ${ghsAsTH(started.p.SoldGHs)} TH/s`] };
  }
  const p = b.proving;
  return {
    ...base, name: 'Proving', state: 'live', at: null, when: `live, ${span(gap(started.at, b.now))}`,
    lines: [p && p.shares > 0 ? `${int(p.shares)} shares` : 'no shares',
      p?.lowerThs != null ? `95 % bound ${p.lowerThs.toFixed(1)}` : 'bound not yet',
      p?.floorThs != null ? `Floor ${p.floorThs.toFixed(1)} TH/s` : `Sold ${ghsAsTH(started.p.SoldGHs)} TH/s`],
    recorder: 'Pool shares',
  };
}

function released(f: Facts): Node {
  const e = f['held.released'];
  const base = { step: 'released', name: 'Released' } as const;
  if (!e) return { ...base, ...NOT_YET };
  return {
    ...base, state: 'done', at: e.at, when: dayMinute(e.at),
    lines: [`${usd(e.p.Paid)} to seller`, `${usd(e.p.Commission)} commission`, `Transfer ${short(e.p.Transfer, 5, 4)}`],
    recorder: 'Stripe transfer',
  };
}

function earning(f: Facts, b: Beside): Node {
  const e = f.firstEarning;
  const base = { step: 'earning', name: 'Earning' } as const;
  if (!e && workHidden(f)) return { ...base, ...NOT_YET, when: 'not yours to see' };
  if (!e) return { ...base, ...NOT_YET };
  const since = f['session.opened']?.at ?? e.at;
  const n = b.poolNow;
  return {
    ...base, state: 'live', at: e.at, when: `live, ${span(gap(since, b.now))}`,
    lines: [b.earnedSats === undefined ? 'sats not read' : `${int(b.earnedSats)} sat credited`,
      n ? `${n.ths.toFixed(1)} TH/s now` : 'no shares now', `Settled ${dayMinute(f['earnings.settled']?.at ?? e.at)}`],
    recorder: b.feePpm === undefined ? 'FPPS' : `FPPS, fee ${fixed(b.feePpm / 10_000, 2)} %`,
  };
}

const units = (n: number) => `${int(n)} ${n === 1 ? 'unit' : 'units'}`;

/** Seconds between two instants, never negative. */
export function gap(from: string | number, to: string | number): number {
  return Math.max(0, (new Date(to).getTime() - new Date(from).getTime()) / 1000);
}

export interface Connector {
  label: string;
  tone: 'done' | 'live' | 'todo';
}

/** The ten joints between eleven nodes, with how long each took. */
export function connectorsOf(nodes: readonly Node[]): readonly Connector[] {
  return nodes.slice(1).map((to, i) => {
    const from = nodes[i];
    const known = from?.at && to.at && to.step !== 'earning';
    return {
      label: known ? span(gap(from.at ?? '', to.at ?? '')) : '',
      tone: to.state === 'done' || to.state === 'wrong' ? 'done' : to.state === 'live' ? 'live' : 'todo',
    };
  });
}

/** The node a person looks for first: the one that runs, else the last reached. */
export function currentOf(nodes: readonly Node[]): Step {
  const wrong = nodes.findLast((n) => n.state === 'wrong');
  const live = nodes.findLast((n) => n.state === 'live');
  const done = nodes.findLast((n) => n.state === 'done');
  return (wrong ?? live ?? done ?? nodes[0])?.step ?? 'listed';
}

/** From the first step a person may see to the first session. */
export function elapsed(f: Facts): { from: 'Listed' | 'Matched'; since: string; text: string | null } | null {
  const listed = f['order.placed'];
  const first = listed ?? f['trade.matched'];
  if (!first) return null;
  const to = f['session.opened']?.at;
  return { from: listed ? 'Listed' : 'Matched', since: first.at, text: to ? duration(gap(first.at, to)) : null };
}
