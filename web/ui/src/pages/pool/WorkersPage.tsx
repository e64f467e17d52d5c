import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { workerCountsQuery, workersQuery } from '../../api/pool';
import type { PoolWorker } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { duration } from '../../lib/time';
import { Download } from '../../parts/Actions';
import { Kbd } from '../../parts/Parts';
import { Empty, Failed } from '../../parts/States';
import { Table, type Column, type Sorting } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { PoolTabs } from './PoolTabs';
import { Rate, StateChip, StatePicks } from './states';
import '../list.css';
import './pool.css';

/** Every worker with what it did in five minutes, an hour and a day. */
export default function WorkersPage() {
  usePageTitle('Workers');
  const navigate = useNavigate();
  const now = useNow(5000);
  const [at, setAt] = useState('');
  const [typed, setTyped] = useState('');
  const q = useDeferredValue(typed.trim());
  const [state, setState] = useState('');
  const [sorting, setSorting] = useState<Sorting>({ by: 'created', order: 'asc' });
  const field = useRef<HTMLInputElement>(null);
  useHotkeys({ f: () => field.current?.focus(), '/': () => field.current?.focus() });
  const counts = useQuery(workerCountsQuery).data;
  const list = useInfiniteQuery({ ...workersQuery({ q, state, sort: sorting.by, order: sorting.order }), placeholderData: (before) => before });
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.items), [list.data]);
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const more = useCallback(() => { if (hasNextPage && !isFetching) void fetchNextPage(); }, [hasNextPage, isFetching, fetchNextPage]);
  const open = useCallback((w: PoolWorker) => void navigate(`/pool/workers/${w.id}`), [navigate]);
  const none = rows?.length === 0;
  const all = q === '' && state === '';
  const clear = () => { setTyped(''); setState(''); };
  return (
    <article className="pl">
      <PoolTabs />
      <div className="pl-bar">
        <label className="filter"><input ref={field} value={typed} onChange={(ev) => setTyped(ev.currentTarget.value)} onKeyDown={(ev) => ev.key === 'Escape' && (setTyped(''), field.current?.blur())} placeholder="Worker or machine" aria-label="Filter workers" maxLength={80} /><Kbd>f</Kbd></label>
        <StatePicks counts={counts} on={state} onPick={setState} />
        <span className="t2 sm" role="status">{rows && `${int(rows.length)}${hasNextPage ? ' read so far' : ' in this list'}`}</span>
        <Download href="/api/v1/exports/pool-workers.csv">CSV</Download>
      </div>
      {list.isError && <Failed what="Workers were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {none && all && <Empty title="No workers">A worker is made when a machine is redirected here, or by hand with its name.</Empty>}
      {none && !all && <Empty title="Nothing matches" action={<button type="button" className="btn" onClick={clear}>Clear filter</button>}>0 of {int(counts?.total ?? 0)} workers {state && `are ${state}`}{state && q && ' and '}{q && <>have “{q}” in their name</>}.</Empty>}
      {!none && !(list.isError && !rows) && (
        <Table
          label="Workers" rows={rows} id={(w) => w.id} at={at} onAt={setAt} onOpen={open} columns={columns(open, now)}
          sorting={sorting} onSort={setSorting} onEnd={more}
        />
      )}
    </article>
  );
}

function columns(open: (w: PoolWorker) => void, now: number): Column<PoolWorker>[] {
  return [
    { head: 'Worker', sort: 'name', cell: (w) => <button type="button" className="row-pick mono" onClick={() => open(w)}>{w.user}</button>, width: 120 },
    { head: 'State', sort: 'state', cell: (w) => <StateChip w={w} now={now} />, width: 90 },
    { head: 'TH/s, 5 min', sort: 'ths_5m', num: true, cell: (w) => <Rate r={w} shares={w.shares} /> },
    { head: 'TH/s, 1 h', sort: 'ths_1h', num: true, cell: (w) => <Rate r={w.hour} shares={w.hour.shares} />, wide: true },
    { head: 'TH/s, 24 h', sort: 'ths_24h', num: true, cell: (w) => <Rate r={w.day} shares={w.day.shares} />, wide: true },
    { head: 'Last share', sort: 'last_share', num: true, cell: (w) => <span className="t2">{w.last_share_at ? `${duration((now - Date.parse(w.last_share_at)) / 1000)} ago` : 'never'}</span>, wide: true },
    { head: 'Rejected, 24 h', sort: 'rejects', num: true, cell: (w) => (w.day.shares + w.day.rejected ? `${percent(w.day.rejected / (w.day.shares + w.day.rejected), 2)} %` : <span className="t3">no shares</span>), wide: true },
    { head: 'Difficulty', num: true, cell: (w) => (w.wire_difficulty ? fixed(w.wire_difficulty, w.wire_difficulty < 10 ? 5 : 0) : <span className="t3">not connected</span>), wide: true },
    { head: 'Software', cell: (w) => <span className="t2 sm">{w.agent ?? ''}</span>, wide: true },
  ];
}
