import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { hashpriceQuery, workerCountsQuery } from '../../api/pool';
import { blocksQuery, luckQuery, poolChartQuery, poolOverviewQuery, poolQuery, refusalsQuery } from '../../api/queries';
import type { Luck as LuckRow } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, hashrate, int, percent, usd } from '../../lib/format';
import { duration, span } from '../../lib/time';
import { Figure, FigureStrip, Missing, Segments, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow, usePhone } from '../../parts/useNow';
import { BlocksTable } from './BlocksTable';
import { luckWords, reasonOf } from './chartdata';
import { PoolChart } from './PoolChart';
import { PoolTabs } from './PoolTabs';
import './pool.css';

const WINDOWS = ['1h', '24h', '7d', '30d', '1y'] as const;
type Window = (typeof WINDOWS)[number];
const NAMES: Record<Window, string> = { '1h': '1 h', '24h': '24 h', '7d': '7 d', '30d': '30 d', '1y': '1 y' };

/** Hashrate over hashprice, luck, refusals and blocks: the pool at a look. */
export default function OverviewPage() {
  usePageTitle('Pool');
  const phone = usePhone();
  const pool = useQuery(poolQuery).data;
  const [picked, setWindow] = useState<Window | null>(null);
  // A local world is young: a day would be empty but for its end.
  const window = picked ?? (pool && pool.work_scale > 1 ? '1h' : '24h');
  const chart = useQuery(poolChartQuery(window));
  return (
    <article className="pl">
      <PoolTabs />
      <Figures />
      <div className="pl-body">
        <Tile
          title="Hashrate and hashprice" className="pl-chart-tile"
          aside={<>{!phone && <><i className="pl-key pl-key-band" /> accepted, 95 % <i className="pl-key pl-key-price" /> sat/PH/day <span aria-hidden>▲</span> block</>} <Segments label="Window" options={WINDOWS.map((value) => ({ value, label: NAMES[value] }))} on={[window]} onPick={setWindow} /></>}
        >
          {chart.isError && <Failed what="The chart was not read" error={chart.error} onRetry={() => void chart.refetch()} />}
          {chart.isPending && <SkeletonBlock height={320} />}
          {chart.data && (chart.data.points.length === 0 && chart.data.blocks.length === 0
            ? <Empty title="No shares in this window">Point a machine at the pool, or look further back.</Empty>
            : <PoolChart data={chart.data} phone={phone} />)}
        </Tile>
        <LuckTile />
        <Rejects />
        <LastBlocks />
      </div>
    </article>
  );
}

function Figures() {
  const o = useQuery(poolOverviewQuery);
  const pool = useQuery(poolQuery).data;
  const price = useQuery(hashpriceQuery('1h')).data?.at(-1);
  const counts = useQuery(workerCountsQuery).data;
  const now = useNow(10_000);
  if (o.isError) return <Failed what="The pool's figures were not read" error={o.error} onRetry={() => void o.refetch()} />;
  const d = o.data;
  if (!d) return <SkeletonBlock height={80} />;
  const hour = hashrate(d.hour.ths * 1e12);
  const half = d.hour.upper_ths === undefined ? null : (d.hour.upper_ths - d.hour.lower_ths) / 2;
  const all = d.day.shares + d.day.rejected;
  const per = hour.unit === 'EH/s' ? 1e6 : hour.unit === 'PH/s' ? 1e3 : 1;
  return (
    <FigureStrip>
      <Figure label="Accepted work, 1 h" accent value={d.hour.shares ? hour.value : <Missing>no shares</Missing>} {...(d.hour.shares && { unit: hour.unit })} made={half === null || !d.hour.shares ? 'in the last hour' : `±${fixed(half / per, 3)} at 95 %`} />
      <Figure label="Hashprice" value={pool ? int(pool.hashprice * 1000) : <Missing>unknown</Missing>} unit="sat/PH/day" made={price?.usd_per_ph_day !== undefined && price.bitcoin_price ? `$${fixed(price.usd_per_ph_day, 2)}/PH/day at ${usd(price.bitcoin_price.cents_per_btc)}` : pool && `before the fee of ${fixed(pool.fee_ppm / 10_000, 2)} %`} />
      <Figure label="Workers" value={int(d.workers)} made={counts ? `${int(counts.online)} online, ${int(counts.slow)} slow, ${int(counts.silent)} silent` : `${int(d.working)} with a share in 5 min`} />
      <Figure label="Rejected, 24 h" value={all ? percent(d.day.rejected / all, 3) : <Missing>no shares</Missing>} {...(all && { unit: '%' })} made={`${int(d.day.rejected)} of ${int(all)} submits`} />
      {d.network_share ? <Figure label="Network share" value={percent(d.network_share, 3)} unit="%" made={`difficulty ${fixed(d.difficulty / 1e12, 2)} T`} />
        : <Figure label="Network difficulty" value={fixed(d.difficulty, d.difficulty < 100 ? 4 : 0)} made={pool && `${pool.network}, work scale ${int(pool.work_scale)}`} />}
      <Figure label="Next block, expected" value={d.next_block_seconds ? span(d.next_block_seconds) : <Missing>unknown</Missing>} made={d.last_block ? `last one ${duration((now - Date.parse(d.last_block.found_at)) / 1000)} ago` : 'none found yet'} />
    </FigureStrip>
  );
}

const SCALE = 2.5; // the axis ends at 250 %

function LuckTile() {
  const luck = useQuery(luckQuery);
  return (
    <Tile title="Luck" aside="blocks found against expected, Poisson 95 %" className="pl-luck">
      {luck.isError && <Failed what="Luck was not read" error={luck.error} onRetry={() => void luck.refetch()} />}
      {luck.isPending && <SkeletonBlock height={240} />}
      {luck.data && (
        <>
          <div className="pl-luck-axis sm t2" aria-hidden>{[0, 50, 100, 150, 200, 250].map((p) => <span key={p}>{p} %</span>)}</div>
          <ul>{luck.data.map((l) => <LuckLine key={l.seconds} l={l} />)}</ul>
          <p className="pl-note t2 sm">{luckWords(luck.data)}</p>
        </>
      )}
    </Tile>
  );
}

function LuckLine({ l }: { l: LuckRow }) {
  const at = (n: number) => `${Math.min(1, n / l.expected / SCALE) * 100}%`;
  const name = l.seconds <= 86_400 ? `${l.seconds / 3600} h` : `${l.seconds / 86_400} d`;
  const known = l.expected > 0.005;
  return (
    <li className="pl-luck-line">
      <p><b>{name}</b> <span className="t2">{int(l.found)} found, {known ? fixed(l.expected, l.expected < 10 ? 2 : 1) : 'none'} expected{known && `, range ${l.low}–${l.high}`}</span>
        <b className="pl-right">{known ? `${percent(l.found / l.expected, 1)} %` : 'too little work'}</b></p>
      {known && (
        <div className="pl-luck-bar" role="img" aria-label={`${name}: ${l.found} found, range ${l.low} to ${l.high}`}>
          <i className="pl-luck-range" style={{ left: at(l.low), width: `calc(${at(l.high)} - ${at(l.low)})` }} />
          <i className="pl-luck-one" style={{ left: `${100 / SCALE}%` }} />
          <svg className="pl-luck-here" style={{ left: at(l.found) }} width="12" height="12" viewBox="0 0 12 12" aria-hidden><path d="M6 0l6 6-6 6-6-6z" fill="var(--ac)" /></svg>
        </div>
      )}
    </li>
  );
}

function Rejects() {
  const r = useQuery(refusalsQuery);
  const all = r.data ? r.data.accepted + r.data.rejected : 0;
  const most = Math.max(1, ...(r.data?.items.map((i) => i.count) ?? []));
  return (
    <Tile title="Rejects by reason" aside="24 h, % of submits" className="pl-rejects">
      {r.isError && <Failed what="Rejects were not read" error={r.error} onRetry={() => void r.refetch()} />}
      {r.isPending && <SkeletonBlock height={160} />}
      {r.data?.items.length === 0 && <p className="pl-note t2">{all === 0 ? 'No submits in the last day.' : `None of ${int(all)} submits was refused.`}</p>}
      <ul>
        {r.data?.items.map((i) => {
          const [name, cause] = reasonOf(i.code);
          return (
            <li key={i.code} className="pl-reject">
              <div><span className="m">{name}</span>
                <span className="sm t2">{cause}</span>
                <span className="sm t3">{i.workers === 1 ? 'all' : `${int(i.workers)} workers, ${percent(i.most / Math.max(1, i.count), 0)} %`} by <Link className="mono" to={`/pool/workers/${i.worst_id ?? ''}`}>{i.worst}</Link></span></div>
              <span className="num t2">{int(i.count)}</span>
              <span className="pl-reject-bar"><i style={{ width: `${(i.count / most) * 100}%` }} /></span>
              <span className="num">{percent(i.count / Math.max(1, all), 3)}</span>
            </li>
          );
        })}
      </ul>
    </Tile>
  );
}

function LastBlocks() {
  const list = useQuery(blocksQuery);
  return (
    <Tile title="Last blocks" aside={<Link to="/pool/blocks">All</Link>} className="pl-blocks">
      {list.isError && <Failed what="Blocks were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty title="No block found yet">Work is paid all the same.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && <BlocksTable rows={list.data?.slice(0, 8)} keys={false} />}
    </Tile>
  );
}
