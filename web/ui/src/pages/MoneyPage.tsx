import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { tradesQuery } from '../api/queries';
import { usePageTitle } from '../frame/title';
import { int, pricePerTH, usd } from '../lib/format';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import './list.css';

const GLYPHS: Record<string, GlyphKind> = {
  released: 'done', refuted: 'wrong', disputed: 'hold', cancelled: 'off', matched: 'todo',
};

/** Trades with what they are worth and where the money is. */
export function MoneyPage() {
  usePageTitle('Money');
  const list = useQuery(tradesQuery);
  return (
    <article>
      <header className="page-head"><h1>Trades</h1><span className="about">money is a held payout from funding until the proof is met</span></header>
      {list.isError && <Failed what="Trades not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty action={<Link className="btn" to="/market">Open the market</Link>}>No trades yet.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && (
        <div className="scroll-x">
          <table className="grid ruled" aria-label="Trades">
            <thead>
              <tr>
                <th>Trade</th><th>State</th><th>Seller</th><th>Buyer</th><th className="num">Units</th><th className="num">$/TH</th>
                <th className="num">Amount USD</th><th className="num">Commission USD</th><th>Life line</th>
              </tr>
            </thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={5} columns={[60, 80, 80, 80, 30, 50, 80, 60, 60]} />}
              {list.data?.map((t) => (
                <tr key={t.id}>
                  <td className="mono sm">{t.number}</td>
                  <td><Glyph kind={GLYPHS[t.state] ?? 'live'} size={10} /> {t.state.charAt(0).toUpperCase() + t.state.slice(1)}</td>
                  <td>{t.seller?.name ?? 'not named'}</td><td>{t.buyer?.name ?? 'not named'}</td>
                  <td className="num">{int(unitIds(t.units).length)}</td>
                  <td className="num">{pricePerTH(t.price_mc)}</td><td className="num b">{usd(t.amount_cents).slice(1)}</td>
                  <td className="num">{usd(t.commission_cents).slice(1)}</td>
                  <td>{unitIds(t.units)[0] && <Link to={`/units/${unitIds(t.units)[0] ?? ''}`}>open</Link>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </article>
  );
}

const unitIds = (u: readonly string[] | null) => u ?? [];
