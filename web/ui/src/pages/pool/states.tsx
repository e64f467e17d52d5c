import type { Rates, WorkerCounts, WorkerState } from '../../api/types';
import { fixed, int } from '../../lib/format';
import { dayMinute, duration } from '../../lib/time';
import type { GlyphKind } from '../../parts/Glyph';
import { StatusChip } from '../../parts/Parts';

const STATES: Record<WorkerState, [GlyphKind, string]> = {
  online: ['done', 'Online'], slow: ['look', 'Slow'], silent: ['wrong', 'Silent'], new: ['todo', 'New'], retired: ['off', 'Retired'],
};

/** What is the matter with a worker, and since when. */
export function StateChip({ w, now }: { w: { state: WorkerState; state_since?: string }; now: number }) {
  const [kind, name] = STATES[w.state];
  return (
    <span className="pl-state" title={w.state_since && `since ${dayMinute(w.state_since)} UTC`}>
      <StatusChip kind={kind}>{name}</StatusChip>
      {w.state_since && <span className="sm t2"> for {duration((now - Date.parse(w.state_since)) / 1000)}</span>}
    </span>
  );
}

/** 199.8 ±6.4, or why there is no figure. */
export function Rate({ r, shares }: { r: Rates; shares: number }) {
  if (shares === 0) return <span className="t3">no shares</span>;
  const half = r.upper_ths === undefined ? null : (r.upper_ths - r.lower_ths) / 2;
  return <><span className="ac m">{fixed(r.ths, 1)}</span> {half !== null && <span className="t3 sm">±{fixed(half, 1)}</span>}</>;
}

const PICKS = ['online', 'slow', 'silent', 'new', 'retired'] as const;

/** The states with how many are in each; the one that is on filters. */
export function StatePicks({ counts, on, onPick }: { counts: WorkerCounts | undefined; on: string; onPick: (state: string) => void }) {
  return (
    <div className="segments" role="group" aria-label="State">
      <button type="button" className="seg seg-ac" aria-pressed={on === ''} onClick={() => onPick('')}>All {counts && int(counts.total)}</button>
      {PICKS.map((s) => (
        <button key={s} type="button" className="seg seg-ac" aria-pressed={on === s} onClick={() => onPick(on === s ? '' : s)}>{STATES[s][1]} {counts && int(counts[s])}</button>
      ))}
    </div>
  );
}
