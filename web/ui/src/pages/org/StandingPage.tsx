import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { standingQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { BeneficialOwner, OrgDetails, Standing } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { dayMinute } from '../../lib/time';
import { Tile } from '../../parts/Parts';
import { Denied, Failed, SkeletonBlock } from '../../parts/States';
import { DetailLines, StandingChip } from './Details';
import { OrgTabs } from './OrgTabs';

/** Whether the organisation may trade, why not, and what it says of itself. */
export default function StandingPage() {
  usePageTitle('Verification');
  const can = useMe().data?.can ?? [];
  const q = useQuery({ ...standingQuery, enabled: can.includes('verify.read') });
  const [editing, setEditing] = useState(false);
  if (!can.includes('verify.read')) return <><OrgTabs /><Denied needs="verification is for the owner, trader and viewer roles" /></>;
  const s = q.data;
  const write = can.includes('verify.write') && s?.state !== 'suspended';
  const form = s && write && (editing || s.state === 'unverified' || s.state === 'refused');
  return (
    <article className="og">
      <OrgTabs />
      {q.isError && <Failed what="The verification was not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock />}
      {s && (
        <div className="og-two">
          <Tile title="How it stands" aside={s.decided_at ? `decided ${dayMinute(s.decided_at)}` : s.submitted_at && `sent ${dayMinute(s.submitted_at)}`}>
            <div className="og-form">
              <p><StandingChip state={s.state} /></p>
              <p>{s.may_trade ? 'The organisation places orders and funds trades.' : sentence(s.why ?? '')}</p>
              {s.reason && s.state === 'refused' && <p className="t2">The desk wrote: {s.reason}</p>}
              {s.details.legal_name && <DetailLines details={s.details} />}
              {write && !form && <button type="button" className="btn" onClick={() => setEditing(true)}>Change what is said here</button>}
              {write && !form && s.state === 'verified' && <p className="sm t2">Changed details are checked anew; until then no orders are placed and no trades funded.</p>}
              {!can.includes('verify.write') && <p className="sm t2">Only the owner role sends details.</p>}
            </div>
          </Tile>
          {form && <DetailsForm was={s} onDone={() => setEditing(false)} />}
        </div>
      )}
    </article>
  );
}

const sentence = (s: string) => s.charAt(0).toUpperCase() + s.slice(1) + '.';

const NOBODY: BeneficialOwner = { name: '', country: '' };

function DetailsForm({ was, onDone }: { was: Standing; onDone: () => void }) {
  const client = useQueryClient();
  const [d, setD] = useState<OrgDetails>(() => ({ ...was.details, owners: was.details.owners.length > 0 ? was.details.owners : [NOBODY] }));
  const send = useMutation({
    mutationFn: () => call<Standing>('POST', '/verification', { body: clean(d) }),
    onSuccess: (s) => {
      client.setQueryData(standingQuery.queryKey, s);
      onDone();
    },
  });
  const owner = (i: number, change: Partial<BeneficialOwner>) => setD({ ...d, owners: d.owners.map((o, n) => (n === i ? { ...o, ...change } : o)) });
  return (
    <Tile title="Details" aside="as they stand in the company register">
      <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); send.mutate(); }}>
        <label className="sm t2">Legal name
          <input className="input" required maxLength={200} value={d.legal_name} onChange={(ev) => setD({ ...d, legal_name: ev.currentTarget.value })} /></label>
        <div className="og-row">
          <label className="sm t2">Country, two letters
            <input className="input" required pattern="[A-Za-z]{2}" maxLength={2} value={d.country} onChange={(ev) => setD({ ...d, country: ev.currentTarget.value.toUpperCase() })} /></label>
          <label className="sm t2">Registration number
            <input className="input" required maxLength={80} value={d.registration} onChange={(ev) => setD({ ...d, registration: ev.currentTarget.value })} /></label>
        </div>
        <fieldset className="og-owners">
          <legend className="sm t2">Beneficial owners, of 25 % or more; where there are none, who manages it</legend>
          {d.owners.map((o, i) => (
            <div key={i} className="og-owner">
              <input className="input" required maxLength={200} placeholder="Name" aria-label={`Name of owner ${i + 1}`} value={o.name} onChange={(ev) => owner(i, { name: ev.currentTarget.value })} />
              <input className="input" required pattern="[A-Za-z]{2}" maxLength={2} placeholder="FI" aria-label={`Country of owner ${i + 1}`} value={o.country} onChange={(ev) => owner(i, { country: ev.currentTarget.value.toUpperCase() })} />
              <input className="input" type="date" aria-label={`Birthday of owner ${i + 1}`} value={o.born ?? ''} onChange={(ev) => owner(i, { born: ev.currentTarget.value })} />
              <button type="button" className="btn btn-sm" disabled={d.owners.length === 1} onClick={() => setD({ ...d, owners: d.owners.filter((_, n) => n !== i) })} aria-label={`Remove owner ${i + 1}`}>Remove</button>
            </div>
          ))}
          <button type="button" className="btn btn-sm" disabled={d.owners.length >= 50} onClick={() => setD({ ...d, owners: [...d.owners, NOBODY] })}>One more owner</button>
        </fieldset>
        <div className="og-go">
          <button type="submit" className="btn btn-primary" disabled={send.isPending}>{send.isPending ? 'Sending' : 'Send to the desk'}</button>
          {was.state !== 'unverified' && <button type="button" className="btn" onClick={onDone}>Leave it</button>}
        </div>
        {send.isError && <Failed what="Nothing was sent" error={send.error} />}
      </form>
    </Tile>
  );
}

/** Without empty birthdays, which are not said. */
function clean(d: OrgDetails): OrgDetails {
  return { ...d, owners: d.owners.map(({ born, ...o }) => (born ? { ...o, born } : o)) };
}
