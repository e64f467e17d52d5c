import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { payoutsQuery, useMe } from '../../api/queries';
import type { Payout } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int, short } from '../../lib/format';
import { daySecond } from '../../lib/time';
import { Copy } from '../../parts/Actions';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Line, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed } from '../../parts/States';
import { Table } from '../../parts/Table';
import { MoneyTabs } from './MoneyTabs';

export const STATES: Record<Payout['state'], [GlyphKind, string]> = {
  requested: ['todo', 'Requested'], reserved: ['live', 'Coins reserved'], awaiting_signature: ['hold', 'Waits for the signer'], signed: ['live', 'Signed'],
  broadcast: ['live', 'Sent'], confirmed: ['done', 'Confirmed'], refused: ['wrong', 'Refused'],
};

/** Payouts on the chain with their transaction and its depth. */
export default function PayoutsPage() {
  usePageTitle('Payouts');
  const can = useMe().data?.can ?? [];
  const [params] = useSearchParams();
  const list = useQuery({ ...payoutsQuery, enabled: can.includes('payout.read') });
  const [at, setAt] = useState(params.get('at') ?? '');
  const here = list.data?.find((p) => p.id === at) ?? list.data?.[0];
  if (!can.includes('payout.read')) return <><MoneyTabs /><Denied needs="payouts are for the owner, trader, viewer and treasury roles" /></>;
  return (
    <article className="wl">
      <MoneyTabs />
      {list.isError && <Failed what="Payouts were not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty title="No payouts yet">One is made when your earnings reach the threshold and there is an address.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && (
        <div className="wl-body">
          <Table
            label="Payouts" rows={list.data} id={(p) => p.id} at={here?.id ?? ''} onAt={setAt}
            columns={[
              { head: 'Requested, UTC', cell: (p) => <button type="button" className="row-pick" onClick={() => setAt(p.id)}>{daySecond(p.requested_at)}</button>, width: 110 },
              { head: 'To', cell: (p) => <span className="mono sm">{short(p.address, 8, 6)}</span>, width: 110 },
              { head: 'Amount sat', num: true, cell: (p) => <b>{int(p.amount_sats)}</b> },
              { head: 'Transaction', cell: (p) => (p.txid ? <span className="mono sm" title={p.txid}>{short(p.txid, 6, 6)}</span> : <span className="t3">none yet</span>), wide: true },
              { head: 'State', cell: (p) => <><Glyph kind={STATES[p.state][0]} size={11} /> {STATES[p.state][1]}{p.state === 'broadcast' && p.confirmations > 0 && `, ${p.confirmations} of ${p.confirmations_needed}`}</>, width: 100 },
              { head: 'Why it waits', cell: (p) => <span className="t2">{p.reason ?? ''}</span>, wide: true },
            ]}
          />
          {here && (
            <aside className="wl-side" aria-label="The payout">
              <Tile title="Payout" aside={<span className="mono">{short(here.id, 8, 4)}</span>}>
                <dl className="wl-payout">
                  <Line label="State"><Glyph kind={STATES[here.state][0]} size={11} /> {STATES[here.state][1]}</Line>
                  <Line label="Amount">{int(here.amount_sats)} sat</Line>
                  <Line label="Network fee, paid by the house">{int(here.fee_sats)} sat</Line>
                  <Line label="Confirmations">{int(here.confirmations)} of {int(here.confirmations_needed)}</Line>
                  {here.block_height !== undefined && <Line label="Block">{int(here.block_height)}</Line>}
                  <Line label="Requested">{daySecond(here.requested_at)}</Line>
                  {here.signed_at && <Line label="Signed">{daySecond(here.signed_at)}</Line>}
                  {here.broadcast_at && <Line label="Sent">{daySecond(here.broadcast_at)}</Line>}
                  {here.confirmed_at && <Line label="Confirmed">{daySecond(here.confirmed_at)}</Line>}
                </dl>
                <p className="wl-break sm"><span className="t2">To</span> <span className="mono">{here.address}</span> <Copy text={here.address} label="the address" /></p>
                {here.txid && <p className="wl-break sm"><span className="t2">Transaction</span> <span className="mono">{here.txid}</span> <Copy text={here.txid} label="the transaction id" /></p>}
                {here.reason && <p className="wl-break t2">{here.reason}</p>}
              </Tile>
            </aside>
          )}
        </div>
      )}
    </article>
  );
}
