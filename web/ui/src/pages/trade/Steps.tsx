import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { call } from '../../api/client';
import { useMe, useWorld } from '../../api/queries';
import type { Trade } from '../../api/types';
import { usd } from '../../lib/format';
import { dayMinute, duration } from '../../lib/time';
import { Copy } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Line, StatusChip } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { Decide } from './Decide';

type Step = Trade['next']['buyer'];

/** What each side does next: yours is washed and has the one primary button. */
export function Steps({ t }: { t: Trade }) {
  const desk = !t.role && t.next.desk.act;
  const yours = t.role ?? 'buyer';
  const theirs = yours === 'buyer' ? 'seller' : 'buyer';
  return (
    <div className="td-steps">
      {desk && <section className="td-step td-step-yours" aria-label="The desk, you"><Decide t={t} /></section>}
      <One t={t} side={yours} you={Boolean(t.role)} />
      <One t={t} side={theirs} you={false} />
    </div>
  );
}

function One({ t, side, you }: { t: Trade; side: 'buyer' | 'seller'; you: boolean }) {
  const s: Step = t.next[side];
  const name = t[side].name;
  return (
    <section className={you ? 'td-step td-step-yours' : 'td-step'} aria-label={you ? `${name}, you` : name}>
      <div className="td-step-head sm t2">
        <span>{name}{you && ', you'}</span>
        {you && s.act ? <StatusChip kind="live">Your step</StatusChip> : <span>{s.act ? 'waiting on them' : s.title ? 'waits' : ''}</span>}
      </div>
      <h2 className="td-step-title">{s.title || (t.state === 'cancelled' ? 'Nothing: the trade is over' : 'Nothing: the trade is done')}</h2>
      <p className="t2">{s.detail || t.reason}</p>
      <div className="td-step-foot">
        {s.due ? <Due at={s.due} /> : <span />}
        {you && <Action t={t} act={s.act} />}
      </div>
      {you && s.act === 'fund' && t.payment && <Instructions t={t} />}
    </section>
  );
}

function Due({ at }: { at: string }) {
  const left = (Date.parse(at) - useNow()) / 1000;
  return (
    <span className="sm m">
      <Glyph kind={left < 24 * 3600 ? 'look' : 'live'} size={10} /> {dayMinute(at)}{left > 0 ? `, in ${duration(left)}` : ', over'}
    </span>
  );
}

function Action({ t, act }: { t: Trade; act: Step['act'] }) {
  const can = useMe().data?.can ?? [];
  switch (act) {
    case 'fund': return t.payment ? null : can.includes('trades.fund') ? <Fund t={t} /> : <Needs role="trader or owner" />;
    case 'pack': case 'receive':
      return can.includes('shipments.read') ? <Link className="btn btn-primary" to={`/logistics?trade=${t.id}`}>{act === 'pack' ? 'Open the packing bench' : 'Open the receiving bench'}</Link> : <Needs role="logistics or owner" />;
    case 'connect': return can.includes('fleet.read') ? <Link className="btn btn-primary" to="/fleet">Open the fleet</Link> : <Needs role="operator or owner" />;
    default: return null;
  }
}

function Needs({ role }: { role: string }) {
  return <span className="sm t2"><Glyph kind="off" size={10} /> needs the {role} role</span>;
}

function Fund({ t }: { t: Trade }) {
  const client = useQueryClient();
  const fund = useMutation({
    mutationFn: () => call<Trade>('POST', `/trades/${t.id}/fund`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['trades'] }),
  });
  return (
    <>
      <button type="button" className="btn btn-primary" data-key="fund" disabled={fund.isPending} onClick={() => fund.mutate()}>Show where to send {usd(t.amount_cents)}</button>
      {fund.isError && <Failed what="No instructions" error={fund.error} kept="The trade stands; nothing was charged." />}
    </>
  );
}

/** Where the buyer sends the money, each line to copy. */
function Instructions({ t }: { t: Trade }) {
  const p = t.payment;
  const i = p?.instructions;
  if (!p || !i) return null;
  const lines: [string, string | undefined][] = [
    ['Bank', i.bank_name], ['IBAN', i.iban], ['Account', i.account_number], ['Routing', i.routing_number], ['Reference', i.reference],
  ];
  return (
    <div className="td-step-bank">
      <dl>
        <Line label="Send by bank transfer" strong>{usd(p.amount_cents)}</Line>
        {lines.map(([label, value]) => value && (
          <Line key={label} label={label}><span className="mono">{value}</span> <Copy text={value} label={label.toLowerCase()} /></Line>
        ))}
        <Line label="Received so far">{usd(p.received_cents)}</Line>
      </dl>
      <LocalBank t={t} />
    </div>
  );
}

/** The local world has no bank: this plays the buyer's. */
function LocalBank({ t }: { t: Trade }) {
  const world = useWorld().data;
  const pay = useMutation({ mutationFn: () => call<undefined>('POST', '/world/bank', { body: { trade: t.id } }) });
  if (!world) return null;
  return (
    <>
      <button type="button" className="btn" disabled={pay.isPending || pay.isSuccess} onClick={() => pay.mutate()}>
        {pay.isSuccess ? 'Sent; it arrives in a moment' : 'Local world: pay as the buyer’s bank'}
      </button>
      {pay.isError && <Failed what="The bank sent nothing" error={pay.error} />}
    </>
  );
}
