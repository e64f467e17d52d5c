import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { statementsQuery } from '../../api/queries';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { daySecond, second } from '../../lib/time';
import { Empty, Failed } from '../../parts/States';
import { Table } from '../../parts/Table';
import { PoolTabs } from '../pool/PoolTabs';
import '../list.css';

/** What each period's work earned; open one to compute it again. */
export default function StatementsPage() {
  usePageTitle('Statements');
  const list = useQuery(statementsQuery);
  const navigate = useNavigate();
  const [at, setAt] = useState('');
  return (
    <article className="pl">
      <PoolTabs />
      {list.isError && <Failed what="Statements were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 ? <Empty title="No statement yet">The first comes when a period with work of yours ends.</Empty> : (
        <Table
          label="Statements" rows={list.data} id={(s) => s.id} at={at} onAt={setAt} onOpen={(s) => void navigate(`/pool/statements/${s.id}`)}
          columns={[
            { head: 'Period, UTC', cell: (s) => <button type="button" className="row-pick" onClick={() => void navigate(`/pool/statements/${s.id}`)}>{daySecond(s.from)} – {second(s.to)}</button>, width: 160 },
            { head: 'Shares', num: true, cell: (s) => <span className="t2">{int(s.shares)}</span>, wide: true },
            { head: 'Gross sat', num: true, cell: (s) => int(s.gross_sats), wide: true },
            { head: 'Fee sat', num: true, cell: (s) => <span className="t2">{int(-s.fee_sats)}</span> },
            { head: 'Credited sat', num: true, cell: (s) => <b>{int(s.net_sats)}</b> },
            { head: 'Settled, UTC', num: true, cell: (s) => <span className="t2">{daySecond(s.settled_at)}</span>, wide: true },
          ]}
        />
      )}
    </article>
  );
}
