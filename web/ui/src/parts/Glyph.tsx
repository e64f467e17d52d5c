import type { ReactElement } from 'react';
import './glyph.css';

/** Status is shape first: every kind has its own outline, not only a colour. */
export type GlyphKind = 'done' | 'live' | 'todo' | 'look' | 'wrong' | 'hold' | 'off' | 'up' | 'down';

const SHAPES: Record<GlyphKind, ReactElement> = {
  done: (
    <>
      <circle cx="8" cy="8" r="7.5" fill="var(--okf)" />
      <path d="M4.6 8.2l2.4 2.4 4.4-4.8" fill="none" stroke="var(--glyph-ink)" strokeWidth="2.2" />
    </>
  ),
  live: (
    <>
      <circle cx="8" cy="8" r="6.8" fill="none" stroke="var(--ac)" strokeWidth="1.8" className="glyph-pulse" />
      <circle cx="8" cy="8" r="3.2" fill="var(--ac)" />
    </>
  ),
  todo: <circle cx="8" cy="8" r="6.6" fill="none" stroke="var(--t3)" strokeWidth="1.8" />,
  look: <path d="M8 1.2L15.4 14.6H.6z" fill="var(--warnf)" />,
  wrong: (
    <>
      <rect x="1" y="1" width="14" height="14" rx="1.5" fill="var(--badf)" />
      <path d="M5 5l6 6M11 5l-6 6" stroke="var(--glyph-ink)" strokeWidth="2" />
    </>
  ),
  hold: (
    <>
      <path d="M8 .4L15.6 8 8 15.6.4 8z" fill="var(--warnf)" />
      <path d="M6.4 5.4v5.2M9.6 5.4v5.2" stroke="var(--glyph-ink)" strokeWidth="1.7" />
    </>
  ),
  off: (
    <>
      <rect x="1.9" y="1.9" width="12.2" height="12.2" rx="1.5" fill="none" stroke="var(--t2)" strokeWidth="1.6" />
      <path d="M3 13L13 3" stroke="var(--t2)" strokeWidth="1.6" />
    </>
  ),
  up: <path d="M8 3l5 9.5H3z" fill="var(--okf)" />,
  down: <path d="M8 13L3 3.5h10z" fill="var(--badf)" />,
};

const NAMES: Record<GlyphKind, string> = {
  done: 'done', live: 'live', todo: 'not yet', look: 'look at this', wrong: 'wrong',
  hold: 'on hold', off: 'off', up: 'buy, up', down: 'sell, down',
};

/** A status glyph. `label` is read aloud; leave it out when the word is beside it. */
export function Glyph({ kind, size = 11, label }: { kind: GlyphKind; size?: number; label?: string | true }) {
  const name = label === true ? NAMES[kind] : label;
  return (
    <svg
      className="glyph" width={size} height={size} viewBox="0 0 16 16"
      role={name ? 'img' : undefined} aria-label={name} aria-hidden={name ? undefined : true}
    >
      {SHAPES[kind]}
    </svg>
  );
}

export function SideGlyph({ side }: { side: 'buy' | 'sell' }) {
  return <Glyph kind={side === 'buy' ? 'up' : 'down'} size={10} />;
}
