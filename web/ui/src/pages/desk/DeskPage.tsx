import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { deskQuery } from '../../api/overview';
import { useMe } from '../../api/queries';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Figure, FigureStrip, Kbd, Segments } from '../../parts/Parts';
import { Denied, Empty, Failed } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import './desk.css';
import { DeskTabs } from './DeskTabs';
import { countOf, KINDS, waitingOf, type Kind, type Waiting } from './waiting';

const ORDER: readonly Kind[] = ['decision', 'late', 'verification', 'payout'];
const OPTIONS = [{ value: 'all' as const, label: 'All' }, ...ORDER.map((k) => ({ value: k, label: KINDS[k].name }))];

/** What waits for the house: disputes, late trades, verifications, payouts. */
export default function DeskPage() {
  usePageTitle('Desk');
  const may = useMe().data?.can.includes('house.read') ?? false;
  const desk = useQuery({ ...deskQuery, enabled: may });
  const [kind, setKind] = useState<Kind | 'all'>('all');
  const [at, setAt] = useState('');
  const navigate = useNavigate();
  const now = useNow(10_000);
  if (!may) return <Denied needs="what waits for the house is for the desk and treasury roles" />;
  const list = desk.data && waitingOf(desk.data);
  const shown = list?.filter((w) => kind === 'all' || w.kind === kind);
  const n = countOf(list ?? []);
  const oldest = (k: Kind) => {
    const first = list?.find((w) => w.kind === k);
    return first ? `oldest ${duration((now - Date.parse(first.since)) / 1000)}` : 'nothing waits';
  };
  return (
    <article className="page-fill">
      <DeskTabs><Kbd>j</Kbd> <Kbd>k</Kbd> rows <Kbd>↵</Kbd> open</DeskTabs>
      <FigureStrip>
        {ORDER.map((k) => (
          <Figure key={k} label={KINDS[k].name} value={list ? int(n[k]) : ''} made={list && oldest(k)} />
        ))}
      </FigureStrip>
      <div className="desk-filter"><Segments label="What is shown" options={OPTIONS} on={[kind]} onPick={setKind} /></div>
      {desk.isError && <Failed what="The desk was not read" error={desk.error} onRetry={() => void desk.refetch()} />}
      {list?.length === 0 && <Empty title="Nothing waits for the desk">Disputes, late trades, verifications and payouts that need a person stand here.</Empty>}
      {list && list.length > 0 && shown?.length === 0 && (
        <Empty action={<button type="button" className="btn" onClick={() => setKind('all')}>Show all {int(list.length)}</button>}>
          0 of {int(list.length)} are of this kind.
        </Empty>
      )}
      {!desk.isError && (shown === undefined || shown.length > 0) && (
        <Table
          label="What waits for the desk" columns={columns(now)} rows={shown} id={(w) => w.id} at={at} onAt={setAt}
          onOpen={(w) => void navigate(w.to)}
        />
      )}
    </article>
  );
}

const columns = (now: number): Column<Waiting>[] => [
  { head: 'Waits for', width: 90, cell: (w) => <><Glyph kind={KINDS[w.kind].glyph} size={10} />&ensp;{KINDS[w.kind].one}</> },
  { head: 'What', width: 80, cell: (w) => <Link to={w.to} className={w.what.startsWith('T-') ? 'mono m' : 'm'}>{w.what}</Link> },
  { head: 'Who', width: 140, wide: true, cell: (w) => <span className="t2">{w.who}</span> },
  { head: 'Why', width: 220, cell: (w) => <span className="desk-why">{w.why}</span> },
  { head: 'Held', width: 70, num: true, wide: true, cell: (w) => w.held || <span className="t2">no money</span> },
  { head: 'Since, UTC', width: 90, num: true, wide: true, cell: (w) => <span className="t2">{dayMinute(Date.parse(w.since))}</span> },
  { head: 'Waits', width: 60, num: true, cell: (w) => duration(Math.max(0, now - Date.parse(w.since)) / 1000) },
];
