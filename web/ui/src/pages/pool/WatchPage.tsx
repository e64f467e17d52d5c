import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { watchedStatementsQuery, watchedWorkersQuery, watchQuery } from '../../api/pool';
import type { PoolChart as ChartData, Watching, WatchedWorker } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, hashrate, int, percent } from '../../lib/format';
import { dayMinute, daySecond, duration, second } from '../../lib/time';
import { Figure, FigureStrip, Missing, Segments, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table, type Column, type Sorting } from '../../parts/Table';
import { useNow, usePhone } from '../../parts/useNow';
import { PoolChart } from './PoolChart';
import { Public } from './Public';
import { Rate, StateChip, StatePicks } from './states';

const WINDOWS = ['1h', '24h', '7d', '30d'] as const;

/** The token stays behind the #, so that the page can be kept and opened again. */
function useToken(): string {
  const [token, set] = useState(() => window.location.hash.slice(1));
  useEffect(() => {
    const fn = () => set(window.location.hash.slice(1));
    window.addEventListener('hashchange', fn);
    return () => window.removeEventListener('hashchange', fn);
  }, []);
  return token;
}

/** What a watcher link shows: one account, read only, without signing in. */
export default function WatchPage() {
  const token = useToken();
  const [window, setWindow] = useState<(typeof WINDOWS)[number]>('1h');
  const phone = usePhone();
  const q = useQuery({ ...watchQuery(token, window), placeholderData: (before) => before });
  const d = q.data;
  usePageTitle(d ? d.account : 'Watch');
  const chart = useMemo((): ChartData | null => d ? chartOf(d, window) : null, [d, window]);
  if (token === '') return <Public title="Watch a pool account"><Empty title="The link is not whole">What is behind its # is missing. Ask whoever sent it for the whole address.</Empty></Public>;
  return (
    <Public title={d ? <span className="mono">{d.account}</span> : 'Watch a pool account'} about={d && `“${d.name}”, read only, until ${dayMinute(d.expires_at)} UTC`}>
      {q.isError && !d && <Failed what="The link opens nothing" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isError && d && <div className="strip strip-warn strip-flush" role="status">Not read again: these figures are of {daySecond(d.at)} UTC.</div>}
      {q.isPending && <SkeletonBlock />}
      {d && (
        <>
          <Figures d={d} />
          <Tile title="Accepted hashrate" aside={<Segments label="Window" options={WINDOWS.map((value) => ({ value, label: value.replace(/(\d+)/, '$1 ') }))} on={[window]} onPick={setWindow} />}>
            {chart?.points.length === 0 ? <Empty title="No shares in this window">Look further back.</Empty> : chart && <div className="pl-chart-box"><PoolChart data={chart} phone={phone} /></div>}
          </Tile>
          {d.workers && <Workers token={token} counts={d.worker_counts} />}
          {d.earnings && <Statements token={token} />}
        </>
      )}
    </Public>
  );
}

const SECONDS: Record<(typeof WINDOWS)[number], number> = { '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 };

function chartOf(d: Watching, window: (typeof WINDOWS)[number]): ChartData {
  return { from: new Date(Date.parse(d.at) - SECONDS[window] * 1000).toISOString(), to: d.at, points: d.points, prices: [], blocks: [] };
}

function Figures({ d }: { d: Watching }) {
  const all = d.day.shares + d.day.rejected;
  const rate = (label: string, r: Watching['hour']) => {
    const h = hashrate(r.ths * 1e12);
    return (
      <Figure
        label={label} accent value={r.shares ? h.value : <Missing>no shares</Missing>} {...(r.shares && { unit: h.unit })}
        made={r.shares && r.upper_ths !== undefined ? `${fixed(r.lower_ths, 1)} to ${fixed(r.upper_ths, 1)} TH/s at 95 %` : 'in this window'}
      />
    );
  };
  return (
    <FigureStrip>
      {rate('Accepted, 1 h', d.hour)}
      {rate('Accepted, 24 h', d.day)}
      <Figure label="Workers online" value={int(d.worker_counts.online)} made={`${int(d.worker_counts.slow)} slow, ${int(d.worker_counts.silent)} silent`} />
      <Figure label="Rejected, 24 h" value={all ? percent(d.day.rejected / all, 3) : <Missing>no shares</Missing>} {...(all && { unit: '%' })} made={`${int(d.day.rejected)} of ${int(all)} submits`} />
    </FigureStrip>
  );
}

function Workers({ token, counts }: { token: string; counts: Watching['worker_counts'] }) {
  const now = useNow(5000);
  const [at, setAt] = useState('');
  const [state, setState] = useState('');
  const [sorting, setSorting] = useState<Sorting>({ by: 'name', order: 'asc' });
  const list = useInfiniteQuery({ ...watchedWorkersQuery(token, { q: '', state, sort: sorting.by, order: sorting.order }), placeholderData: (before) => before });
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.items), [list.data]);
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const more = useCallback(() => { if (hasNextPage && !isFetching) void fetchNextPage(); }, [hasNextPage, isFetching, fetchNextPage]);
  const columns: Column<WatchedWorker>[] = [
    { head: 'Worker', sort: 'name', cell: (w) => <span className="mono">{w.user}</span>, width: 120 },
    { head: 'State', sort: 'state', cell: (w) => <StateChip w={w} now={now} />, width: 90 },
    { head: 'TH/s, 1 h', sort: 'ths_1h', num: true, cell: (w) => <Rate r={w.hour} shares={w.hour.ths > 0 ? 1 : 0} /> },
    { head: 'TH/s, 24 h', sort: 'ths_24h', num: true, cell: (w) => <Rate r={w.day} shares={w.accepted} />, wide: true },
    { head: 'Last share', sort: 'last_share', num: true, wide: true, cell: (w) => <span className="t2">{w.last_share_at ? `${duration((now - Date.parse(w.last_share_at)) / 1000)} ago` : 'never'}</span> },
    { head: 'Rejected, 24 h', sort: 'rejects', num: true, wide: true, cell: (w) => (w.accepted + w.rejected ? `${percent(w.rejected / (w.accepted + w.rejected), 2)} %` : <span className="t3">no shares</span>) },
  ];
  return (
    <Tile title="Workers" aside={`${int(counts.total)} in all`} className="pl-watch-workers">
      <div className="pl-bar"><StatePicks counts={counts} on={state} onPick={setState} /></div>
      {list.isError && <Failed what="Workers were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {rows?.length === 0 ? <Empty>No worker{state && ` is ${state}`}.</Empty> : <Table label="Workers" rows={rows} id={(w) => w.user} at={at} onAt={setAt} columns={columns} sorting={sorting} onSort={setSorting} onEnd={more} />}
    </Tile>
  );
}

function Statements({ token }: { token: string }) {
  const q = useQuery(watchedStatementsQuery(token, true));
  const [at, setAt] = useState('');
  return (
    <Tile title="Statements" aside="newest first">
      {q.isError && <Failed what="Statements were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.data?.length === 0 ? <Empty>No period with work has ended yet.</Empty> : !q.isError && (
        <Table
          label="Statements" rows={q.data} id={(s) => s.from} at={at} onAt={setAt} keys={false}
          columns={[
            { head: 'Period, UTC', width: 160, cell: (s) => <>{daySecond(s.from)} – {second(s.to)}</> },
            { head: 'Shares', num: true, wide: true, cell: (s) => int(s.shares) },
            { head: 'Fee sat', num: true, wide: true, cell: (s) => <span className="t2">{int(-s.fee_sats)}</span> },
            { head: 'Credited sat', num: true, cell: (s) => <b>{int(s.net_sats)}</b> },
          ]}
        />
      )}
    </Tile>
  );
}
