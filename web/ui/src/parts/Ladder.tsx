import type { ReactNode } from 'react';
import { second } from '../lib/time';
import { Glyph, type GlyphKind } from './Glyph';

export interface Rung {
  name: string;
  kind: GlyphKind;
  at?: string;
  fact?: ReactNode;
  /** Acknowledged is not done: hollow, with grey joints. */
  hollow?: boolean;
}

/** Vertical states: time at the right, the fact below. */
export function StateLadder({ label, rungs }: { label: string; rungs: readonly Rung[] }) {
  return (
    <ol className="ladder-v" aria-label={label}>
      {rungs.map((r) => (
        <li key={r.name} className={r.hollow || r.kind === 'todo' ? 'rung rung-grey' : 'rung'}>
          <Glyph kind={r.hollow ? 'todo' : r.kind} size={14} label={true} />
          <span className={r.kind === 'todo' ? 't2' : 'm'}>{r.name}</span>
          <span className="num sm t2">{r.at ? second(r.at) : ''}</span>
          {r.fact !== undefined && <div className="rung-fact sm t2">{r.fact}</div>}
        </li>
      ))}
    </ol>
  );
}
