import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { call } from '../../api/client';
import { dossierQuery, subjectsQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { Dossier, Subject } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Kbd, Segments, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { DetailLines, StandingChip } from '../org/Details';
import { DeskTabs } from './DeskTabs';
import '../org/org.css';
import './desk.css';

const STATES = ['', 'submitted', 'suspended', 'verified', 'refused', 'unverified'] as const;

/** All organisations, how they stand, and the desk's word on one. */
export default function VerificationsPage() {
  usePageTitle('Organisations');
  const { org = '' } = useParams();
  const navigate = useNavigate();
  const may = useMe().data?.can.includes('verify.decide') ?? false;
  const [state, setState] = useState<(typeof STATES)[number]>('');
  const q = useQuery({ ...subjectsQuery(state), enabled: may });
  if (!may) return <><DeskTabs /><Denied needs="organisations are verified by the desk role" /></>;
  const rows = q.data?.filter((s) => !s.house);
  const here = org || rows?.[0]?.record.org_id || '';
  return (
    <article className="og">
      <DeskTabs><Kbd>j</Kbd> <Kbd>k</Kbd> rows</DeskTabs>
      <div className="og-body">
        <section className="og-main">
          <div className="og-filter">
            <Segments label="State" on={[state]} onPick={setState} options={STATES.map((s) => ({ value: s, label: s ? s.charAt(0).toUpperCase() + s.slice(1) : 'All' }))} />
          </div>
          {q.isError && <Failed what="Organisations were not read" error={q.error} onRetry={() => void q.refetch()} />}
          {rows?.length === 0 && <Empty>{state ? `No organisation is ${state}.` : 'No organisations yet.'}</Empty>}
          {!q.isError && rows?.length !== 0 && (
            <Table label="Organisations" columns={COLUMNS} rows={rows} id={(s) => s.record.org_id} at={here} onAt={(id) => void navigate(`/desk/verifications/${id}`, { replace: true })} />
          )}
        </section>
        <aside className="og-side" aria-label="The organisation">{here && <One key={here} org={here} />}</aside>
      </div>
    </article>
  );
}

const COLUMNS: Column<Subject>[] = [
  { head: 'Organisation', width: 120, cell: (s) => <span className="m">{s.name}</span> },
  { head: 'State', width: 90, cell: (s) => <StandingChip state={s.record.state} /> },
  { head: 'Legal name', width: 140, wide: true, cell: (s) => s.record.details.legal_name || <span className="t3">not said</span> },
  { head: 'Country', width: 50, wide: true, cell: (s) => s.record.details.country },
  { head: 'Listed names', width: 60, num: true, cell: (s) => (s.open_hits > 0 ? <span className="bad m">{int(s.open_hits)}</span> : <span className="t3">none</span>) },
  { head: 'Sent, UTC', width: 90, num: true, wide: true, cell: (s) => s.record.submitted_at && <span className="t2">{dayMinute(s.record.submitted_at)}</span> },
];

function One({ org }: { org: string }) {
  const q = useQuery(dossierQuery(org));
  if (q.isPending) return <SkeletonBlock />;
  if (q.isError) return <Failed what="The organisation was not read" error={q.error} onRetry={() => void q.refetch()} />;
  const d = q.data;
  return (
    <>
      <Tile title={d.name} aside={<StandingChip state={d.record.state} />}>
        <div className="og-form">
          {d.record.details.legal_name ? <DetailLines details={d.record.details} /> : <p className="t2">It has not said yet who it is.</p>}
          {d.record.reason && <p className="t2">Last reason: {d.record.reason}</p>}
        </div>
      </Tile>
      {d.hits.length > 0 && <Hits dossier={d} />}
      {d.can.length > 0 && <Decide key={d.record.version} dossier={d} />}
    </>
  );
}

/** What the names are like, and by which rule it was found. */
function Hits({ dossier }: { dossier: Dossier }) {
  return (
    <Tile title="Listed names like its own" aside={`${int(dossier.open_hits)} to clear`}>
      <ul className="og-hooks">
        {dossier.hits.map((h) => (
          <li key={h.id}>
            <span><Glyph kind={h.cleared_at ? 'off' : 'wrong'} size={10} label={h.cleared_at ? 'cleared' : 'open'} /> <span className="m">{h.subject}</span> is like <span className="m">{h.listed}</span></span>
            <span className="sm t2">entry {h.ent_num} · {h.rule === 'exact' ? 'the same words' : `score ${fixed(h.score_ppm / 10_000, 1)} %, from 88.0 %`}
              {h.cleared_at && ` · cleared ${dayMinute(h.cleared_at)}: ${h.reason}`}</span>
          </li>
        ))}
      </ul>
    </Tile>
  );
}

const WORDS: Record<string, { does: string; about: string; bad?: boolean }> = {
  verify: { does: 'Verify', about: 'It may trade from now on.' },
  refuse: { does: 'Refuse', about: 'It reads the reason and may send other details.', bad: true },
  suspend: { does: 'Suspend', about: 'It may not trade; its orders are taken out of the books.', bad: true },
  reopen: { does: 'Lift, decide afresh', about: 'Clears the listed names for this reason; you then verify or refuse.' },
  reinstate: { does: 'Lift, verified as before', about: 'Clears the listed names for this reason; it may trade from now on.' },
};

function Decide({ dossier: d }: { dossier: Dossier }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const decide = useMutation({
    mutationFn: (event: string) => call<Dossier>('POST', `/verifications/${d.record.org_id}/decision`, { body: { event, reason, version: d.record.version } }),
    onSettled: () => {
      for (const k of ['verifications', 'desk', 'turns']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  const short = reason.trim().length < 5;
  return (
    <Tile title="Decide" aside="recorded in its audit trail">
      <form className="og-form" onSubmit={(ev) => ev.preventDefault()}>
        <label className="sm t2">Reason, which the organisation reads after a refusal
          <input className="input" maxLength={500} value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} /></label>
        {d.can.map((e) => (
          <div key={e} className="og-decide">
            <button
              type="button" className={WORDS[e]?.bad ? 'btn btn-bad' : 'btn btn-primary'} onClick={() => decide.mutate(e)}
              disabled={decide.isPending || (e !== 'verify' && short)} title={e !== 'verify' && short ? 'Write the reason first' : undefined}
            >
              {WORDS[e]?.does ?? e}
            </button>
            <span className="sm t2">{WORDS[e]?.about}</span>
          </div>
        ))}
        {decide.isError && <Failed what="Nothing was decided" error={decide.error} />}
      </form>
    </Tile>
  );
}
