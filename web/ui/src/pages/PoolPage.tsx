import { useQuery } from '@tanstack/react-query';
import { blocksQuery, poolQuery, statementsQuery } from '../api/queries';
import { usePageTitle } from '../frame/title';
import { fixed, int, short } from '../lib/format';
import { daySecond, duration, second } from '../lib/time';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Figure, FigureStrip, Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import './list.css';

/** What the pool pays and to what terms; statements; blocks. */
export function PoolPage() {
  usePageTitle('Pool');
  const pool = useQuery(poolQuery);
  const p = pool.data;
  return (
    <article className="logistics">
      <header className="page-head"><h1>Pool</h1><span className="about">FPPS: every accepted share is paid, block or not</span></header>
      {pool.isError && <Failed what="The pool does not answer" error={pool.error} onRetry={() => void pool.refetch()} />}
      {p && (
        <FigureStrip>
          <Figure label="Stratum" value={<span className="mono small-figure">{p.stratum_url.replace(/^stratum\+tcp:\/\//, '')}</span>} made="stratum+tcp" />
          <Figure label="Hashprice" value={int(p.hashprice * 1000)} unit="sat/PH/day" made={`before the fee of ${fixed(p.fee_ppm / 10_000, 2)} %`} />
          <Figure label="Network difficulty" value={fixed(p.difficulty, p.difficulty < 100 ? 4 : 0)} made={p.network} />
          <Figure label="Work scale" value={int(p.work_scale)} made="shown hashrate only, never price" />
          <Figure label="Settles every" value={duration(p.settlement_period_ms / 1000)} made="work is priced once, then" />
        </FigureStrip>
      )}
      <div className="logistics-body">
        <Statements />
        <Blocks />
      </div>
    </article>
  );
}

function Statements() {
  const list = useQuery(statementsQuery);
  return (
    <Tile title="Statements" aside={list.data && int(list.data.length)}>
      {list.isError && <Failed what="Statements not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty>No statement yet. The first comes when a period with work of yours ends.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && (
        <div className="scroll-y">
          <table className="grid ruled" aria-label="Statements">
            <thead>
              <tr>
                <th>Period, UTC</th><th className="num">Shares</th><th className="num">Gross sat</th><th className="num">Fee sat</th>
                <th className="num">Credited sat</th>
              </tr>
            </thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={4} columns={[180, 60, 60, 60, 60]} />}
              {list.data?.map((s) => (
                <tr key={s.id}>
                  <td>{daySecond(s.from)} – {second(s.to)}</td>
                  <td className="num t2">{int(s.shares)}</td><td className="num">{int(s.gross_sats)}</td>
                  <td className="num t2">{int(-s.fee_sats)}</td><td className="num b">{int(s.net_sats)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}

const BLOCKS: Record<string, GlyphKind> = { found: 'live', accepted: 'live', confirmed: 'done', rejected: 'wrong', orphaned: 'off' };

function Blocks() {
  const list = useQuery(blocksQuery);
  return (
    <Tile title="Blocks found" aside={list.data && int(list.data.length)}>
      {list.isError && <Failed what="Blocks not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty>No block found yet. Work is paid all the same.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && (
        <div className="scroll-y">
          <table className="grid ruled" aria-label="Blocks">
            <thead><tr><th className="num">Height</th><th>Hash</th><th>State</th><th className="num">Value sat</th></tr></thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={4} columns={[50, 120, 90, 60]} />}
              {list.data?.map((b) => (
                <tr key={b.hash}>
                  <td className="num">{int(b.height)}</td>
                  <td className="mono sm" title={b.hash}>{short(b.hash, 8, 6)}</td>
                  <td title={b.verdict}><Glyph kind={BLOCKS[b.state] ?? 'todo'} size={10} /> {b.state}{b.confirmations > 0 && <span className="t2">, {b.confirmations} deep</span>}</td>
                  <td className="num">{int(b.value_sats)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}
