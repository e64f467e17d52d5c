import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useParams } from 'react-router';
import { call, query } from '../../api/client';
import { instrumentsQuery, tradeQuery } from '../../api/queries';
import type { Page, Trade, Unit } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, pricePerTH } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Clock } from '../../parts/Clock';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { StatusChip, Tile } from '../../parts/Parts';
import { Failed, SkeletonBlock } from '../../parts/States';
import { Dispute } from './Dispute';
import { Documents } from './Documents';
import { HeldPayout } from './HeldPayout';
import { Steps } from './Steps';
import { Units } from './Units';
import { rowsOf, statesOf } from './units';
import './trade.css';

/** One trade, the same for both sides: whose turn it is, clocks, machines, money. */
export function TradePage() {
  const { id = '' } = useParams();
  const trade = useQuery(tradeQuery(id));
  const t = trade.data;
  usePageTitle(t ? `Trade ${t.number}` : 'Trade');
  const units = useQuery({
    queryKey: ['units', 'of', id, String(t?.units.length)],
    enabled: t !== undefined,
    queryFn: ({ signal }) => unitsOf(t?.units ?? [], signal),
  });
  if (trade.isError) return <Failed what="Trade not read" error={trade.error} onRetry={() => void trade.refetch()} />;
  if (!t) return <SkeletonBlock height={400} />;
  const rows = rowsOf(t, units.data ?? []);
  return (
    <article className="trade">
      <Head t={t} />
      <StateLine t={t} />
      <div className="trade-body">
        <Steps t={t} />
        <Tile title="Clocks" aside="both sides see the same" className="trade-clocks">
          <ul>{t.clocks.map((c) => <Clock key={c.name} clock={c} />)}</ul>
          <p className="trade-note sm t2">Without an action before the proof window ends, the trade goes to the desk; the payout stays held until it decides.</p>
        </Tile>
        <Units rows={rows} count={t.units.length} failed={units.error} />
        <HeldPayout t={t} />
        <Documents t={t} rows={rows} />
        <Dispute t={t} />
      </div>
    </article>
  );
}

/** Units by id, 100 a call: a URL has its limits. */
async function unitsOf(ids: readonly string[], signal: AbortSignal): Promise<Unit[]> {
  const out: Unit[] = [];
  for (let i = 0; i < ids.length; i += 100) {
    const page = await call<Page<Unit>>('GET', `/units${query({ ids: ids.slice(i, i + 100).join(','), limit: 100 })}`, { signal });
    out.push(...page.items);
  }
  return out;
}

const CHIPS: Partial<Record<Trade['state'], GlyphKind>> = { released: 'done', refuted: 'wrong', disputed: 'hold', cancelled: 'off', matched: 'todo' };

function Head({ t }: { t: Trade }) {
  const instruments = useQuery({ ...instrumentsQuery, retry: false });
  const i = instruments.data?.find((x) => x.id === t.instrument);
  const you = (side: Trade['role']) => (t.role === side ? ' (you)' : '');
  const dispute = useRef<HTMLAnchorElement>(null);
  const may = t.state === 'funded' || t.state === 'shipped' || t.state === 'delivered' || t.state === 'proving' || t.state === 'refuted';
  return (
    <header className="page-head trade-head">
      <h1>Trade <span className="mono">{t.number}</span></h1>
      <StatusChip kind={CHIPS[t.state] ?? 'live'}>{t.state.charAt(0).toUpperCase() + t.state.slice(1)}</StatusChip>
      <span className="about">
        {int(t.units.length)} × {i?.name ?? 'machines'} · {t.seller.name}{you('seller')} → {t.buyer.name}{you('buyer')} · ${pricePerTH(t.price_mc)} /TH, {fixed(t.sold_ths, 1)} TH{i && ` · ${i.incoterm} ${i.region}`}
      </span>
      <span className="actions">
        <a className="btn" href="#documents">Documents</a>
        {may && t.role && <a className="btn btn-bad" href="#dispute" ref={dispute}>Open a dispute</a>}
      </span>
    </header>
  );
}

function StateLine({ t }: { t: Trade }) {
  return (
    <ol className="states" aria-label="States of the trade" tabIndex={0}>
      {statesOf(t).map((s) => (
        <li key={s.name} className={`state state-${s.kind}`} aria-current={s.kind === 'live' ? 'step' : undefined}>
          <Glyph kind={s.kind} size={15} label={true} />
          <span className={s.kind === 'todo' ? 't2' : 'm'}>{s.name}</span>
          <span className="sm t2">{s.at ? dayMinute(s.at) : 'not yet'}{s.note && `, ${s.note}`}</span>
        </li>
      ))}
    </ol>
  );
}
