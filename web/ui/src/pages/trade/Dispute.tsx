import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { useMe } from '../../api/queries';
import type { Trade } from '../../api/types';
import { usd } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Confirm } from '../../parts/Actions';
import { Line, Tile } from '../../parts/Parts';
import { Failed } from '../../parts/States';

const OPEN_IN: readonly Trade['state'][] = ['funded', 'shipped', 'delivered', 'proving', 'refuted'];

/** Stops a trade: what that stops is said before. */
export function Dispute({ t }: { t: Trade }) {
  const may = useMe().data?.can.includes('trades.dispute') ?? false;
  const since = t.states.find((s) => s.state === 'disputed')?.at;
  return (
    <Tile title="Dispute" id="dispute" aside={t.state === 'disputed' && since ? `open since ${dayMinute(since)}` : 'none open'} className="trade-dispute">
      {t.state === 'disputed' ? (
        <div className="dispute-text"><p className="b">{t.reason}</p><p className="t2">{usd(t.held_cents)} stay held until the desk decides.</p></div>
      ) : OPEN_IN.includes(t.state) ? <Entry t={t} may={may && Boolean(t.role)} /> : (
        <p className="trade-note t2">{t.state === 'matched' ? 'Before the money is here there is nothing to dispute: an unpaid trade lapses by itself.' : 'The trade is over; a dispute could stop nothing any more.'}</p>
      )}
    </Tile>
  );
}

function Entry({ t, may }: { t: Trade; may: boolean }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [asked, ask] = useState(false);
  const open = useMutation({
    mutationFn: () => call<Trade>('POST', `/trades/${t.id}/dispute`, { body: { reason: reason.trim() } }),
    onSettled: () => {
      ask(false);
      void client.invalidateQueries({ queryKey: ['trades'] });
    },
  });
  return (
    <div className="dispute-text">
      <p className="dispute-says sm t2">Opening a dispute stops packing, the proof and the release of this trade until the desk decides. Nothing else stops.</p>
      <dl>
        <Line label="Held meanwhile">{usd(t.held_cents)}</Line>
        <Line label="Evidence that goes with it">{t.state === 'proving' || t.state === 'refuted' ? 'pool work, scans' : 'scans, condition as listed'}</Line>
        <Line label="Decided by">the desk</Line>
      </dl>
      {may ? (
        <>
          <label className="td-step-field sm t2">What is wrong
            <textarea rows={2} maxLength={1000} value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} />
          </label>
          <button type="button" className="btn btn-bad" disabled={reason.trim() === '' || open.isPending} onClick={() => ask(true)}>Open a dispute</button>
        </>
      ) : <p className="sm t2">Opening one needs the trader or owner role of a side of this trade.</p>}
      {open.isError && <Failed what="No dispute was opened" error={open.error} kept="Your words are still here." />}
      <Confirm opened={asked} title={`Dispute ${t.number}`} does="Open the dispute" bad busy={open.isPending} onYes={() => open.mutate()} onNo={() => ask(false)}>
        <p>Both sides and the desk read: “{reason.trim()}”</p>
      </Confirm>
    </div>
  );
}
