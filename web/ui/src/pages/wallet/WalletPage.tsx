import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Link } from 'react-router';
import { ApiError, call, query } from '../../api/client';
import { accountsQuery, payoutAddressQuery, useMe } from '../../api/queries';
import type { LedgerEntry, Page, PayoutAddress } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute, daySecond } from '../../lib/time';
import { Copy, Download } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock, SkeletonRows } from '../../parts/States';
import { MoneyTabs } from './MoneyTabs';
import { amountOf, ownSide, purposeOf, sums, unitOf } from './words';
import '../list.css';

/** Balances, the entries they come from, and where earnings are paid. */
export default function WalletPage() {
  usePageTitle('Money');
  const can = useMe().data?.can ?? [];
  if (!can.includes('ledger.read')) {
    return <><MoneyTabs /><Denied needs="the ledger is for the owner, trader, viewer and treasury roles" /></>;
  }
  return (
    <article className="wl">
      <MoneyTabs><Download href="/api/v1/exports/ledger.csv">Ledger as CSV</Download></MoneyTabs>
      <div className="wl-body">
        <Entries />
        <aside className="wl-side" aria-label="Balances and payout address">
          <Balances />
          {can.includes('payout.read') && <Address may={can.includes('payout.address')} />}
        </aside>
      </div>
    </article>
  );
}

function Balances() {
  const q = useQuery(accountsQuery);
  return (
    <Tile title="Balances" aside="by currency and purpose">
      {q.isError && <Failed what="Balances were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock height={100} />}
      {q.data?.length === 0 && <Empty title="Nothing on account">A held payout or pool earnings stand here once there are any.</Empty>}
      <table className="grid ruled" aria-label="Balances">
        <tbody>
          {q.data?.map((a) => (
            <tr key={`${a.org.id}${a.currency}${a.purpose}`}>
              <td><span className="m">{purposeOf(a.purpose)}</span><br /><span className="sm t2">{a.org.name}</span></td>
              <td className="num"><b>{amountOf(ownSide(a.purpose, a.balance), a.currency)}</b> <span className="sm t2">{unitOf(a.currency)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Tile>
  );
}

/** Where earnings are paid; changing it asks for the second factor by itself. */
function Address({ may }: { may: boolean }) {
  const client = useQueryClient();
  const q = useQuery(payoutAddressQuery);
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const set = useMutation({
    mutationFn: () => call<PayoutAddress>('PUT', '/payout-address', { body: { address: text.trim() } }),
    onSuccess: () => {
      setOpen(false);
      setText('');
      void client.invalidateQueries({ queryKey: ['payout-address'] });
    },
  });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    set.mutate();
  };
  const none = q.error instanceof ApiError && q.error.status === 404;
  return (
    <Tile title="Payout address" aside={q.data && `listed ${dayMinute(q.data.set_at)}`}>
      <div className="wl-address">
        {q.isError && !none && <Failed what="The address was not read" error={q.error} />}
        {none && <p className="t2">No address yet: earnings stay on the account until there is one.</p>}
        {q.data && <p className="mono wl-break">{q.data.address} <Copy text={q.data.address} label="the address" /></p>}
        {may && !open && <button type="button" className="btn" onClick={() => setOpen(true)}>{none ? 'Set an address' : 'Change it'}</button>}
        {may && open && (
          <form onSubmit={submit}>
            <label className="sm t2">New address, of the yard’s network
              <input className="input mono" autoFocus required maxLength={100} value={text} onChange={(ev) => setText(ev.currentTarget.value)} spellCheck={false} autoComplete="off" /></label>
            <p className="sm t2">The signer is told too. What was drafted to the address before is refused there and asked for anew.</p>
            <div className="wl-go"><button type="submit" className="btn btn-primary" disabled={set.isPending}>Pay here from now on</button>
              <button type="button" className="btn" onClick={() => setOpen(false)}>Leave it</button></div>
            {set.isError && <Failed what="The address was not set" error={set.error} kept="The one before holds." />}
          </form>
        )}
        {!may && <p className="sm t2">Only the owner role changes it.</p>}
      </div>
    </Tile>
  );
}

const REFS: Record<string, (id: string) => string> = { statement: (id) => `/pool/statements/${id}`, payout: (id) => `/money/payouts?at=${id}` };

function Entries() {
  const house = useMe().data?.org.house ?? false;
  const q = useInfiniteQuery({
    queryKey: ['ledger', 'entries'], initialPageParam: '', refetchInterval: 30_000,
    queryFn: ({ pageParam, signal }) => call<Page<LedgerEntry>>('GET', `/ledger/entries${query({ cursor: pageParam, limit: 50 })}`, { signal }),
    getNextPageParam: (last) => last.next,
  });
  const all = q.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <Tile title="Ledger entries" aside={house ? 'every posting; each entry sums to zero' : 'your side of each entry; the whole sums to zero'} className="wl-entries">
      {q.isError && <Failed what="Entries were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isSuccess && all.length === 0 && <Empty title="No entries yet">The first comes with a funded trade or a settled period.</Empty>}
      <div className="scroll-y">
        <table className="grid ruled" aria-label="Ledger entries">
          <thead><tr><th>At, UTC</th><th>What</th><th>Posting</th><th className="num">Amount</th><th>Unit</th></tr></thead>
          <tbody>
            {q.isPending && <SkeletonRows rows={8} columns={[90, 160, 120, 80, 30]} />}
            {all.flatMap((e) => e.postings.map((p, i) => (
              <tr key={`${e.key}/${i}`} className={i > 0 ? 'wl-more' : ''}>
                <td className="t2">{i === 0 && daySecond(e.at)}</td>
                <td>{i === 0 && (REFS[e.ref.kind] ? <Link to={REFS[e.ref.kind]?.(e.ref.id) ?? ''}>{e.memo}</Link> : e.memo)}
                  {i === 0 && house && <ZeroMark postings={e.postings} />}</td>
                <td className="t2">{purposeOf(p.purpose)}</td>
                <td className="num m">{amountOf(house ? p.amount : ownSide(p.purpose, p.amount), p.currency)}</td>
                <td className="t2 sm">{unitOf(p.currency)}</td>
              </tr>
            )))}
          </tbody>
        </table>
        {q.hasNextPage && <button type="button" className="btn wl-next" disabled={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{q.isFetchingNextPage ? 'Reading' : `Older than these ${int(all.length)}`}</button>}
      </div>
    </Tile>
  );
}

/** Seen by the house, every entry must come to nothing. */
function ZeroMark({ postings }: { postings: LedgerEntry['postings'] }) {
  const off = Object.entries(sums(postings)).filter(([, v]) => v !== 0);
  return off.length === 0 ? <> <Glyph kind="done" size={10} label="sums to zero" /></> : <> <Glyph kind="wrong" size={11} label="does not sum to zero" /> <span className="bad">{off.map(([c, v]) => `${amountOf(v, c)} ${c} left`).join(', ')}</span></>;
}
