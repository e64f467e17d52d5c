import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { roundsQuery } from '../../api/pool';
import { allBlocksQuery, luckQuery } from '../../api/queries';
import type { Round } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int, percent } from '../../lib/format';
import { daySecond, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Empty, Failed } from '../../parts/States';
import { Table } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { BlocksTable } from './BlocksTable';
import { luckWords } from './chartdata';
import { PoolTabs } from './PoolTabs';
import './pool.css';

/** Every block that was found, with its confirmations or why it was lost, and how lucky each round was. */
export default function BlocksPage() {
  usePageTitle('Blocks');
  const list = useQuery(allBlocksQuery);
  return (
    <article className="pl">
      <PoolTabs />
      <div className="pl-two pl-blocks-two">
        <section className="pl-main">
          {list.isError && <Failed what="Blocks were not read" error={list.error} onRetry={() => void list.refetch()} />}
          {list.data?.length === 0 ? <Empty title="No block found yet">Work is paid all the same.</Empty> : !list.isError && <BlocksTable rows={list.data} keys />}
        </section>
        <aside className="pl-aside" aria-label="Rounds"><Rounds /></aside>
      </div>
    </article>
  );
}

/** Work from block to block against what a block takes. */
function Rounds() {
  const q = useQuery(roundsQuery);
  const luck = useQuery(luckQuery).data;
  const now = useNow(10_000);
  const [at, setAt] = useState('');
  const id = (r: Round) => r.block?.hash ?? 'now';
  return (
    <Tile title="Rounds" aside="work between blocks ÷ work a block takes">
      {q.isError && <Failed what="Rounds were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.data?.length === 0 ? <Empty>No work yet.</Empty> : !q.isError && (
        <Table
          label="Rounds" rows={q.data} id={id} at={at} onAt={setAt} keys={false}
          columns={[
            { head: 'Ended by', width: 70, cell: (r) => (r.block ? <b>{int(r.block.height)}</b> : <span className="ac"><Glyph kind="live" size={11} /> running</span>) },
            { head: 'Took', num: true, cell: (r) => <span className="t2" title={`from ${daySecond(r.from)} UTC`}>{duration(((r.block ? Date.parse(r.block.found_at) : now) - Date.parse(r.from)) / 1000)}</span> },
            { head: 'Effort', num: true, cell: (r) => <b>{percent(r.effort, 1)} %</b> },
            { head: 'At most so much', num: true, cell: (r) => <span className="t2">{percent(r.unlucky, 1)} % of rounds</span> },
          ]}
        />
      )}
      {luck && <p className="pl-note t2 sm">{luckWords(luck)}</p>}
    </Tile>
  );
}
