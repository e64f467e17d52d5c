import { useQuery } from '@tanstack/react-query';
import { poolQuery, statementsQuery } from '../api/queries';
import { usePageTitle } from '../frame/title';
import { fixed, int, short } from '../lib/format';
import { daySecond, second } from '../lib/time';
import { Figure, FigureStrip, Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import './list.css';

/** What the pool pays and to what terms; the statements of this organisation. */
export function PoolPage() {
  usePageTitle('Pool');
  const pool = useQuery(poolQuery);
  const list = useQuery(statementsQuery);
  const p = pool.data;
  return (
    <article>
      <header className="page-head"><h1>Pool</h1><span className="about">FPPS: every accepted share is paid, found block or not</span></header>
      {pool.isError && <Failed what="The pool does not answer" error={pool.error} onRetry={() => void pool.refetch()} />}
      {p && (
        <FigureStrip>
          <Figure label="Stratum" value={<span className="mono small-figure">{p.stratum_url.replace(/^stratum\+tcp:\/\//, '')}</span>} made="stratum+tcp" />
          <Figure label="Network" value={p.network} made={p.work_scale === 1 ? 'work scale 1' : `work scale ${int(p.work_scale)}`} />
          <Figure label="Fee" value={fixed(p.fee_ppm / 10_000, 2)} unit="%" made="of what work earns" />
          <Figure label="Settles every" value={p.settlement_period} made="work is priced once, then" />
        </FigureStrip>
      )}
      <Tile title="Statements" aside={list.data && int(list.data.length)}>
        {list.isError && <Failed what="Statements not read" error={list.error} onRetry={() => void list.refetch()} />}
        {list.data?.length === 0 && <Empty>No statement yet. The first comes when a period with work of yours ends.</Empty>}
        {(list.isPending || (list.data?.length ?? 0) > 0) && (
          <table className="grid ruled" aria-label="Statements">
            <thead><tr><th>Statement</th><th>Period, UTC</th><th className="num">Credited sat</th></tr></thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={4} columns={[90, 180, 60]} />}
              {list.data?.map((s) => (
                <tr key={s.id}>
                  <td className="mono sm">{short(s.id)}</td>
                  <td>{daySecond(s.from)} – {second(s.to)}</td>
                  <td className="num b">{int(s.net_sats)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Tile>
    </article>
  );
}
