import { createContext, useContext, type ReactNode } from 'react';
import { Glyph, type GlyphKind } from './Glyph';
import './parts.css';

/** A flush tile: head of 36 px with title and aside, then content. */
export function Tile({ title, aside, children, className = '', id }: {
  title: ReactNode; aside?: ReactNode; children: ReactNode; className?: string; id?: string;
}) {
  return (
    <section className={`tile ${className}`} aria-labelledby={id}>
      <header className="tile-head">
        <h2 id={id} className="b">{title}</h2>
        {aside !== undefined && <div className="tile-aside sm t2">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export type Tone = 'ac' | 'ok' | 'warn' | 'bad' | 'none';

const TONE_OF: Record<GlyphKind, Tone> = {
  done: 'ok', live: 'ac', todo: 'none', look: 'warn', wrong: 'bad', hold: 'warn', off: 'none', up: 'ok', down: 'bad',
};

/** Washed chip: glyph and word. */
export function StatusChip({ kind, children }: { kind: GlyphKind; children: ReactNode }) {
  return (
    <span className={`chip chip-${TONE_OF[kind]}`}>
      <Glyph kind={kind} size={10} /> {children}
    </span>
  );
}

/** Outlined chip: grey label, value. */
export function EvidenceChip({ label, value, title }: { label: string; value: string; title?: string }) {
  return (
    <span className="chip chip-evidence" title={title}>
      <span className="t2">{label}</span> <span className="m">{value}</span>
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="kbd">{children}</kbd>;
}

/** One figure: label, value with its unit, what it is made of. */
export function Figure({ label, value, unit, made, accent }: {
  label: ReactNode; value: ReactNode; unit?: string; made?: ReactNode; accent?: boolean;
}) {
  return (
    <div className="figure">
      <dt className="sm t2">{label}</dt>
      <dd>
        <span className={`figure-value${accent ? ' ac' : ''}`}>{value}</span>
        {unit && <span className="sm t2"> {unit}</span>}
        <div className="sm t3 figure-made">{made}</div>
      </dd>
    </div>
  );
}

/** Says a figure is missing, in words and at word size. */
export function Missing({ children }: { children: ReactNode }) {
  return <span className="figure-missing t2">{children}</span>;
}

export function FigureStrip({ children }: { children: ReactNode }) {
  return <dl className="figures">{children}</dl>;
}

/** Label left, value right, in evidence lists and tickets. */
export function Line({ label, children, strong }: { label: ReactNode; children: ReactNode; strong?: boolean }) {
  return (
    <div className={`line${strong ? ' b' : ''}`}>
      <dt className={strong ? 't1' : 't2'}>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

/** Buttons in a row of which one (or several) are on. */
export function Segments<T extends string>({ label, options, on, onPick, tone }: {
  label: string;
  options: readonly { value: T; label: ReactNode; disabled?: boolean; title?: string }[];
  on: readonly T[];
  onPick: (v: T) => void;
  tone?: (v: T) => Tone;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((o) => (
        <button
          key={o.value} type="button" aria-pressed={on.includes(o.value)} disabled={o.disabled} title={o.title}
          className={`seg seg-${tone?.(o.value) ?? 'ac'}`} onClick={() => onPick(o.value)}
        >
          {o.label}
        </button>
      ))}
    </div>
  );
}

/** Sends screen-reader news: fills, refusals, staleness. */
const Announce = createContext<(text: string) => void>(() => undefined);
export const AnnounceProvider = Announce.Provider;
export function useAnnounce() {
  return useContext(Announce);
}
