import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import {
  poolQuery, tradeQuery, unitEarningsQuery, unitEventsQuery, unitMoneyQuery, unitQuery, unitReadingsQuery,
  unitRedirectsQuery, unitSeriesQuery,
} from '../../api/queries';
import type { Trade, Unit } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { ghsAsTH, int, percent, pricePerTH, usd } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { day, duration } from '../../lib/time';
import { Figure, FigureStrip, Missing, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow, usePhone } from '../../parts/useNow';
import { dotsOf, planFor, trailing, type Estimate, type Plan } from './chartmath';
import { evidenceOf } from './evidence';
import { conditionAt, dealOf, factsOf, type Facts } from './facts';
import { HashChart, type ChartData } from './HashChart';
import { LifeLine, LifeList } from './LifeLine';
import { currentOf, elapsed, nodesOf, workHidden, type Beside, type Step } from './nodes';
import { EarningsTile, EvidenceBody, EvidenceTile, IdentityTile, MoneyTile } from './Tiles';
import './lifeline.css';

export default function LifeLinePage() {
  const { id = '' } = useParams();
  const unit = useQuery(unitQuery(id));
  usePageTitle(unit.data ? `${unit.data.serial.slice(-8)} life line` : 'Life line');
  if (unit.isPending) return <SkeletonBlock height={400} label="Loading the machine" />;
  if (unit.isError) {
    return <Failed what="No such machine to see" error={unit.error} onRetry={() => void unit.refetch()} />;
  }
  return <Life key={id} unit={unit.data} />;
}

function Life({ unit }: { unit: Unit }) {
  const phone = usePhone();
  const now = useNow(phone ? 5000 : 1000);
  const events = useQuery(unitEventsQuery(unit.id));
  const facts = useMemo(() => factsOf(events.data ?? []), [events.data]);
  const trade = useQuery({ ...tradeQuery(dealOf(facts)?.trade ?? ''), retry: false }).data;
  const condition = conditionAt(facts, unit.id, trade?.proofs);
  const money = useQuery({ ...unitMoneyQuery(unit.id), retry: false });
  const earnings = useQuery({ ...unitEarningsQuery(unit.id), retry: false });
  const redirects = useQuery({ ...unitRedirectsQuery(unit.id), retry: false });
  const pool = useQuery(poolQuery).data;
  const work = useWork(unit.id, facts, now);
  const { estimates, dots, reported } = work;
  const proving = provingOf(trade, facts, unit.id);
  const decided = facts['hashrate.proven'] ?? facts['hashrate.refuted'];
  const floor = decided ? decided.p.Floor / 1e12 : (proving?.floorThs ?? null);
  const chart = useMemo(
    () => chartOf(facts, unit, { estimates, dots, reported }, floor), [facts, unit, estimates, dots, reported, floor],
  );

  const latest = work.estimates.at(-1);
  const poolNow = latest && latest.shares >= FEW_SHARES ? latest : null;
  const earned = earnings.data?.total_sats;
  const beside: Beside = {
    now, condition, ...names(trade), ...(earned === undefined ? {} : { earnedSats: earned }),
    ...(pool ? { feePpm: pool.fee_ppm } : {}), poolNow, proving,
  };
  const nodes = nodesOf(facts, beside);
  const [picked, setPicked] = useState<Step | null>(null);
  const [sheet, setSheet] = useState(false);
  const selected = picked ?? currentOf(nodes);
  const node = nodes.find((n) => n.step === selected);
  const move = (by: number) => {
    const i = nodes.findIndex((n) => n.step === selected) + by;
    setPicked(nodes[Math.max(0, Math.min(nodes.length - 1, i))]?.step ?? null);
  };
  useHotkeys({ j: () => move(1), k: () => move(-1), ArrowRight: () => move(1), ArrowLeft: () => move(-1) });

  const evidence = evidenceOf(selected, node?.state === 'done' && node.lines.length === 0, facts, unit, beside, redirects.data?.[0]);
  const current = nodes.find((n) => n.step === currentOf(nodes));
  const sum = { unit, facts, poolNow, plan: work.plan, earned, floor };
  if (events.isError) return <Failed what="The history did not load" error={events.error} onRetry={() => void events.refetch()} />;
  if (events.isPending) {
    return (
      <article className="life">
        <Head unit={unit} state={null} trade={undefined} phone={phone} />
        <SkeletonBlock height={400} label="Loading the history" />
      </article>
    );
  }
  if (!node) return null;
  const line = { nodes, selected, onSelect: (s: Step) => { setPicked(s); setSheet(true); } };
  return (
    <article className="life">
      <Head unit={unit} state={current?.state === 'todo' ? NOT_LISTED : (current ?? null)} trade={trade} phone={phone} />
      <Figures {...sum} phone={phone} />
      {!phone && <LifeLine {...line} />}
      <div className="ll-body">
        <Tile
          title="Pool-verified hashrate against the sold hashrate" className="ll-chart"
          aside={!phone && <Legend plan={work.plan} />}
        >
          {work.error ? <Failed what="Work not read" error={work.error} onRetry={work.retry} />
            : work.estimates.length === 0 && chart.reported.length === 0
            ? <Empty>No accepted shares and no readings yet. The line begins with the first share at our pool.</Empty>
            : <HashChart data={chart} phone={phone} />}
        </Tile>
        {!phone && <EvidenceTile node={node} evidence={evidence} />}
      </div>
      {phone && (
        <>
          <h2 className="tile-head b">Life line</h2>
          <LifeList {...line} />
          <Drawer opened={sheet} onClose={() => setSheet(false)} position="bottom" size="70%" title={node.name}>
            <EvidenceBody evidence={evidence} />
          </Drawer>
        </>
      )}
      <div className="ll-bottom">
        <IdentityTile unit={unit} facts={facts} condition={condition} redirect={redirects.data?.find((r) => r.redirected)} />
        <MoneyTile money={money} facts={facts} />
        <EarningsTile earnings={earnings} hidden={workHidden(facts)} />
      </div>
    </article>
  );
}

/** Below this the normal interval says nothing; the chart still shows it. */
const FEW_SHARES = 20;

interface Work {
  /** Why the pool's figures are missing; null when they are not. */
  error: unknown;
  retry: () => void;
  plan: Plan;
  estimates: Estimate[];
  dots: { t: number; ths: number }[];
  reported: { t: number; ths: number }[];
}

/** Accepted work and the miner's own reports since its first session. */
function useWork(id: string, facts: Facts, now: number): Work {
  const since = facts['session.opened']?.at ?? '';
  const life = since ? (now - Date.parse(since)) / 1000 : 0;
  const { step, window, dot } = planFor(life);
  const asked = useQuery(unitSeriesQuery(id, since, step));
  const series = asked.data;
  const readings = useQuery({
    ...unitReadingsQuery(id, since || (facts['order.placed']?.at ?? facts.foundAt ?? ''), step), retry: false,
  }).data;
  // The running bucket grows: recompute when figures come, not every second.
  const figures = useMemo(() => {
    const plan = { step, window, dot };
    const at = Date.now() / 1000;
    const points = series ?? [];
    return {
      plan,
      estimates: trailing(points, plan, since ? Date.parse(since) / 1000 : at),
      dots: dotsOf(points, plan, at),
      reported: (readings ?? []).flatMap((r) => (r.ths === undefined ? [] : [{ t: Date.parse(r.at) / 1000, ths: r.ths }])),
    };
  }, [series, readings, step, window, dot, since]);
  return { ...figures, error: asked.error, retry: () => void asked.refetch() };
}

function chartOf(f: Facts, unit: Unit, w: Pick<Work, 'estimates' | 'dots' | 'reported'>, floor: number | null): ChartData {
  const decided = f['hashrate.proven'] ?? f['hashrate.refuted'];
  const started = f['proof.started'];
  const sold = started ? started.p.SoldGHs / 1000 : (dealOf(f)?.soldGHs ?? 0) / 1000 || unit.nominal_ths || null;
  const unix = (t: string) => Date.parse(t) / 1000;
  return {
    estimates: w.estimates, dots: w.dots, reported: w.reported, sold, soldIs: started || dealOf(f) ? 'sold' : 'nominal', now: Date.now() / 1000,
    floor,
    proof: decided ? { from: unix(decided.p.From), to: unix(decided.p.To), passed: 'hashrate.proven' in f }
      : started && f['session.opened'] ? { from: unix(started.at), to: null, passed: false } : null,
    releasedAt: f['held.released'] ? unix(f['held.released'].at) : null,
  };
}

function names(t: Trade | undefined): Partial<Beside> {
  if (!t) return {};
  return {
    tradeNumber: t.number,
    ...(t.buyer.name ? { buyer: t.buyer.name } : {}),
    ...(t.seller.name ? { seller: t.seller.name } : {}),
  };
}

function provingOf(t: Trade | undefined, f: Facts, unit: string): Beside['proving'] {
  const p = t?.proofs.find((x) => x.unit === unit);
  const measured = f['work.measured']?.p;
  if (!p && !measured) return null;
  const shares = p?.shares ?? measured?.Shares ?? 0;
  return { shares, lowerThs: shares > 0 ? (p?.lower_ths ?? null) : null, floorThs: p?.floor_ths ?? null };
}

function Legend({ plan }: { plan: Plan }) {
  return (
    <>
      <span className="legend"><i className="legend-band" /> trailing {duration(plan.window)}, 95 % band</span>
      <span className="legend"><i className="legend-dot" /> {duration(plan.dot)}</span>
      <span className="legend"><i className="legend-dots" /> reported by the miner</span>
      <span className="t3">TH/s</span>
    </>
  );
}

const NOT_LISTED = { name: 'Not listed', state: 'todo' } as const;

function Head({ unit, state, trade, phone }: {
  unit: Unit; state: { name: string; state: 'done' | 'live' | 'todo' | 'wrong' | 'hold' } | null; trade: Trade | undefined; phone: boolean;
}) {
  const chip = state && <StatusChip kind={state.state}>{state.name}</StatusChip>;
  const about = [unit.model, `${unit.nominal_ths.toFixed(1)} TH/s nominal`, unit.site?.name,
    unit.custodian && unit.custodian.id !== unit.owner.id ? `with ${unit.custodian.name}` : null].filter(Boolean).join(' · ');
  if (phone) {
    return (
      <header className="ll-phone-head">
        <div><span className="mono">{unit.serial}</span>{chip}</div>
        <p className="sm t2">{about}{trade && ` · ${trade.number}`}</p>
      </header>
    );
  }
  return (
    <header className="page-head">
      <h1 className="mono">{unit.serial}</h1>
      {chip}
      <span className="about">{about}</span>
      <div className="actions">
        {trade && <span className="chip chip-evidence"><span className="t2">trade</span> <span className="m">{trade.number}</span></span>}
        <Link className="btn" to="/market">Market</Link>
      </div>
    </header>
  );
}

function Figures({ unit, facts, poolNow, plan, earned, floor, phone }: {
  unit: Unit; facts: Facts; poolNow: Estimate | null; plan: Plan; earned: number | undefined; floor: number | null; phone: boolean;
}) {
  const deal = dealOf(facts);
  const sold = deal ? deal.soldGHs / 1000 : null;
  const released = facts['held.released'];
  const paid = released && deal ? Math.round(released.p.Paid / deal.units) : null;
  const ask = facts['order.placed']?.p.Price;
  const since = facts['session.opened']?.at;
  const way = elapsed(facts);
  const hidden = workHidden(facts);
  const noWork = hidden ? 'not yours to see' : since ? 'few shares' : 'no shares';
  const half = poolNow ? (poolNow.upper - poolNow.lower) / 2 : 0;
  return (
    <FigureStrip>
      <Figure
        label={`Pool-verified, ${duration(plan.window)}`} accent={poolNow !== null} unit={poolNow ? 'TH/s' : ''}
        value={poolNow ? poolNow.ths.toFixed(1) : <Missing>{noWork}</Missing>} made={poolNow && `±${half.toFixed(1)} at 95 %`}
      />
      <Figure
        label="Of sold hashrate" unit={poolNow && sold ? '%' : ''}
        value={poolNow && sold ? percent(poolNow.ths / sold) : <Missing>{sold ? noWork : 'not sold'}</Missing>}
        made={sold ? `sold ${sold.toFixed(1)} TH/s${floor === null ? '' : `, floor ${percent(floor / sold, 0)} %`}` : `nominal ${unit.nominal_ths.toFixed(1)} TH/s`}
      />
      <Figure
        label="Price" value={deal ? usd(deal.amountCents) : ask ? `$${pricePerTH(ask)}` : <Missing>not listed</Missing>}
        unit={!deal && ask ? '/TH asked' : ''}
        made={deal && `$${pricePerTH(deal.priceMc)} /TH × ${ghsAsTH(deal.soldGHs)} TH`}
      />
      {!phone && (
        <>
          <Figure
            label="Seller paid" value={paid === null ? <Missing>{facts['trade.funded'] ? 'still held' : 'nothing held'}</Missing> : usd(paid)}
            made={released && `after ${percent(released.p.Commission / released.p.Amount, 2)} % commission`}
          />
          <Figure
            label={`${way?.from ?? 'Listed'} to first session`} value={way?.text ?? <Missing>{hidden ? 'not yours to see' : 'not hashing yet'}</Missing>}
            made={way && `${way.from.toLowerCase()} ${day(way.since)}`}
          />
        </>
      )}
      <Figure
        label={since ? `Earned since ${day(since)}` : 'Earned'} unit={earned === undefined || !facts.firstEarning ? '' : 'sat'}
        value={earned === undefined || !facts.firstEarning ? <Missing>{hidden ? 'not yours to see' : 'nothing settled'}</Missing> : int(earned)}
        made={facts.firstEarning ? 'FPPS, settled periods' : ''}
      />
    </FigureStrip>
  );
}
