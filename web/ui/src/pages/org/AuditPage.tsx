import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { auditPage, chainQuery, membersQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { AuditRow } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { daySecond } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { EvidenceChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { OrgTabs } from './OrgTabs';
import { changes, whoDid } from './trail';

/** Who did what, and whether the trail is as it was written. */
export default function AuditPage() {
  usePageTitle('Audit trail');
  const me = useMe().data;
  const may = me?.can.includes('audit.read') ?? false;
  const [command, setCommand] = useState('');
  const [at, setAt] = useState('');
  const q = useInfiniteQuery({
    queryKey: ['audit', 'rows', command], initialPageParam: '', enabled: may,
    queryFn: ({ pageParam, signal }) => auditPage(command, pageParam, signal),
    getNextPageParam: (last) => last.next,
  });
  const people = useQuery({ ...membersQuery, enabled: me?.can.includes('users.read') ?? false }).data;
  const names = new Map(people?.map((u) => [u.id, u.name]));
  if (!may) return <><OrgTabs /><Denied needs="the audit trail is for the owner and desk roles" /></>;
  const rows = q.data?.pages.flatMap((p) => p.items);
  const here = rows?.find((r) => r.id === at) ?? rows?.[0];
  return (
    <article className="og">
      <OrgTabs />
      <div className="og-body">
        <section className="og-main">
          <div className="og-filter">
            <label className="filter"><span className="sr">Commands that begin with</span>
              <input type="search" placeholder="Command, as user or order.place" maxLength={80} value={command} onChange={(ev) => setCommand(ev.currentTarget.value.trim())} /></label>
            {rows && <span className="sm t2">{int(rows.length)}{q.hasNextPage ? ' newest' : ''} rows</span>}
          </div>
          {q.isError && <Failed what="The trail was not read" error={q.error} onRetry={() => void q.refetch()} />}
          {rows?.length === 0 && (
            <Empty action={command && <button type="button" className="btn" onClick={() => setCommand('')}>Show all</button>}>
              {command ? `No command begins with ${command}.` : 'Nothing was done yet.'}
            </Empty>
          )}
          {!q.isError && rows?.length !== 0 && <Table label="Audit trail" columns={columns(names)} rows={rows} id={(r) => r.id} at={here?.id ?? ''} onAt={setAt} />}
          {q.hasNextPage && <button type="button" className="btn og-next" disabled={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{q.isFetchingNextPage ? 'Reading' : 'Older rows'}</button>}
        </section>
        <aside className="og-side" aria-label="Chain and row">
          <Chain />
          {here && <Row row={here} names={names} />}
        </aside>
      </div>
    </article>
  );
}

const columns = (names: ReadonlyMap<string, string>): Column<AuditRow>[] => [
  { head: 'At, UTC', width: 100, cell: (r) => <span className="t2">{daySecond(r.at)}</span> },
  { head: 'Command', width: 120, cell: (r) => <span className="mono">{r.command}</span> },
  { head: 'By', width: 140, cell: (r) => whoDid(r.actor, names) },
  { head: 'On', width: 80, wide: true, cell: (r) => <span className="t2">{r.ref.kind}</span> },
  { head: 'Link', width: 50, num: true, wide: true, cell: (r) => (r.seq ? int(r.seq) : <span className="t3">not chained</span>) },
];

function Chain() {
  const me = useMe().data;
  const q = useQuery(chainQuery);
  return (
    <Tile title="Hash chain" aside={<button type="button" className="btn btn-sm" disabled={q.isFetching} onClick={() => void q.refetch()}>{q.isFetching ? 'Checking' : 'Check again'}</button>}>
      <div className="og-form">
        {q.isError && <Failed what="The chain was not checked" error={q.error} />}
        {q.isPending && <SkeletonBlock height={60} label="Checking every link" />}
        {q.data?.map((c) => (
          <div key={c.chain ?? 'house'} className="og-chain">
            <p>{c.bad ? <Glyph kind="wrong" size={11} label="tampered with" /> : <Glyph kind="done" size={11} label="whole" />}{' '}
              <span className="m">{c.chain ? me?.org.name : 'The house by itself'}</span>{' '}
              <span className="t2">{int(c.rows)} {c.rows === 1 ? 'row' : 'rows'} as they were written</span></p>
            {c.bad && <p className="bad">Link {int(c.bad.seq ?? 0)}{c.bad.row_id && <>, row <span className="mono">{c.bad.row_id}</span></>}: {c.bad.what}</p>}
            {c.head && <p className="mono sm t2 og-break">{c.head.hash}</p>}
          </div>
        ))}
        <p className="sm t2">Each row’s SHA-256 covers the row and the hash before it. The heads are exported every hour to a file outside the database.</p>
      </div>
    </Tile>
  );
}

function Row({ row, names }: { row: AuditRow; names: ReadonlyMap<string, string> }) {
  const list = changes(row.before, row.after);
  return (
    <Tile title={<span className="mono">{row.command}</span>} aside={daySecond(row.at)}>
      <div className="og-form">
        <p>{whoDid(row.actor, names)}</p>
        <p className="og-chips">
          <EvidenceChip label={row.ref.kind} value={row.ref.id} />
          {row.seq !== undefined && <EvidenceChip label="link" value={int(row.seq)} />}
        </p>
        {list.length === 0 && <p className="t2">Nothing besides is recorded.</p>}
        <table className="grid ruled og-diff" aria-label="What changed">
          <tbody>
            {list.map((c) => (
              <tr key={c.path}><td className="t2">{c.path}</td><td className="mono">{c.was !== undefined && <s className="t3">{c.was}</s>} {c.is}</td></tr>
            ))}
          </tbody>
        </table>
        {row.hash && <p className="mono sm t3 og-break">{row.hash}</p>}
      </div>
    </Tile>
  );
}
