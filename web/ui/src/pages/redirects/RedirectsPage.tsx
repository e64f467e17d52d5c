import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { plansQuery, redirectsQuery } from '../../api/queries';
import type { Redirect, RedirectPlan } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Empty, Failed } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { usePhone } from '../../parts/useNow';
import { FleetTabs } from '../fleet/FleetTabs';
import { OFF, STATES } from './plan';
import './redirects.css';

/** Plans of many, and every single redirect, newest first. */
export default function RedirectsPage() {
  usePageTitle('Redirects');
  const phone = usePhone();
  const navigate = useNavigate();
  const plans = useQuery(plansQuery);
  const singles = useQuery(redirectsQuery);
  const [at, setAt] = useState('');
  return (
    <article className="rd">
      <header className="page-head">{!phone && <h1>Fleet</h1>}<FleetTabs /></header>
      <Tile title="Plans" className="rd-plans" aside={plans.data && `${plans.data.filter((p) => p.state === 'running').length} running`}>
        {plans.isError ? <Failed what="Plans not read" error={plans.error} onRetry={() => void plans.refetch()} />
          : plans.data?.length === 0
          ? <Empty action={<Link className="btn" to="/fleet">Open the machines</Link>}>No plan yet. Select machines in the fleet, then press r: a dry run comes first.</Empty>
          : <Table label="Plans" columns={PLANS} rows={plans.data} id={(p) => p.id} at={at} onAt={setAt} onOpen={(p) => void navigate(`/redirects/${p.id}`)} />}
      </Tile>
      <Tile title="Each redirect" className="rd-singles" aside="newest first">
        {singles.isError ? <Failed what="Redirects not read" error={singles.error} onRetry={() => void singles.refetch()} />
          : singles.data?.length === 0 ? <Empty>No machine was redirected yet. A delivered machine is redirected by itself when its agent sees it.</Empty>
          : <Table label="Redirects" columns={SINGLES} rows={singles.data} id={(r) => r.id} at="" onAt={() => undefined} keys={false} />}
      </Tile>
    </article>
  );
}

const PLANS: readonly Column<RedirectPlan>[] = [
  { head: 'Plan', width: 60, cell: (p) => <Link className="mono" to={`/redirects/${p.id}`}>{p.id.slice(-6)}</Link> },
  { head: 'State', width: 90, cell: (p) => <><Glyph kind={STATES[p.state][0]} size={10} /> {STATES[p.state][1]}</> },
  { head: 'What', wide: true, width: 90, cell: (p) => (p.kind === 'redirect' ? 'To our pool' : p.rolls_back ? 'Roll-back' : 'To old pools') },
  { head: 'Wave', wide: true, num: true, width: 50, cell: (p) => `${p.wave} of ${p.waves.length}` },
  { head: 'Machines', num: true, width: 50, cell: (p) => int(p.total) },
  { head: 'Done', num: true, width: 50, cell: (p) => int(p.waves.reduce((n, w) => n + w.good, 0)) },
  { head: 'Off the ladder', wide: true, num: true, width: 50, cell: (p) => int(OFF.reduce((n, r) => n + (p.counts[r] ?? 0), 0)) },
  { head: 'Begun', wide: true, num: true, width: 90, cell: (p) => dayMinute(p.created_at) },
];

const SINGLES: readonly Column<Redirect>[] = [
  { head: 'Serial', width: 130, cell: (r) => <Link className="mono" to={`/miners/${r.miner_id}`}>{r.serial}</Link> },
  { head: 'State', width: 110, cell: (r) => <><Glyph kind={r.state === 'failed' ? 'wrong' : r.redirected ? 'done' : r.state === 'acknowledged' ? 'todo' : 'live'} size={10} /> {r.state.replaceAll('_', ' ')}</> },
  { head: 'Made', wide: true, width: 80, cell: (r) => <span className="t2">{r.automatic ? 'on delivery' : 'by hand or plan'}</span> },
  { head: 'Why', wide: true, width: 200, cell: (r) => <span className="t2 rd-why" title={r.reason}>{r.reason}</span> },
  { head: 'Asked', num: true, wide: true, width: 90, cell: (r) => dayMinute(r.created_at) },
];
