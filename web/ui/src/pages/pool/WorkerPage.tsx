import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { minerOfUnitQuery, useMe, workerQuery, workerSeriesQuery, workerWorkQuery } from '../../api/queries';
import type { PoolChart as ChartData } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent } from '../../lib/format';
import { dayMinute, dayYear, minute } from '../../lib/time';
import { Figure, FigureStrip, Missing, Segments, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table } from '../../parts/Table';
import { useNow, usePhone } from '../../parts/useNow';
import { reasonOf } from './chartdata';
import { PoolChart } from './PoolChart';
import { PoolTabs } from './PoolTabs';
import { RotateSecret } from './RotateSecret';
import { StateChip } from './states';
import { ForensicsTile, GapTile, SessionsTile } from './WorkerTiles';
import '../org/org.css';
import './pool.css';

const BACK = { '1h': [3600, 60], '6h': [21_600, 300], '24h': [86_400, 900] } as const;
type Back = keyof typeof BACK;

/** One worker: what it does, what was refused, and what it did by rate. */
export default function WorkerPage() {
  const { id = '' } = useParams();
  const phone = usePhone();
  const [back, setBack] = useState<Back>('1h');
  const [at, setAt] = useState('');
  const now = useNow(5000);
  const w = useQuery(workerQuery(id));
  const [seconds, step] = BACK[back];
  const series = useQuery(workerSeriesQuery(id, seconds, step));
  const unit = w.data?.unit_id;
  const can = useMe().data?.can ?? [];
  const miner = useQuery({ ...minerOfUnitQuery(unit ?? ''), enabled: unit !== undefined && can.includes('fleet.read') }).data?.id;
  const work = useQuery(workerWorkQuery(id));
  usePageTitle(w.data?.user ?? 'Worker');
  const chart = useMemo((): ChartData | null => series.data ? {
    from: new Date(series.dataUpdatedAt - seconds * 1000).toISOString(), to: new Date(series.dataUpdatedAt).toISOString(), points: series.data, prices: [], blocks: [],
  } : null, [series.data, series.dataUpdatedAt, seconds]);
  const d = w.data;
  const figure = (r: { ths: number; lower_ths: number; upper_ths?: number }, shares: number) => shares
    ? { value: fixed(r.ths, 1), unit: 'TH/s', made: r.upper_ths === undefined ? '' : `${fixed(r.lower_ths, 1)} to ${fixed(r.upper_ths, 1)} at 95 %` }
    : { value: <Missing>no shares</Missing>, made: 'in this window' };
  return (
    <article className="pl pl-scroll">
      <PoolTabs />
      {w.isError && <Failed what="The worker was not read" error={w.error} onRetry={() => void w.refetch()} />}
      {w.isPending && <SkeletonBlock />}
      {d && (
        <>
          <header className="pl-worker"><h2 className="mono">{d.user}</h2> <StateChip w={d} now={now} />
            <span className="t2">{d.unit_id ? <><Link to={`/units/${d.unit_id}`}>life line</Link>{miner && <> · <Link to={`/miners/${miner}`}>miner</Link></>}</> : 'a plain worker'} · since {dayYear(d.created_at)}{d.retired_at && ` · retired ${dayMinute(d.retired_at)}`}{d.agent && ` · ${d.agent}`}{d.old_secret_until && Date.parse(d.old_secret_until) > now && ` · the old secret is good until ${dayMinute(d.old_secret_until)}`}</span>
            <span className="pl-right"><RotateSecret w={d} /></span></header>
          <FigureStrip>
            <Figure label="5 min" accent {...figure(d, d.shares)} />
            <Figure label="1 h" accent {...figure(d.hour, d.hour.shares)} />
            <Figure label="24 h" accent {...figure(d.day, d.day.shares)} />
            <Figure label="Rejected, 24 h" value={d.day.shares + d.day.rejected ? percent(d.day.rejected / (d.day.shares + d.day.rejected), 2) : <Missing>no shares</Missing>} unit="%" made={Object.entries(d.day.rejects).map(([code, n]) => `${int(n)} ${reasonOf(Number(code))[0].toLowerCase()}`).join(', ') || 'none'} />
            <Figure label="Difficulty" value={d.wire_difficulty ? fixed(d.wire_difficulty, d.wire_difficulty < 10 ? 5 : 0) : <Missing>not connected</Missing>} made={`${int(d.sessions)} ${d.sessions === 1 ? 'session' : 'sessions'}`} />
          </FigureStrip>
          <Tile title="Accepted hashrate" aside={<Segments label="Window" options={(Object.keys(BACK) as Back[]).map((value) => ({ value, label: value.replace('h', ' h') }))} on={[back]} onPick={setBack} />} className="pl-worker-chart">
            {series.isError && <Failed what="The series was not read" error={series.error} />}
            {chart && (chart.points.length === 0 ? <Empty title="No shares in this window">Look further back, or at the machine.</Empty> : <PoolChart data={chart} phone={phone} />)}
          </Tile>
          <div className="pl-three">
            <ForensicsTile w={d} />
            <GapTile w={d} />
            <SessionsTile w={d} />
          </div>
          <Tile title="Booked work by rate" aside="newest first">
            {work.isError && <Failed what="Booked work was not read" error={work.error} />}
            {work.data?.length === 0 ? <Empty title="Nothing booked yet">Work is booked with every accepted share.</Empty> : (
              <Table
                label="Booked work" rows={work.data} id={(e) => e.epoch} at={at} onAt={setAt}
                columns={[
                  { head: 'Period, UTC', cell: (e) => <>{dayMinute(e.period_start)} – {minute(e.period_end)}</>, width: 120 },
                  { head: 'Difficulty', num: true, cell: (e) => fixed(e.difficulty, e.difficulty < 100 ? 4 : 0), wide: true },
                  { head: 'Shares', num: true, cell: (e) => int(e.shares) },
                  { head: 'Σ work, 2⁻³²', num: true, cell: (e) => <span className="mono">{int(e.work)}</span> },
                  { head: 'Rejected', num: true, cell: (e) => int(e.rejected), wide: true },
                  { head: 'Settled', cell: (e) => (e.settled ? 'on a statement' : <span className="t2">not yet</span>), wide: true },
                ]}
              />
            )}
          </Tile>
        </>
      )}
    </article>
  );
}
