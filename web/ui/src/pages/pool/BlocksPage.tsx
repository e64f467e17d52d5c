import { useQuery } from '@tanstack/react-query';
import { allBlocksQuery } from '../../api/queries';
import { usePageTitle } from '../../frame/title';
import { Empty, Failed } from '../../parts/States';
import { BlocksTable } from './BlocksTable';
import { PoolTabs } from './PoolTabs';
import './pool.css';

/** Every block that was found, with its confirmations or why it was lost. */
export default function BlocksPage() {
  usePageTitle('Blocks');
  const list = useQuery(allBlocksQuery);
  return (
    <article className="pl">
      <PoolTabs />
      {list.isError && <Failed what="Blocks were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 ? <Empty title="No block found yet">Work is paid all the same.</Empty> : <BlocksTable rows={list.data} keys />}
    </article>
  );
}
