import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import type { Trade } from '../../api/types';
import { usd } from '../../lib/format';
import { Confirm } from '../../parts/Actions';
import { StatusChip } from '../../parts/Parts';
import { Failed } from '../../parts/States';

type Outcome = 'release' | 'refund';

/** The desk's decision, with a reason both sides will read. */
export function Decide({ t }: { t: Trade }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [asked, ask] = useState<Outcome | null>(null);
  const decide = useMutation({
    mutationFn: (outcome: Outcome) => call<Trade>('POST', `/trades/${t.id}/decision`, { body: { outcome, reason: reason.trim() } }),
    onSettled: () => {
      ask(null);
      void client.invalidateQueries({ queryKey: ['trades'] });
    },
  });
  const ready = reason.trim() !== '' && !decide.isPending;
  return (
    <>
      <div className="td-step-head sm t2"><span>The desk, you</span><StatusChip kind="live">Your step</StatusChip></div>
      <h2 className="td-step-title">{t.next.desk.title}</h2>
      <p className="t2">{t.reason}</p>
      <label className="td-step-field sm t2">Reason, for both sides
        <textarea rows={2} maxLength={1000} value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} />
      </label>
      <div className="td-step-foot">
        <button type="button" className="btn" disabled={!ready} onClick={() => ask('refund')}>Refund {usd(t.held_cents)}</button>
        <button type="button" className="btn btn-primary" disabled={!ready} onClick={() => ask('release')}>Pay {usd(t.held_cents - t.commission_cents)} to the seller</button>
      </div>
      {decide.isError && <Failed what="Not decided" error={decide.error} kept="The payout is still held." />}
      <Confirm
        opened={asked !== null} title={`Trade ${t.number}`} does={asked === 'refund' ? 'Refund the buyer' : 'Pay the seller'} busy={decide.isPending}
        onYes={() => asked && decide.mutate(asked)} onNo={() => ask(null)}
      >
        <p>{asked === 'refund' ? `${usd(t.held_cents)} go back to ${t.buyer.name}; the machines go back to ${t.seller.name}.` : `${usd(t.held_cents - t.commission_cents)} go to ${t.seller.name}, ${usd(t.commission_cents)} are commission.`} This cannot be taken back.</p>
      </Confirm>
    </>
  );
}
