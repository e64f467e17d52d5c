import type { Bench, Leg } from '../../api/types';
import { day, dayMinute, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';

const DAY = 86_400_000;

/** Legs as planned by people, or the one that the hand-overs themselves tell. */
export function legsOf(b: Bench): Leg[] {
  if (b.legs.length > 0) return b.legs;
  if (!b.dispatched_at) return [];
  return [{ kind: 'road', name: `${b.seller.name} → ${b.buyer.name}`, carrier: b.carrier ?? '', actual_from: b.dispatched_at, ...(b.arrived_at ? { actual_to: b.arrived_at } : {}) }];
}

/** The first and last instant of all legs, widened to whole days. */
export function spanOf(legs: readonly Leg[], now: number): [number, number] {
  const all = legs.flatMap((l) => [l.planned_from, l.planned_to, l.actual_from, l.actual_to]).filter((t) => t !== undefined).map((t) => Date.parse(t));
  if (legs.some((l) => l.actual_from && !l.actual_to)) all.push(now);
  if (all.length === 0) return [now - DAY, now];
  const from = Math.floor(Math.min(...all) / DAY) * DAY;
  return [from, Math.max(from + DAY, Math.ceil(Math.max(...all) / DAY) * DAY)];
}

/** Planned against actual on one time axis; customs is hatched. */
export function Legs({ bench, now }: { bench: Bench; now: number }) {
  const legs = legsOf(bench);
  const [from, to] = spanOf(legs, now);
  const x = (t: number) => ((t - from) / (to - from)) * 100;
  const days = Math.round((to - from) / DAY);
  const step = Math.max(1, Math.ceil(days / 10));
  return (
    <Tile
      title={`The way of ${bench.number}`}
      aside={<><i className="bn-key bn-key-actual" /> actual <i className="bn-key bn-key-plan" /> planned {bench.received_at && <><Glyph kind="done" size={11} /> Received {bench.received} of {bench.expected}</>}</>}
      className="bn-legs"
    >
      {legs.length === 0 ? <p className="bn-note t2">No leg is planned and nothing has left yet.</p> : (
        <div className="bn-legs-grid">
          <div className="bn-axis" aria-hidden>
            {Array.from({ length: Math.floor(days / step) + 1 }, (_, i) => from + i * step * DAY).map((t) => (
              <span key={t} style={{ left: `${x(t)}%` }} className="xs t2">{day(t)}</span>
            ))}
          </div>
          {legs.map((l, i) => <LegRow key={i} leg={l} x={x} now={now} />)}
        </div>
      )}
    </Tile>
  );
}

function LegRow({ leg, x, now }: { leg: Leg; x: (t: number) => number; now: number }) {
  const p = (t: string | undefined) => (t ? Date.parse(t) : null);
  const [pf, pt, af, at] = [p(leg.planned_from), p(leg.planned_to), p(leg.actual_from), p(leg.actual_to)];
  const end = at ?? now;
  const held = leg.kind === 'customs' && af !== null;
  const word = af === null ? 'not begun' : held ? `${at === null ? 'held' : 'was held'} ${duration((end - af) / 1000)}` : at === null ? `under way since ${dayMinute(af)}` : `until ${dayMinute(at)}`;
  return (
    <div className="bn-leg">
      <div className="bn-leg-name"><span className="m">{leg.name}</span><span className="sm t3">{[leg.carrier, leg.note].filter(Boolean).join(' · ') || leg.kind}</span></div>
      <div className="bn-leg-track" role="img" aria-label={`${leg.name}: ${word}`}>
        {af !== null && <i className={held ? 'bn-bar bn-bar-hold' : 'bn-bar'} style={{ left: `${x(af)}%`, width: `${Math.max(0.4, x(end) - x(af))}%` }} />}
        {pf !== null && pt !== null && <i className="bn-plan" style={{ left: `${x(pf)}%`, width: `${Math.max(0.4, x(pt) - x(pf))}%` }} />}
        <span className={`sm ${held && at === null ? 'warn' : 't2'}`} style={x(end) > 70 && af !== null ? { right: `${100 - x(af) + 1}%` } : { left: `${(af === null ? x(pf ?? now) : x(end)) + 0.8}%` }}>{word}</span>
      </div>
    </div>
  );
}
