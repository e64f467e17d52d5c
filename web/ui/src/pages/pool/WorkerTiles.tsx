import { useQuery } from '@tanstack/react-query';
import { devicesQuery, forensicsQuery, sessionsOfUnitQuery } from '../../api/pool';
import type { Diagnosis, Gap, PoolWorker } from '../../api/types';
import { fixed, int, percent } from '../../lib/format';
import { dayMinute, daySecond, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { EvidenceChip, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow } from '../../parts/useNow';

const CAUSES: Record<string, string> = {
  none: 'Unauthorised', 'tip-moved': 'Stale, new block', 'unknown-job': 'Unknown job', 'period-over': 'Stale, period over', repeated: 'Duplicate', 'too-easy': 'Low difficulty',
  'version-bits': 'Version mask', 'block-time': 'Time out of range', malformed: 'Malformed', sated: 'More than the session may',
};

/** Why submits were refused, with the likely cause and what to look at. */
export function ForensicsTile({ w }: { w: PoolWorker }) {
  const q = useQuery(forensicsQuery(w.id));
  const all = q.data ? q.data.accepted + q.data.items.reduce((n, i) => n + i.count, 0) : 0;
  return (
    <Tile title="Refused submits, 24 h" aside={q.data && `of ${int(all)}, likely cause`}>
      {q.isError && <Failed what="Refusals were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock height={100} />}
      {q.data?.items.length === 0 && <Empty>{all === 0 ? 'No submits in the last day.' : `None of ${int(all)} submits was refused.`}</Empty>}
      <ul>{q.data?.items.map((d) => <Finding key={d.cause} d={d} />)}</ul>
    </Tile>
  );
}

function Finding({ d }: { d: Diagnosis }) {
  const most = Math.max(1, ...d.classes.map((c) => c.count));
  return (
    <li className="pl-finding">
      <p><Glyph kind={d.grave ? 'look' : 'done'} size={12} label={d.grave ? 'look at this' : 'usual'} /> <b>{CAUSES[d.cause] ?? d.cause}</b>
        <span className="t3 sm">code {d.code}</span><span className="num">{int(d.count)}</span><span className="num t2">{percent(d.of_all, 3)} %</span></p>
      <p>{d.likely}</p>
      <p className="t2">{d.advice}</p>
      {d.classes.length > 0 && (
        <ol className="pl-late" aria-label="By how late they were">
          {d.classes.map((c) => (
            <li key={c.up_to_ms}><span className="sm t2">{c.up_to_ms ? `up to ${c.up_to_ms < 1000 ? `${c.up_to_ms} ms` : `${c.up_to_ms / 1000} s`}` : 'later'}</span>
              <span className="pl-reject-bar"><i style={{ width: `${(c.count / most) * 100}%` }} /></span><span className="num sm">{int(c.count)}</span></li>
          ))}
        </ol>
      )}
    </li>
  );
}

/** What the machine says it does beside what arrived. */
export function GapTile({ w }: { w: PoolWorker }) {
  const gap = useQuery(forensicsQuery(w.id)).data?.gap;
  return (
    <Tile title="Reported against delivered" aside="1 h">
      {gap ? <GapLines gap={gap} /> : <Empty>{w.unit_id ? 'Nothing to compare: no fresh reading of the machine, or no measured hour yet.' : 'A plain worker has no machine whose readings could be compared.'}</Empty>}
      {w.reference_ths !== undefined && <p className="pl-note t2 sm">Slow is judged against {fixed(w.reference_ths, 1)} TH/s, {w.reference_kind === 'nominal' ? 'what the machine is sold with' : 'its own last day'}.</p>}
    </Tile>
  );
}

function GapLines({ gap }: { gap: Gap }) {
  const d = gap.delivered;
  return (
    <dl className="pl-lines">
      <div className="line"><dt className="t2">The machine reports</dt><dd className="num pl-reported">{fixed(gap.reported_ths, 1)} <span className="t2 sm">TH/s, {dayMinute(gap.reported_at)}</span></dd></div>
      <div className="line"><dt className="t2">The pool accepted</dt><dd className="num ac">{fixed(d.ths, 1)} <span className="t2 sm">TH/s{d.upper_ths !== undefined && `, ${fixed(d.lower_ths, 1)} to ${fixed(d.upper_ths, 1)} at 95 %`}</span></dd></div>
      <div className="line"><dt className="t2">Gap</dt><dd className="num"><b>{percent(gap.missing, 1)} %</b> <StatusChip kind={gap.beyond_chance ? 'look' : 'done'}>{gap.beyond_chance ? 'Beyond chance' : 'Within chance'}</StatusChip></dd></div>
    </dl>
  );
}

/** Live sessions, and what connected as the worker by its own word. */
export function SessionsTile({ w }: { w: PoolWorker }) {
  const now = useNow(5000);
  const live = useQuery(sessionsOfUnitQuery(w.unit_id ?? ''));
  const devices = useQuery(devicesQuery(w.id));
  const mine = live.data?.filter((s) => s.worker_id === w.id) ?? [];
  return (
    <Tile title="Sessions and hardware" aside={`${int(w.sessions)} live`}>
      {live.isError && <Failed what="Sessions were not read" error={live.error} />}
      {devices.isError && <Failed what="Hardware was not read" error={devices.error} />}
      <ul>
        {mine.map((s) => (
          <li key={s.id} className="pl-session">
            <p><Glyph kind="live" size={11} label="connected" /> <span className="mono">{s.remote}</span> <span className="t2">since {daySecond(s.opened_at)}, {duration((now - Date.parse(s.opened_at)) / 1000)}</span></p>
            <p className="og-chips">
              <EvidenceChip label="difficulty" value={fixed(s.wire_difficulty, s.wire_difficulty < 10 ? 5 : 0)} /><EvidenceChip label="wanted" value={`${fixed(s.per_minute, 1)} shares/min`} />
              <EvidenceChip label="accepted" value={int(s.accepted)} /><EvidenceChip label="rejected" value={int(s.rejected)} />
              <StatusChip kind={s.secret ? 'done' : 'look'}>{s.secret ? 'Knew the secret' : 'No secret'}</StatusChip>{s.proof && <StatusChip kind="live">Under proof</StatusChip>}
            </p>
          </li>
        ))}
        {devices.data?.map((d) => (
          <li key={`${d.first_at}${d.hw_id ?? ''}`} className="pl-session">
            <p className="t2">seen {dayMinute(d.first_at)} to {dayMinute(d.last_at)} UTC, by its own word</p>
            <p className="og-chips">
              {d.agent && <EvidenceChip label="software" value={d.agent} />}{d.sw_version && <EvidenceChip label="version" value={d.sw_version} />}
              {d.hw_version && <EvidenceChip label="hardware" value={d.hw_version} />}{d.hw_id && <EvidenceChip label="hw-id" value={d.hw_id} />}{d.url && <EvidenceChip label="url" value={d.url} />}
            </p>
          </li>
        ))}
      </ul>
      {devices.data?.length === 0 && mine.length === 0 && <Empty>Nothing has connected as this worker yet.</Empty>}
    </Tile>
  );
}
