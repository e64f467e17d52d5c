import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { tradesQuery } from '../api/queries';
import type { Trade } from '../api/types';
import { usePageTitle } from '../frame/title';
import { int, pricePerTH, usd } from '../lib/format';
import { useHotkeys } from '../lib/hotkeys';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import { usePhone } from '../parts/useNow';
import { TradePanel } from './TradePanel';
import { MoneyTabs } from './wallet/MoneyTabs';
import './list.css';

const GLYPHS: Record<string, GlyphKind> = {
  released: 'done', refuted: 'wrong', disputed: 'hold', cancelled: 'off', matched: 'todo',
};

/** Trades with what they are worth, who is next and where the money is. */
export function MoneyPage() {
  usePageTitle('Money');
  const list = useQuery(tradesQuery);
  const phone = usePhone();
  const [picked, setPicked] = useState('');
  const rows = list.data ?? [];
  const at = Math.max(0, rows.findIndex((t) => t.id === picked));
  const here = rows[at];
  const move = (by: number) => setPicked(rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.id ?? '');
  useHotkeys({ j: () => move(1), k: () => move(-1) });
  return (
    <article className="logistics">
      <MoneyTabs />
      {list.isError && <Failed what="Trades not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty action={<Link className="btn" to="/market">Open the market</Link>}>No trades yet.</Empty>}
      {(list.isPending || rows.length > 0) && (
        <div className="logistics-body">
          <Tile title="Trades" aside={int(rows.length)}>
            <div className="scroll-x">
              <table className="grid ruled" aria-label="Trades">
                <thead>
                  <tr>
                    <th>Trade</th><th>State</th>{!phone && <><th>Seller</th><th>Buyer</th></>}<th className="num">Units</th>
                    <th className="num">$/TH</th><th className="num">Amount USD</th><th className="num">Held USD</th>
                  </tr>
                </thead>
                <tbody>
                  {list.isPending && <SkeletonRows rows={5} columns={[60, 80, 80, 80, 30, 50, 80, 60]} />}
                  {rows.map((t, i) => <Row key={t.id} t={t} selected={i === at} phone={phone} onSelect={() => setPicked(t.id)} />)}
                </tbody>
              </table>
            </div>
          </Tile>
          {here && <Tile title={here.number} aside={here.role ? `you are the ${here.role}` : ''}><TradePanel key={here.id} t={here} /></Tile>}
        </div>
      )}
    </article>
  );
}

function Row({ t, selected, phone, onSelect }: { t: Trade; selected: boolean; phone: boolean; onSelect: () => void }) {
  return (
    <tr aria-selected={selected} onClick={onSelect}>
      <td className="mono sm"><button type="button" className="row-pick" onClick={onSelect}>{t.number}</button></td>
      <td><Glyph kind={GLYPHS[t.state] ?? 'live'} size={10} /> {t.state.charAt(0).toUpperCase() + t.state.slice(1)}</td>
      {!phone && <><td>{t.seller.name}</td><td>{t.buyer.name}</td></>}
      <td className="num">{int(t.units.length)}</td>
      <td className="num">{pricePerTH(t.price_mc)}</td><td className="num b">{usd(t.amount_cents).slice(1)}</td>
      <td className="num">{usd(t.held_cents).slice(1)}</td>
    </tr>
  );
}
