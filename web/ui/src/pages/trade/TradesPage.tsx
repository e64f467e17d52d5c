import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { tradesQuery } from '../../api/queries';
import type { Trade } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int, pricePerTH, usd } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Empty, Failed } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import './trade.css';

const KINDS: Partial<Record<Trade['state'], GlyphKind>> = {
  released: 'done', refuted: 'wrong', disputed: 'hold', cancelled: 'off', matched: 'todo',
};

const COLUMNS: readonly Column<Trade>[] = [
  { head: 'Trade', width: 60, cell: (t) => <Link className="mono" to={`/trades/${t.id}`}>{t.number}</Link> },
  { head: 'State', width: 80, cell: (t) => <><Glyph kind={KINDS[t.state] ?? 'live'} size={10} /> {t.state.charAt(0).toUpperCase() + t.state.slice(1)}</> },
  { head: 'Next for you', width: 160, cell: (t) => <Yours t={t} /> },
  { head: 'Seller', wide: true, cell: (t) => t.seller.name },
  { head: 'Buyer', wide: true, cell: (t) => t.buyer.name },
  { head: 'Matched', wide: true, cell: (t) => dayMinute(t.matched_at) },
  { head: 'Machines', num: true, width: 30, cell: (t) => int(t.units.length) },
  { head: '$/TH', num: true, wide: true, cell: (t) => pricePerTH(t.price_mc) },
  { head: 'Amount USD', num: true, cell: (t) => <span className="b">{usd(t.amount_cents).slice(1)}</span> },
  { head: 'Held USD', num: true, wide: true, cell: (t) => usd(t.held_cents).slice(1) },
];

function Yours({ t }: { t: Trade }) {
  const mine = t.role === 'buyer' ? t.next.buyer : t.role === 'seller' ? t.next.seller : t.next.desk;
  if (!mine.title) return <span className="t3">nothing</span>;
  return <span className={mine.act ? 'm' : 't2'}>{mine.act && <Glyph kind="look" size={10} label="your step" />} {mine.title}</span>;
}

/** All trades, those where it is your turn first. */
export function TradesPage() {
  usePageTitle('Trades');
  const list = useQuery(tradesQuery);
  const navigate = useNavigate();
  const [at, setAt] = useState('');
  const turn = (t: Trade) => ((t.role === 'buyer' ? t.next.buyer.act : t.role === 'seller' ? t.next.seller.act : t.next.desk.act) ? 0 : 1);
  const rows = list.data && [...list.data].sort((a, b) => turn(a) - turn(b));
  return (
    <article className="trades">
      <header className="page-head"><h1>Trades</h1><span className="about">from the match to the released payout</span></header>
      {list.isError && <Failed what="Trades not read" error={list.error} onRetry={() => void list.refetch()} />}
      {rows?.length === 0 ? <Empty action={<Link className="btn" to="/market">Open the market</Link>}>No trades yet: one begins when a bid meets an ask.</Empty>
        : !list.isError && <Table label="Trades" columns={COLUMNS} rows={rows} id={(t) => t.id} at={at} onAt={setAt} onOpen={(t) => void navigate(`/trades/${t.id}`)} />}
    </article>
  );
}
