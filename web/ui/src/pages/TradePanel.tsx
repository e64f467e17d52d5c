import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { call } from '../api/client';
import { useMe } from '../api/queries';
import type { Payment, Proof, Trade } from '../api/types';
import { fixed, int, pricePerTH, short, usd } from '../lib/format';
import { dayMinute } from '../lib/time';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Line } from '../parts/Parts';
import { Denied, Failed } from '../parts/States';

/** One trade: whose turn it is, the money, the proof of each machine. */
export function TradePanel({ t }: { t: Trade }) {
  const may = useMe().data?.can.includes('trades.fund') ?? false;
  const funding = t.state === 'matched' && t.role === 'buyer';
  return (
    <div className="bench">
      {(t.next.buyer.title || t.next.seller.title || t.reason) && <dl className="bench-lines">
        {t.next.buyer.title && <Line label="Buyer next" strong={t.role === 'buyer'}>{t.next.buyer.title}</Line>}
        {t.next.seller.title && <Line label="Seller next" strong={t.role === 'seller'}>{t.next.seller.title}</Line>}
        {t.reason && <Line label="Because">{t.reason}</Line>}
      </dl>}
      {funding && (may ? <Fund t={t} /> : <Denied needs="funding needs the trader role" />)}
      <dl className="bench-lines">
        <Line label="Amount">{fixed(t.sold_ths, 1)} TH × ${pricePerTH(t.price_mc)} = {usd(t.amount_cents)}</Line>
        <Line label="Held payout">{usd(t.held_cents)}</Line>
        <Line label="Commission">{usd(t.commission_cents)}</Line>
        <Line label="Paid to the seller">{t.paid_cents > 0 ? usd(t.paid_cents) : 'not yet'}</Line>
        {t.states.map((s) => <Line key={s.state + s.at} label={s.state.charAt(0).toUpperCase() + s.state.slice(1)}>{dayMinute(s.at)}</Line>)}
      </dl>
      <table className="grid ruled" aria-label="Proof of each machine">
        <thead><tr><th>Machine</th><th>Proof</th><th className="num">Bound TH/s</th><th className="num">Floor</th><th className="num">Shares</th></tr></thead>
        <tbody>{t.proofs.map((p) => <ProofRow key={p.unit} p={p} />)}</tbody>
      </table>
    </div>
  );
}

const PROOFS: Record<Proof['state'], [GlyphKind, string]> = {
  waiting: ['todo', 'Not yet'], running: ['live', 'Proving'], passed: ['done', 'Proven'], failed: ['wrong', 'Not proven'],
};

function ProofRow({ p }: { p: Proof }) {
  const [kind, words] = PROOFS[p.state];
  return (
    <tr>
      <td><Link className="mono sm" to={`/units/${p.unit}`}>{short(p.unit)}</Link></td>
      <td><Glyph kind={kind} size={10} /> {words}</td>
      <td className="num">{p.shares > 0 ? fixed(p.lower_ths, 1) : 'no shares'}</td>
      <td className="num t2">{fixed(p.floor_ths, 1)}</td>
      <td className="num">{int(p.shares)}</td>
    </tr>
  );
}

function Fund({ t }: { t: Trade }) {
  const client = useQueryClient();
  const fund = useMutation({
    mutationFn: () => call<Trade>('POST', `/trades/${t.id}/fund`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['trades'] }),
  });
  const payment = fund.data?.payment ?? t.payment;
  return (
    <div className="bench-form">
      {payment ? <Instructions p={payment} /> : (
        <button type="button" className="btn btn-primary" disabled={fund.isPending} onClick={() => fund.mutate()}>
          Show where to send {usd(t.amount_cents)}
        </button>
      )}
      {fund.isError && <Failed what="No instructions" error={fund.error} kept="The trade stands; nothing was charged." onRetry={() => fund.mutate()} />}
    </div>
  );
}

function Instructions({ p }: { p: Payment }) {
  const i = p.instructions;
  return (
    <dl className="bench-bank">
      <Line label="Send by bank transfer" strong>{usd(p.amount_cents)}</Line>
      {i.bank_name && <Line label="Bank">{i.bank_name}</Line>}
      {i.iban && <Line label="IBAN"><span className="mono">{i.iban}</span></Line>}
      {i.account_number && <Line label="Account"><span className="mono">{i.account_number}</span></Line>}
      {i.routing_number && <Line label="Routing"><span className="mono">{i.routing_number}</span></Line>}
      {i.reference && <Line label="Reference"><span className="mono">{i.reference}</span></Line>}
      <Line label="Received so far">{usd(p.received_cents)}</Line>
    </dl>
  );
}
