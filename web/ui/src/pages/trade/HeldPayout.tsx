import type { Trade } from '../../api/types';
import { minor, usd } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { moneyOf } from './units';

/** Where every cent of the buyer's money is. */
export function HeldPayout({ t }: { t: Trade }) {
  const { received, lines } = moneyOf(t);
  return (
    <Tile title="Held payout" aside={`USD, Stripe, transfer group ${t.number}`} className="trade-money">
      <div className="money-figure"><span><span className="figure-value">{usd(t.held_cents)}</span> <span className="sm t2">held</span></span><span className="t2">of {usd(t.amount_cents)}</span></div>
      <div className="money-bar" role="img" aria-label={`${usd(received - t.held_cents)} paid out, ${usd(t.held_cents)} held, of ${usd(t.amount_cents)}`}>
        <span className="money-out" style={{ width: `${part(received - t.held_cents, t.amount_cents)}%` }} />
        <span className="money-held" style={{ width: `${part(t.held_cents, t.amount_cents)}%` }} />
      </div>
      <dl className="money-lines">
        {lines.map((l) => <div key={l.label} className="line"><dt><Glyph kind={l.kind} size={12} /> {l.label}</dt><dd className="num">{minor(l.cents, 2)} <span className="sm t2">USD</span></dd></div>)}
        {lines.length === 0 && <div className="line"><dt className="t2">{t.state === 'matched' ? 'Nothing received yet' : 'Nothing was received'}</dt><dd /></div>}
      </dl>
      <p className="trade-note sm t2">{told(t)}</p>
    </Tile>
  );
}

const part = (cents: number, of: number) => (of > 0 ? Math.min(100, (100 * cents) / of) : 0);

function told(t: Trade): string {
  if (t.settlement?.trouble) return `Waits: ${t.settlement.trouble}.`;
  if (t.settlement?.done_at) return `${t.settlement.kind === 'refund' ? 'Refunded' : 'Released'} ${dayMinute(t.settlement.done_at)}${t.settlement.rail_id ? `, ${t.settlement.rail_id}` : ''}.`;
  if (t.payment?.succeeded_at) return `Funded ${dayMinute(t.payment.succeeded_at)} by bank transfer. It is released when every machine is proven.`;
  if (t.state === 'matched') return 'It is held from the moment it arrives until every machine is proven.';
  return 'It is released when every machine is proven, or as the desk decides.';
}
