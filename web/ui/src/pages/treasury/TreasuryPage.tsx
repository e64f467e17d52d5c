import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { payoutsQuery, reconciliationsQuery, treasuryQuery, trialBalanceQuery, useMe } from '../../api/queries';
import type { Payout, PayoutFreeze, Reconciliation, ReconcileLine, Treasury, TrialBalance } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int, short } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { daySecond, duration, minute, second } from '../../lib/time';
import { Confirm } from '../../parts/Actions';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Figure, FigureStrip, Kbd, StatusChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table } from '../../parts/Table';
import { useNow, usePhone } from '../../parts/useNow';
import { MoneyTabs } from '../wallet/MoneyTabs';
import { STATES } from '../wallet/PayoutsPage';
import { amountOf, purposeOf } from '../wallet/words';
import { byDifference, openFirst, sides } from './rows';
import './treasury.css';

/** The house's money: what is to be paid, whether the books hold, and the switch. */
export default function TreasuryPage() {
  usePageTitle('Treasury');
  const can = useMe().data?.can ?? [];
  const q = useQuery({ ...treasuryQuery, enabled: can.includes('treasury.read') });
  if (!can.includes('treasury.read')) return <><MoneyTabs title="Treasury" /><Denied needs="the treasury needs the treasury role of the house" /></>;
  const t = q.data;
  return (
    <article className="ts">
      <MoneyTabs title="Treasury">{t && <Switch t={t} may={can.includes('treasury.write')} />}</MoneyTabs>
      {q.isError && <Failed what="The treasury was not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock />}
      {t?.freeze.frozen && (
        <div className="strip strip-bad strip-flush" role="status">
          <Glyph kind="hold" size={12} /> <span className="b">Payouts are frozen since {daySecond(t.freeze.at ?? '')}</span>
          <span className="t2">{t.freeze.reason}{t.freeze.by_system ? ', by the house itself' : ''}. {t.signer_frozen ? 'The signer holds it too.' : 'The signer does not hold it yet.'}</span>
        </div>
      )}
      {t && (
        <>
          <Figures t={t} />
          <div className="ts-body">
            <Queue />
            <Recon may={can.includes('treasury.write')} />
            <Trial />
          </div>
        </>
      )}
    </article>
  );
}

/** ⇧F asks first, and wants a reason. */
function Switch({ t, may }: { t: Treasury; may: boolean }) {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const to = !t.freeze.frozen;
  const turn = useMutation({
    mutationFn: () => call<PayoutFreeze>('POST', '/treasury/freeze', { body: { frozen: to, reason: reason.trim() } }),
    onSuccess: () => {
      setOpen(false);
      setReason('');
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['treasury'] }),
  });
  useHotkeys({ 'Shift+f': () => setOpen(true) }, may && !open);
  return (
    <>
      <span className="sm t2"><Glyph kind={t.freeze.frozen ? 'hold' : 'done'} size={11} /> {t.freeze.frozen ? 'Payouts frozen' : 'Payouts open'} · signer {t.signer_error ? 'does not answer' : t.signer_frozen ? 'frozen' : 'ready'}</span>
      {may ? <button type="button" className={to ? 'btn btn-bad' : 'btn btn-primary'} onClick={() => setOpen(true)}>{to ? 'Freeze payouts' : 'Open payouts'} <Kbd>⇧F</Kbd></button>
        : <span className="sm t2">turning it needs the treasury role</span>}
      <Confirm
        opened={open} title={to ? 'Freeze all payouts?' : 'Open payouts again?'} does={to ? 'Freeze' : 'Open'} bad={to} busy={turn.isPending}
        onYes={() => reason.trim() && turn.mutate()} onNo={() => setOpen(false)}
      >
        <p className="t2">{to ? 'Nothing is requested, signed, sent or transferred until it is opened again. What is in a block already is followed.' : 'What waited is paid, each once.'}</p>
        <label className="ts-reason sm t2">Reason, kept for ever
          <input className="input" data-autofocus required maxLength={200} value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} /></label>
        {turn.isError && <Failed what={to ? 'Not frozen' : 'Not opened'} error={turn.error} />}
      </Confirm>
    </>
  );
}

function Figures({ t }: { t: Treasury }) {
  const l = t.signer_limits;
  return (
    <FigureStrip>
      <Figure label="Spendable" value={int(t.spendable_sats)} unit="sat" made={`${int(t.coins.length)} coins, ${int(t.held_sats)} held by payouts`} />
      <Figure label="Immature rewards" value={int(t.immature_sats)} unit="sat" made={`at height ${int(t.height)}`} />
      <Figure label="In flight" value={int(t.in_flight_sats)} unit="sat" made="signed, in no block yet" />
      <Figure label="Ledger against coins" value={int(t.difference_sats)} unit="sat" made={t.difference_sats === 0 ? 'equal' : 'differs: no payout is made'} />
      <Figure label="Signed today, UTC" value={int(t.signed_today_sats)} unit="sat" made={`of ${int(l.per_day_sats)} a day`} />
      <Figure label="Signer’s limits" value={int(l.per_payout_sats)} unit="sat a payout" made={`fee at most ${int(l.max_fee_sats)} sat`} />
    </FigureStrip>
  );
}

/** Payouts as they are: one output each, the open ones first. */
function Queue() {
  const q = useQuery(payoutsQuery);
  const now = useNow(60_000);
  const [at, setAt] = useState('');
  const rows = q.data && openFirst(q.data);
  const open = rows?.filter((p) => !['confirmed', 'refused'].includes(p.state)) ?? [];
  const age = (p: Payout) => {
    if (!p.listed_at) return <><Glyph kind="look" size={11} /> another address by now</>;
    const s = (now - Date.parse(p.listed_at)) / 1000;
    return s < 172_800 ? <><Glyph kind="look" size={11} /> new, {duration(s)}</> : <><Glyph kind="done" size={11} /> {duration(s)}</>;
  };
  return (
    <Tile title="Payout queue" aside={`${int(open.length)} open, ${int(open.reduce((n, p) => n + p.amount_sats, 0))} sat to pay`} className="ts-queue">
      {q.isError && <Failed what="Payouts were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {rows?.length === 0 ? <Empty title="No payouts yet">One is requested when earnings reach the threshold.</Empty> : (
        <Table
          label="Payout queue" rows={rows} id={(p) => p.id} at={at} onAt={setAt}
          columns={[
            { head: 'Account', cell: (p) => p.org_name ?? short(p.org), width: 80 },
            { head: 'Address', cell: (p) => <span className="mono sm" title={p.address}>{short(p.address, 8, 4)}</span>, width: 100 },
            { head: 'sat', num: true, cell: (p) => <b>{int(p.amount_sats)}</b>, width: 50 },
            { head: 'Fee sat', num: true, cell: (p) => <span className="t2">{int(p.fee_sats)}</span>, wide: true },
            { head: 'Listed', cell: age, wide: true },
            { head: 'State', cell: (p) => <span title={p.reason}><Glyph kind={STATES[p.state][0]} size={11} /> {STATES[p.state][1]}{p.state === 'broadcast' && p.confirmations > 0 && `, ${p.confirmations} of ${p.confirmations_needed}`}</span> },
          ]}
        />
      )}
      <p className="ts-note sm t2">Payouts are signed one by one within the signer’s own limits; nobody approves them by hand yet.</p>
    </Tile>
  );
}

const LINES: Record<ReconcileLine['state'], [GlyphKind, string]> = {
  equal: ['done', 'Equal'], under_way: ['hold', 'Under way'], explain: ['look', 'To explain'], differs: ['wrong', 'Differs'], unknown: ['todo', 'Not answered'],
};

function Recon({ may }: { may: boolean }) {
  const client = useQueryClient();
  const q = useQuery(reconciliationsQuery);
  const now = useMutation({
    mutationFn: () => call<Reconciliation>('POST', '/treasury/reconcile'),
    onSettled: () => void client.invalidateQueries({ queryKey: ['treasury'] }),
  });
  const r = q.data?.[0];
  const explain = r?.lines.filter((l) => l.state === 'explain').length ?? 0;
  return (
    <Tile
      title="Reconciliation" className="ts-recon"
      aside={<>{r && <>{second(r.at)}, next {minute(r.next_at)}</>} {r && r.differ > 0 && <StatusChip kind="wrong">{r.differ} differ</StatusChip>} {explain > 0 && <StatusChip kind="look">{explain} to explain</StatusChip>} {may && <button type="button" className="btn btn-sm" disabled={now.isPending} onClick={() => now.mutate()}>{now.isPending ? 'Comparing' : 'Compare now'}</button>}</>}
    >
      {q.isError && <Failed what="The comparison was not read" error={q.error} onRetry={() => void q.refetch()} />}
      {now.isError && <Failed what="Not compared" error={now.error} />}
      {q.data?.length === 0 && <Empty title="Not compared yet">The first comparison comes within a minute of a start, then every 15 minutes.</Empty>}
      {r && (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Figures">
          <table className="grid ruled" aria-label="Reconciliation">
            <thead><tr><th>Account</th><th className="num">Ledger</th><th className="num">Outside</th><th>Source</th><th className="num">Difference</th><th>State</th></tr></thead>
            <tbody>
              {byDifference(r.lines).map((l) => (
                <tr key={l.account} className={l.state === 'differs' ? 'ts-bad' : l.state === 'explain' ? 'ts-look' : ''}>
                  <td>{l.account}, {l.currency}</td><td className="num">{amountOf(l.ledger, l.currency)}</td>
                  <td className="num">{l.state === 'unknown' ? <span className="t3">unknown</span> : amountOf(l.outside, l.currency)}</td><td className="t2">{l.source}</td>
                  <td className={`num ${l.difference === 0 ? 't3' : 'm'}`}>{l.state === 'unknown' ? '' : `${l.difference > 0 ? '+' : ''}${amountOf(l.difference, l.currency)}`}</td>
                  <td title={l.note}><Glyph kind={LINES[l.state][0]} size={11} /> {LINES[l.state][1]}{l.note && <span className="t2 sm">, {l.note}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="ts-note sm t2">A difference on a paying account freezes payouts by itself. Unmatched money in does not. BTC in sat.</p>
    </Tile>
  );
}

function Trial() {
  const phone = usePhone();
  const q = useQuery(trialBalanceQuery);
  const t: TrialBalance | undefined = q.data;
  const { rows, totals } = sides(t?.accounts ?? []);
  const cell = (v: number | undefined, c: string) => (v === undefined ? '' : amountOf(v, c));
  return (
    <Tile title="Trial balance" className="ts-trial" aside={t && <><Glyph kind={t.sound ? 'done' : 'wrong'} size={11} /> {t.sound ? 'every currency sums to zero' : 'the books are not sound'} · {int(t.entries)} entries</>}>
      {q.isError && <Failed what="The trial balance was not read" error={q.error} onRetry={() => void q.refetch()} />}
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Figures">
        <table className="grid ruled" aria-label="Trial balance">
          <thead><tr><th>Account</th><th className="num">USD debit</th><th className="num">USD credit</th>{!phone && <><th className="num">sat debit</th><th className="num">sat credit</th></>}</tr></thead>
          <tbody>
            {rows.map((r) => (
              <tr key={r.purpose}>
                <td>{purposeOf(r.purpose)}</td><td className="num">{cell(r.usdDebit, 'USD')}</td><td className="num">{cell(r.usdCredit, 'USD')}</td>
                {!phone && <><td className="num">{cell(r.btcDebit, 'BTC')}</td><td className="num">{cell(r.btcCredit, 'BTC')}</td></>}
              </tr>
            ))}
          </tbody>
          <tfoot><tr><td className="b">Difference</td><td colSpan={phone ? 2 : 4} className="num"><b>{amountOf(totals.USD, 'USD')}</b> <span className="sm t2">USD</span>&ensp;<b>{amountOf(totals.BTC, 'BTC')}</b> <span className="sm t2">sat</span></td></tr></tfoot>
        </table>
      </div>
      {t && t.drift.length > 0 && <p className="ts-note bad">{t.drift.length} balances are not the sum of their postings: {t.drift.map((d) => purposeOf(d.purpose)).join(', ')}</p>}
    </Tile>
  );
}
