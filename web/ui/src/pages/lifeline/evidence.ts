import type { Redirect, Unit } from '../../api/types';
import { ghsAsTH, int, percent, pricePerTH, short, ths, usd } from '../../lib/format';
import { daySecond, duration } from '../../lib/time';
import type { Condition } from './condition';
import { dealOf, type Facts, type Moved } from './facts';
import { gap, type Beside, type Step } from './nodes';

/** What stands behind a node: the claim in words, then what it rests on. */
export interface Evidence {
  claim: string;
  lines: readonly { label: string; value: string; mark?: 'met' | 'missed'; more?: string }[];
  chips: readonly { label: string; value: string; full: string }[];
}

export function evidenceOf(
  step: Step, hidden: boolean, f: Facts, unit: Unit, b: Beside, redirect: Redirect | undefined,
): Evidence {
  if (hidden) return nothing('It happened: a later step rests on it. Its record belongs to the other side.');
  return MAKERS[step](f, { unit, b, redirect });
}

interface With {
  unit: Unit;
  b: Beside;
  redirect: Redirect | undefined;
}

type Make = (f: Facts, w: With) => Evidence;

const nothing = (claim: string): Evidence => ({ claim, lines: [], chips: [] });
const event = (id: string) => ({ label: 'event', value: short(id), full: id });
const id = (label: string, v: string) => ({ label, value: short(v), full: v });

const MAKERS: Record<Step, Make> = {
  listed: (f, { b, unit }) => {
    const e = f['order.placed'];
    if (!e && f['trade.matched']) return soldListing(f, b);
    if (!e) return nothing('Not listed. The owner can offer it in the market; its serial is then reserved.');
    return {
      claim: 'An ask rests in the book, backed by this reserved serial, with its condition as the agent read it.',
      lines: [
        { label: 'Ask', value: `$${pricePerTH(e.p.Price)} /TH` },
        { label: 'Seller', value: b.seller ?? unit.owner.name },
        { label: 'Listed', value: daySecond(e.at) },
        ...(b.condition ? conditionLines(b.condition) : [{ label: 'Condition', value: 'no reading at listing' }]),
      ],
      chips: [event(e.id), id('order', e.p.Order)],
    };
  },
  matched: (f, { b }) => {
    const e = f['trade.matched'];
    const deal = dealOf(f);
    if (!e || !deal) return nothing('Not matched yet. The ask waits for a bid at its price or better.');
    return {
      claim: 'Two orders crossed. Price and time decided; the maker’s price holds for both sides.',
      lines: [
        { label: 'Price', value: `$${pricePerTH(e.p.Price)} /TH`, more: `maker was the ${e.p.Maker}` },
        { label: 'Sold hashrate, this unit', value: `${ghsAsTH(deal.soldGHs)} TH/s` },
        { label: 'Amount, this unit', value: usd(deal.amountCents) },
        { label: 'Amount, whole trade', value: usd(e.p.Amount), more: `${int(deal.units)} units` },
        { label: 'Buyer', value: b.buyer ?? short(e.p.Buyer) },
        { label: 'Seller', value: b.seller ?? short(e.p.Seller) },
      ],
      chips: [event(e.id), { label: 'trade', value: b.tradeNumber ?? short(e.p.Trade), full: e.p.Trade }],
    };
  },
  funded: (f) => {
    const e = f['trade.funded'];
    if (!e) return nothing('Not funded yet. The buyer pays by bank transfer; the money is then a held payout.');
    return {
      claim: 'The whole amount arrived and is a held payout: it goes to the seller only when the hashrate is proven.',
      lines: [
        { label: 'Held payout', value: usd(e.p.Amount) },
        { label: 'Arrived', value: daySecond(e.at) },
        { label: 'After the match', value: duration(gap(f['trade.matched']?.at ?? e.at, e.at)) },
      ],
      chips: [event(e.id), id('trade', e.p.Trade)],
    };
  },
  packed: (f, { unit }) => moved(f['units.packed'], unit, 'Not packed yet. Logistics scan each serial into the shipment.',
    'Every expected serial was scanned at the bench; a wrong one is refused there.'),
  transit: (f, { unit }) => moved(f['units.dispatched'], unit, 'Not dispatched yet.',
    'The shipment left the seller; custody is with the carrier until the receiving scan.'),
  received: (f, { unit }) => moved(f['units.delivered'], unit, 'Not received yet. Custody moves with the scan at the dock.',
    'Every serial was scanned at the buyer’s dock; custody moved to the buyer.'),
  redirected: (f, { redirect }) => redirectEvidence(f, redirect),
  hashing: (f) => {
    const e = f['session.opened'];
    if (!e) return nothing('No session yet. The machine signs in at our pool with its own secret.');
    return {
      claim: 'The machine signed in at our pool with the secret that only its redirect wrote.',
      lines: [
        { label: 'Worker', value: e.p.User },
        { label: 'From', value: e.p.Remote },
        { label: 'First session', value: daySecond(e.at) },
        { label: 'After the redirect', value: duration(gap(f['miner.redirected']?.at ?? e.at, e.at)) },
      ],
      chips: [event(e.id), id('session', e.p.Session)],
    };
  },
  proven: (f, { b }) => proofEvidence(f, b),
  released: (f) => {
    const e = f['held.released'];
    if (!e) return nothing('The payout is still held. It is released when the proof is met, at once and by itself.');
    return {
      claim: 'The held payout went to the seller, less the commission. The parts sum to what was held.',
      lines: [
        { label: 'Was held', value: usd(e.p.Amount) },
        { label: 'To the seller', value: usd(e.p.Paid) },
        { label: 'Commission', value: usd(e.p.Commission) },
        { label: 'Left', value: usd(e.p.Amount - e.p.Paid - e.p.Commission) },
        { label: 'Released', value: daySecond(e.at) },
      ],
      chips: [event(e.id), { label: 'transfer', value: short(e.p.Transfer, 5, 4), full: e.p.Transfer }],
    };
  },
  earning: (f, { b }) => {
    const e = f['earnings.settled'];
    if (!e) return nothing('Nothing settled yet. Work is priced once, when its settlement period ends.');
    return {
      claim: 'Accepted work is priced once per settlement period: exact work, the period’s rate, the pool’s fee.',
      lines: [
        { label: 'Credited to this unit', value: b.earnedSats === undefined ? 'not read' : `${int(b.earnedSats)} sat` },
        { label: 'Latest period', value: `${daySecond(e.p.From)} to ${daySecond(e.p.To)}` },
        { label: 'Settled', value: daySecond(e.at) },
        ...(b.poolNow ? [{ label: 'Pool-verified now', value: `${b.poolNow.ths.toFixed(1)} TH/s`,
          more: `${b.poolNow.lower.toFixed(1)} – ${b.poolNow.upper.toFixed(1)} at 95 %` }] : []),
      ],
      chips: [event(e.id)],
    };
  },
};

/** A listing without its event, which a buyer may not see: the trade keeps what it was sold as. */
function soldListing(f: Facts, b: Beside): Evidence {
  const m = f['trade.matched'];
  const c = b.condition;
  if (!m || !c) return nothing('It was offered and sold. The listing itself is the seller’s record.');
  const rested = m.p.Maker === 'ask';
  return {
    claim: 'It was offered and sold in this condition: what the seller’s agent read from the machine, kept with the trade.',
    lines: [
      rested ? { label: 'Ask', value: `$${pricePerTH(m.p.Price)} /TH` } : { label: 'Ask', value: 'met a bid at once' },
      { label: 'Seller', value: b.seller ?? short(m.p.Seller) },
      ...conditionLines(c),
    ],
    chips: [{ label: 'trade', value: b.tradeNumber ?? short(m.p.Trade), full: m.p.Trade }],
  };
}

function conditionLines(c: Condition): Evidence['lines'] {
  const line = (label: string, value: string | null) => (value === null ? [] : [{ label, value }]);
  return [
    ...line('Snapshot', c.at && daySecond(c.at)),
    ...line('Reported by the miner', c.reportedTHs === null ? null : `${c.reportedTHs.toFixed(1)} TH/s`),
    ...line('Hottest reading', c.maxTempC === null ? null : `${c.maxTempC.toFixed(0)} °C`),
    ...line('Hardware errors', c.hardwareErrors === null ? null : int(c.hardwareErrors)),
    ...line('Firmware', c.firmware),
    ...line(c.pools.length === 1 ? 'Pool then' : 'Pools then', c.pools.length === 0 ? null : c.pools.join(', ')),
    ...c.boards.flatMap((b, i) => line(`Board ${i + 1}`, b ?? 'no serial read')),
  ];
}

function moved(e: Moved | undefined, unit: Unit, notYet: string, claim: string): Evidence {
  if (!e) return nothing(notYet);
  const i = (e.p.Serials ?? []).indexOf(unit.serial);
  return {
    claim,
    lines: [
      { label: 'This serial', value: i >= 0 ? unit.serial : 'not in the event', ...(i >= 0 ? { mark: 'met' as const } : {}) },
      { label: 'Units', value: int(e.p.Units?.length ?? 0) },
      ...(e.p.Carrier ? [{ label: 'Carrier', value: e.p.Carrier }] : []),
      ...(e.p.Tracking ? [{ label: 'Tracking', value: e.p.Tracking }] : []),
      { label: 'At', value: daySecond(e.at) },
      ...(e.by ? [{ label: 'By user', value: short(e.by) }] : []),
    ],
    chips: [event(e.id), id('shipment', e.p.Shipment)],
  };
}

function redirectEvidence(f: Facts, redirect: Redirect | undefined): Evidence {
  const ok = f['miner.redirected'];
  const bad = f['redirect.failed'];
  const states = (redirect?.steps ?? []).map((s) => ({ label: words(s.state), value: daySecond(s.at) }));
  if (bad && !(ok && ok.at > bad.at)) {
    return {
      claim: `The machine is not redirected: ${bad.p.Reason}. What a miner says proves nothing; what reads back does.`,
      lines: [
        ...states,
        ...(redirect?.differences ?? []).map((d, i) => ({ label: `Difference ${i + 1}`, value: d })),
      ],
      chips: [event(bad.id), id('redirect', bad.p.Redirect)],
    };
  }
  if (!ok) {
    return { ...nothing('Not redirected yet. The agent writes all slots, reads them back and compares.'), lines: states };
  }
  return {
    claim: 'All pool slots were written with this unit’s own secret and read back equal. The old ones are kept sealed.',
    lines: [
      { label: 'Pool', value: ok.p.URL },
      { label: 'Worker', value: ok.p.Worker },
      ...(redirect && redirect.old_slots.length > 0
        ? [{ label: 'Was set to', value: redirect.old_slots.map((o) => o.url || 'empty').join(', ') }] : []),
      { label: 'Slots read back equal', value: `${ok.p.Slots} of ${ok.p.Slots}`, mark: 'met' },
      ...states,
    ],
    chips: [event(ok.id), id('redirect', ok.p.Redirect)],
  };
}

const words = (state: string) => state.charAt(0).toUpperCase() + state.slice(1).replaceAll('_', ' ');

function proofEvidence(f: Facts, b: Beside): Evidence {
  const ok = f['hashrate.proven'];
  const e = ok ?? f['hashrate.refuted'];
  if (e) {
    const p = e.p;
    const window = duration(gap(p.From, p.To));
    const part = percent(p.Floor / (p.Sold * 1e9), 0);
    return {
      claim: ok
        ? `At least ${part} % of the sold ${ghsAsTH(p.Sold)} TH/s, shown by accepted work at our pool over ${window}, at 95 % confidence.`
        : `Less than ${part} % of the sold ${ghsAsTH(p.Sold)} TH/s: even the upper bound over ${window} is below the floor.`,
      lines: [
        { label: 'Accepted shares', value: int(p.Shares) },
        { label: 'Σ difficulty', value: int(p.Work) },
        { label: 'Estimate', value: `${ths(p.Estimate)} TH/s` },
        { label: 'Lower bound, one-sided 95 %', value: `${ths(p.Lower)} TH/s` },
        { label: 'Upper bound, one-sided 95 %', value: `${ths(p.Upper)} TH/s` },
        ok ? { label: 'Floor', value: `${ths(p.Floor)} TH/s`, mark: 'met', more: `met by ${ths(p.Lower - p.Floor)}` }
          : { label: 'Floor', value: `${ths(p.Floor)} TH/s`, mark: 'missed', more: `missed by ${ths(p.Floor - p.Upper)}` },
        { label: 'Bound to', value: 'unit secret + dock scan' },
      ],
      chips: [event(e.id), id('trade', p.Trade)],
    };
  }
  const started = f['proof.started'];
  if (!started) return nothing('The proof begins when the machine is redirected at the buyer’s site.');
  const p = b.proving;
  return {
    claim: 'Only work of this unit’s own sessions counts. The proof is met when the 95 % lower bound clears the floor.',
    lines: [
      { label: 'Sold', value: `${ghsAsTH(started.p.SoldGHs)} TH/s` },
      { label: 'Accepted shares so far', value: p && p.shares > 0 ? int(p.shares) : 'no shares' },
      { label: 'Lower bound, one-sided 95 %', value: p?.lowerThs == null ? 'too few shares' : `${p.lowerThs.toFixed(1)} TH/s` },
      { label: 'Floor', value: p?.floorThs == null ? 'not read' : `${p.floorThs.toFixed(1)} TH/s` },
      { label: 'Running', value: duration(gap(started.at, b.now)) },
    ],
    chips: [event(started.id), id('trade', started.p.Trade)],
  };
}
