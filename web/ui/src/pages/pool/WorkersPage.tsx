import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { workersQuery } from '../../api/queries';
import type { PoolWorker, Rates } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { duration } from '../../lib/time';
import { Download } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Kbd } from '../../parts/Parts';
import { Empty, Failed } from '../../parts/States';
import { Table } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { PoolTabs } from './PoolTabs';
import '../list.css';
import './pool.css';

/** 199.8 ±6.4, or why there is no figure. */
export function Rate({ r, shares }: { r: Rates; shares: number }) {
  if (shares === 0) return <span className="t3">no shares</span>;
  const half = r.upper_ths === undefined ? null : (r.upper_ths - r.lower_ths) / 2;
  return <><span className="ac m">{fixed(r.ths, 1)}</span> {half !== null && <span className="t3 sm">±{fixed(half, 1)}</span>}</>;
}

/** Every worker with what it did in five minutes, an hour and a day. */
export default function WorkersPage() {
  usePageTitle('Workers');
  const list = useQuery(workersQuery);
  const navigate = useNavigate();
  const now = useNow(5000);
  const [at, setAt] = useState('');
  const [q, setQ] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useHotkeys({ f: () => field.current?.focus(), '/': () => field.current?.focus() });
  const rows = list.data?.filter((w) => w.user.toLowerCase().includes(q.trim().toLowerCase()));
  const silent = (w: PoolWorker) => !w.last_share_at || now - Date.parse(w.last_share_at) > 600_000;
  return (
    <article className="pl">
      <PoolTabs />
      <div className="pl-bar">
        <label className="filter"><input ref={field} value={q} onChange={(ev) => setQ(ev.currentTarget.value)} onKeyDown={(ev) => ev.key === 'Escape' && (setQ(''), field.current?.blur())} placeholder="Worker or machine" aria-label="Filter workers" /><Kbd>f</Kbd></label>
        <span className="t2">{list.data && `${int(list.data.filter((w) => !silent(w)).length)} with a share in 5 min, ${int(list.data.filter((w) => silent(w) && !w.retired_at).length)} silent`}</span>
        <Download href="/api/v1/exports/pool-workers.csv">CSV</Download>
      </div>
      {list.isError && <Failed what="Workers were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty title="No workers">A worker is made when a machine is redirected here, or by hand with its name.</Empty>}
      {list.data && list.data.length > 0 && rows?.length === 0 && <Empty title="Nothing matches" action={<button type="button" className="btn" onClick={() => setQ('')}>Clear filter</button>}>0 of {int(list.data.length)} workers have “{q}” in their name.</Empty>}
      {(list.isPending || (rows?.length ?? 0) > 0) && (
        <Table
          label="Workers" rows={rows} id={(w) => w.id} at={at} onAt={setAt} onOpen={(w) => void navigate(`/pool/workers/${w.id}`)}
          columns={[
            { head: 'Worker', cell: (w) => <button type="button" className="row-pick mono" onClick={() => void navigate(`/pool/workers/${w.id}`)}>{w.user}</button>, width: 120 },
            { head: 'State', cell: (w) => w.retired_at ? <><Glyph kind="off" size={11} /> retired</> : silent(w) ? <><Glyph kind={w.sessions ? 'look' : 'todo'} size={11} /> {w.sessions ? 'connected, silent' : 'silent'}</> : <><Glyph kind="live" size={11} /> hashing</>, width: 70 },
            { head: 'TH/s, 5 min', num: true, cell: (w) => <Rate r={w} shares={w.shares} /> },
            { head: 'TH/s, 1 h', num: true, cell: (w) => <Rate r={w.hour} shares={w.hour.shares} />, wide: true },
            { head: 'TH/s, 24 h', num: true, cell: (w) => <Rate r={w.day} shares={w.day.shares} />, wide: true },
            { head: 'Last share', num: true, cell: (w) => <span className="t2">{w.last_share_at ? `${duration((now - Date.parse(w.last_share_at)) / 1000)} ago` : 'never'}</span> },
            { head: 'Rejected, 24 h', num: true, cell: (w) => (w.day.shares + w.day.rejected ? `${percent(w.day.rejected / (w.day.shares + w.day.rejected), 2)} %` : <span className="t3">no shares</span>), wide: true },
            { head: 'Difficulty', num: true, cell: (w) => (w.wire_difficulty ? fixed(w.wire_difficulty, w.wire_difficulty < 10 ? 5 : 0) : <span className="t3">not connected</span>), wide: true },
            { head: 'Software', cell: (w) => <span className="t2 sm">{w.agent ?? ''}</span>, wide: true },
          ]}
        />
      )}
    </article>
  );
}
