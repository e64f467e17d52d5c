import { dayMinute, duration } from '../lib/time';
import { Glyph, type GlyphKind } from './Glyph';
import { useNow } from './useNow';

/** A stored deadline, as the server tells it. */
export interface ClockView {
  name: string;
  rule: string;
  state: 'waiting' | 'running' | 'met' | 'missed' | 'paused' | 'off';
  from?: string;
  due?: string;
  ended?: string;
}

const GLYPHS: Record<ClockView['state'], GlyphKind> = {
  waiting: 'todo', running: 'live', met: 'done', missed: 'wrong', paused: 'hold', off: 'off',
};

/** Glyph, name, time left, a bar of 4 px, the rule and the absolute end. */
export function Clock({ clock }: { clock: ClockView }) {
  const now = useNow();
  const { state, rule } = clock;
  const due = clock.due ? Date.parse(clock.due) : NaN;
  const from = clock.from ? Date.parse(clock.from) : NaN;
  const gone = state === 'running' && due > from ? Math.min(1, Math.max(0, (now - from) / (due - from))) : state === 'waiting' ? 0 : 1;
  return (
    <li className={`clock clock-${state}`}>
      <div className="clock-line">
        <span className="m"><Glyph kind={GLYPHS[state]} size={12} label={state} /> {clock.name}</span>
        <span className="b">{left(clock, due, now)}</span>
      </div>
      <div className="clock-bar" role="presentation"><span style={{ width: `${gone * 100}%` }} /></div>
      <p className="sm t2">{rule}{Number.isFinite(due) && <>, {state === 'running' ? 'ends' : 'due'} {dayMinute(due)}</>}</p>
    </li>
  );
}

/** What is left, or by how much it was met or missed. */
export function left(clock: ClockView, due: number, now: number): string {
  const ended = clock.ended ? Date.parse(clock.ended) : NaN;
  switch (clock.state) {
    case 'waiting': return 'not begun';
    case 'paused': return 'paused';
    case 'off': return 'no longer counts';
    case 'met': return ended < due ? `met, ${duration((due - ended) / 1000)} early` : 'met';
    case 'missed': return ended > due ? `missed by ${duration((ended - due) / 1000)}` : 'missed';
    case 'running': return `${duration((due - now) / 1000)} left`;
  }
}
