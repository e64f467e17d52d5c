import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { call } from '../../api/client';
import {
  fleetAlertsQuery, machineQuery, minerQuery, unitEventsQuery, unitReadingsQuery, unitRedirectsQuery, unitSeriesQuery, useMe,
} from '../../api/queries';
import type { Machine, Miner, Redirect } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { dayMinute, daySecond, duration, second } from '../../lib/time';
import { Confirm } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { StateLadder } from '../../parts/Ladder';
import { Figure, FigureStrip, Missing, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow, usePhone } from '../../parts/useNow';
import { HEALTHS, placeOf, plusMinus } from '../fleet/health';
import { planFor, trailing } from '../lifeline/chartmath';
import { HashChart, type ChartData } from '../lifeline/HashChart';
import { Boards } from './Boards';
import { offLadder, rungsOf } from './ladder';
import '../lifeline/lifeline.css';
import './miner.css';

/** One machine: what it says of itself against what the pool counts, board by
 *  board, and where it is pointed at. */
export default function MinerPage() {
  const { id = '' } = useParams();
  const miner = useQuery(minerQuery(id));
  const machine = useQuery(machineQuery(id));
  usePageTitle(miner.data?.serial ? `${miner.data.serial.slice(-8)} machine` : 'Machine');
  if (miner.isPending) return <SkeletonBlock height={400} label="Loading the machine" />;
  if (miner.isError) return <Failed what="No such machine to see" error={miner.error} onRetry={() => void miner.refetch()} />;
  return <Sheet key={id} m={miner.data} line={machine.data} />;
}

function Sheet({ m, line }: { m: Miner; line: Machine | undefined }) {
  const phone = usePhone();
  const redirects = useQuery({ ...unitRedirectsQuery(m.unit_id ?? ''), enabled: !!m.unit_id });
  const last = redirects.data?.find((r) => r.miner_id === m.id) ?? redirects.data?.[0];
  return (
    <article className="miner">
      <Head m={m} line={line} phone={phone} />
      <Figures m={m} line={line} />
      <div className="mn-body">
        <div className="mn-main">
          <Tile title="Boards and chips" aside={m.reading && `read ${second(m.reading.at)}`}><Boards boards={m.boards} reading={m.reading} /></Tile>
          {m.reading?.unread && m.reading.unread.length > 0 && (
            <p className="mn-unread sm t2"><Glyph kind="look" size={11} /> Not read: {m.reading.unread.join('; ')}</p>
          )}
          <div className="mn-two">
            <Tile title="Pool-side against reported" className="mn-chart" aside="TH/s, last 24 h · dotted: reported">
              {m.unit_id ? <Rates unit={m.unit_id} nominal={line?.nominal_ths} phone={phone} /> : <Empty>This machine is no unit of yours, so the pool counts nothing for it.</Empty>}
            </Tile>
            <Events m={m} />
          </div>
        </div>
        <div className="mn-side">
          <Tile title="Redirect" aside={last && <Where r={last} />}>
            {redirects.isError && <Failed what="Redirects not read" error={redirects.error} onRetry={() => void redirects.refetch()} />}
            {last ? <Ladder r={last} /> : !redirects.isPending && <Empty>Never redirected from here. Redirect writes our pool into slot 1, empties the others and reads them back.</Empty>}
          </Tile>
          <Tile title="Slots as last read" aside={m.reading ? daySecond(m.reading.at) : undefined}><Slots m={m} wanted={last} /></Tile>
        </div>
      </div>
    </article>
  );
}

function Head({ m, line, phone }: { m: Miner; line: Machine | undefined; phone: boolean }) {
  const now = useNow(1000);
  const me = useMe().data;
  const may = (me?.can.includes('fleet.redirect') ?? false) && m.unit_id !== undefined && me?.org.id === m.org_id;
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const redirect = useMutation({
    mutationFn: () => call<Redirect>('POST', `/miners/${m.id}/redirect`, { body: { accept_mismatch: false } }),
    onSuccess: () => setAsking(false),
    onSettled: () => void client.invalidateQueries({ queryKey: ['unit', m.unit_id] }),
  });
  useHotkeys({ r: () => may && setAsking(true) });
  const health = line?.health ?? (m.state === 'offline' ? 'offline' : 'ok');
  return (
    <>
      <header className="page-head mn-head">
        <h1 className="mono">{m.serial || m.address}</h1>
        <StatusChip kind={HEALTHS[health][0]}>{HEALTHS[health][1]}</StatusChip>
        <span className="about">
          {[m.model ?? 'model not told', m.firmware, m.address, line && placeOf(line), `${m.site_name} agent, ${duration((now - Date.parse(m.last_seen)) / 1000)} ago`].filter(Boolean).join(' · ')}
        </span>
        <div className="mn-do">
          {m.unit_id && <Link className="btn" to={`/units/${m.unit_id}`}>Life line</Link>}
          {may && <button type="button" className="btn btn-primary" onClick={() => setAsking(true)}>Redirect{!phone && <> <kbd className="kbd">r</kbd></>}</button>}
        </div>
      </header>
      {line?.why && health !== 'ok' && (
        <div className="strip strip-warn strip-flush" role="note"><Glyph kind={HEALTHS[health][0]} size={12} /><span className="b">{HEALTHS[health][1]}</span><span className="t2">{line.why}</span></div>
      )}
      <Confirm opened={asking} title={`Redirect ${m.serial}`} does="Redirect" busy={redirect.isPending} onYes={() => redirect.mutate()} onNo={() => { redirect.reset(); setAsking(false); }}>
        <p>The agent reads the identity again, keeps the {m.slots.length || 'old'} slots as they are, writes our pool into slot 1, empties the others and reads all of them back. Nothing is written to another machine than {m.serial}.</p>
        {m.quarantine && <p className="t2">Quarantined: {m.quarantine}</p>}
        {redirect.isError && <Failed what="Not redirected" error={redirect.error} />}
      </Confirm>
    </>
  );
}

function Figures({ m, line }: { m: Miner; line: Machine | undefined }) {
  const r = m.reading;
  const v = line?.verified;
  const pm = v && plusMinus(v);
  const pools = r?.pools ?? [];
  const accepted = pools.reduce((n, p) => n + (p.accepted ?? 0), 0);
  const rejected = pools.reduce((n, p) => n + (p.rejected ?? 0), 0);
  const nothing = <Missing>not read</Missing>;
  return (
    <FigureStrip>
      <Figure label="Pool-verified, 1 h" accent={!!v} value={v ? fixed(v.ths, 1) : <Missing>no shares</Missing>} unit={v && 'TH/s'} made={v && (pm ? `±${pm} at 95 %, over ${duration(v.seconds)}` : `over ${duration(v.seconds)}`)} />
      <Figure label="Reported" value={r?.reported_ths === undefined ? nothing : fixed(r.reported_ths, 1)} unit={r?.reported_ths === undefined ? undefined : 'TH/s'} made={r?.ideal_ths === undefined ? 'nominal not told' : `of ${fixed(r.ideal_ths, 1)} nominal`} />
      <Figure label="Power" value={r?.power_w === undefined ? <Missing>not told</Missing> : int(r.power_w)} unit={r?.power_w === undefined ? undefined : 'W'} made={r?.power_w !== undefined && v && v.ths > 0 ? `${fixed(r.power_w / v.ths, 1)} J/TH pool-verified` : undefined} />
      <Figure label="Hottest sensor" value={r?.max_temp_c === undefined ? nothing : fixed(r.max_temp_c, 0)} unit={r?.max_temp_c === undefined ? undefined : '°C'} made="alert from 86 °C" />
      <Figure label="Hardware errors" value={r?.hardware_errors === undefined ? nothing : int(r.hardware_errors)} made={r?.uptime_s === undefined ? 'since start' : `in ${duration(r.uptime_s)} up`} />
      <Figure label="Rejected by its pool" value={accepted + rejected > 0 ? percent(rejected / (accepted + rejected), 2) : <Missing>no shares told</Missing>} unit={accepted + rejected > 0 ? '%' : undefined} made={accepted + rejected > 0 ? `${int(rejected)} of ${int(accepted + rejected)}, reported` : undefined} />
    </FigureStrip>
  );
}

function Where({ r }: { r: Redirect }) {
  if (r.state === 'failed') return <StatusChip kind="wrong">Off the ladder</StatusChip>;
  if (r.state === 'hashing') return <StatusChip kind="done">Redirected, hashing</StatusChip>;
  if (r.redirected) return <StatusChip kind="done">Redirected</StatusChip>;
  return <StatusChip kind="live">Under way</StatusChip>;
}

function Ladder({ r }: { r: Redirect }) {
  const off = offLadder(r);
  return (
    <>
      <StateLadder label="How far the redirect is proven" rungs={rungsOf(r)} />
      {off && (
        <div className="strip strip-bad" role="note">
          <Glyph kind="wrong" size={12} label="failed" /><span className="b">{off.cause}</span><span className="t2">{off.next}</span>
        </div>
      )}
    </>
  );
}

function Slots({ m, wanted }: { m: Miner; wanted: Redirect | undefined }) {
  if (m.slots.length === 0) return <Empty>The slots were not read yet.</Empty>;
  const active = m.reading?.pools?.find((p) => p.stratum_active);
  return (
    <ul className="mn-slots">
      {m.slots.map((s) => {
        const w = wanted?.redirected ? (wanted.wanted.find((x) => x.slot === s.slot) ?? { url: '', user: '' }) : null;
        const same = w === null || (w.url === s.url && w.user === s.user);
        const runs = active?.url === s.url && active.user === s.user && s.url !== '';
        return (
          <li key={s.slot} className={same ? undefined : 'mn-differs'}>
            <Glyph kind={!same ? 'wrong' : runs ? 'live' : s.url ? 'todo' : 'off'} size={12} label={!same ? 'differs from what was written' : runs ? 'active' : s.url ? 'standby' : 'empty'} />
            <span className="t2">{s.slot}</span>
            <span className="mono sm">{s.url ? `${s.url} · ${s.user}` : 'empty'}</span>
            {runs && <span className="sm t2">active</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Machine's own past: alerts and the unit's events, newest first. */
function Events({ m }: { m: Miner }) {
  const alerts = useQuery(fleetAlertsQuery(m.id));
  const events = useQuery({ ...unitEventsQuery(m.unit_id ?? ''), enabled: !!m.unit_id, retry: false });
  const all = [
    ...(alerts.data ?? []).map((a) => ({
      id: a.id, at: a.raised_at, kind: a.state === 'cleared' ? ('done' as const) : HEALTHS[a.kind][0],
      what: `${HEALTHS[a.kind][1]}: ${a.cause}${a.cleared_at ? `, over after ${duration((Date.parse(a.cleared_at) - Date.parse(a.raised_at)) / 1000)}` : ''}`,
    })),
    ...(events.data ?? []).map((e) => ({ id: e.id, at: e.at, kind: 'done' as const, what: WORDS[e.kind] ?? e.kind.replace('.', ' ') })),
  ].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 60);
  return (
    <Tile title="Events" className="mn-events" aside={m.unit_id && <Link to={`/units/${m.unit_id}`}>Life line</Link>}>
      {alerts.isError ? <Failed what="Alerts not read" error={alerts.error} onRetry={() => void alerts.refetch()} />
        : all.length === 0 ? <Empty>Nothing happened to this machine yet.</Empty>
        : <ul className="scroll-y mn-list">{all.map((e) => (
          <li key={e.id}><span className="sm t2">{dayMinute(e.at)}</span><Glyph kind={e.kind} size={11} /><span>{e.what}</span></li>
        ))}</ul>}
    </Tile>
  );
}

const WORDS: Record<string, string> = {
  'miner.seen': 'Seen by an agent', 'miner.redirected': 'Redirected, all slots read back', 'redirect.failed': 'Redirect failed',
  'session.opened': 'Session at our pool', 'hashrate.proven': 'Hashrate proven', 'hashrate.refuted': 'Hashrate not proven',
  'units.delivered': 'Received', 'earnings.settled': 'Earnings settled', 'trade.matched': 'Sold', 'proof.started': 'Proof started',
};

const DAY = 24 * 3600;

function Rates({ unit, nominal, phone }: { unit: string; nominal: number | undefined; phone: boolean }) {
  // One instant for the whole visit: the key of the query must not run.
  const [since] = useState(() => new Date(Math.floor(Date.now() / 60_000 - 24 * 60) * 60_000).toISOString());
  const plan = planFor(DAY);
  const series = useQuery({ ...unitSeriesQuery(unit, since, plan.step), retry: false });
  const readings = useQuery({ ...unitReadingsQuery(unit, since, plan.step), retry: false });
  const chart = useMemo((): ChartData => {
    const points = (series.data ?? []).filter((p) => p.seconds > 0);
    const first = points[0] ? Date.parse(points[0].at) / 1000 : Date.now() / 1000;
    const p = planFor(Date.now() / 1000 - first);
    return {
      estimates: trailing(points, { ...p, step: 900 }, first), dots: [],
      reported: (readings.data ?? []).flatMap((r) => (r.ths === undefined ? [] : [{ t: Date.parse(r.at) / 1000, ths: r.ths }])),
      sold: nominal ?? null, soldIs: 'nominal', floor: null, proof: null, releasedAt: null, now: Date.now() / 1000,
    };
  }, [series.data, readings.data, nominal]);
  if (series.isError) return <Failed what="Work not read" error={series.error} onRetry={() => void series.refetch()} />;
  if (series.isPending) return <SkeletonBlock height={200} label="Loading the chart" />;
  if (chart.estimates.length === 0 && chart.reported.length === 0) return <Empty>No shares at our pool and no readings in the last 24 h.</Empty>;
  return <HashChart data={chart} phone={phone} />;
}
