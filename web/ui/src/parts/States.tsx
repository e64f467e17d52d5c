import { useEffect, useState, type ReactNode } from 'react';
import { ApiError } from '../api/client';
import { Glyph } from './Glyph';

// Loading, empty, error, denied and stale, the same everywhere.

/** True once waiting has lasted 200 ms: shorter waits never flash. */
export function useWaited(ms = 200): boolean {
  const [waited, set] = useState(false);
  useEffect(() => {
    const t = setTimeout(() => set(true), ms);
    return () => clearTimeout(t);
  }, [ms]);
  return waited;
}

/** Skeleton rows at their final height, below the real headers. */
export function SkeletonRows({ rows = 5, columns }: { rows?: number; columns: readonly number[] }) {
  const waited = useWaited();
  return (
    <>
      {Array.from({ length: rows }, (_, r) => (
        <tr key={r}>
          {columns.map((w, c) => (
            <td key={c} className={c === columns.length - 1 && c > 0 ? 'num' : undefined}>
              {waited && <span className="skeleton" style={{ width: w - ((r * 7) % 24), display: 'inline-block' }} />}
            </td>
          ))}
        </tr>
      ))}
      <tr className="sr"><td colSpan={columns.length} role="status">Loading</td></tr>
    </>
  );
}

export function SkeletonBlock({ height = 120, label = 'Loading' }: { height?: number; label?: string }) {
  const waited = useWaited();
  return (
    <div style={{ height, padding: 16 }} role="status" aria-label={label}>
      {waited && [0.7, 0.5, 0.6].map((w) => (
        <span key={w} className="skeleton" style={{ width: `${w * 100}%`, marginBottom: 16 }} />
      ))}
    </div>
  );
}

/** One sentence, one action. */
export function Empty({ title, children, action }: { title?: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      {title && <p className="m">{title}</p>}
      <p className="t2">{children}</p>
      {action}
    </div>
  );
}

/** What happened, what was kept, what to do, request id; or which role has it. */
export function Failed({ what, error, kept, onRetry, actions }: {
  what: string; error: unknown; kept?: string; onRetry?: () => void; actions?: ReactNode;
}) {
  const e = error instanceof ApiError ? error : null;
  if (e?.status === 403) return <Denied error={e} />;
  const detail = e ? e.detail || e.title : 'The page could not read the answer.';
  return (
    <div className="strip strip-bad" role="alert">
      <Glyph kind="wrong" size={12} label="error" />
      <span className="b">{what}</span>
      <span className="t2">{[sentence(detail), kept].filter(Boolean).join(' ')}</span>
      <span className="strip-actions">
        {onRetry && <button type="button" className="btn btn-sm" onClick={onRetry}>Try again</button>}
        {actions}
        {e?.requestId && <span className="mono sm t2">req {e.requestId}</span>}
      </span>
    </div>
  );
}

/** Which role has it, in the words of the server or of the page. */
export function Denied({ error, needs }: { error?: ApiError; needs?: string }) {
  const why = needs ?? whoMay(error?.detail ?? '');
  return (
    <div className="strip" role="note">
      <Glyph kind="off" size={12} label="denied" />
      <span className="b">{needs ? 'Not yours to do' : 'Not yours to see'}</span>
      <span className="t2">{why}</span>
    </div>
  );
}

/** Which roles an action belongs to; the server names the action. */
const ROLES: readonly (readonly [RegExp, string])[] = [
  [/orders\.write|trades\.fund/, 'the trader or owner role'],
  [/market\.|trades\./, 'the trader, desk, viewer or owner role'],
  [/shipments\.(scan|move)/, 'the logistics or owner role'],
  [/shipments\./, 'the logistics, operator, viewer or owner role'],
  [/fleet\./, 'the operator, trader, viewer or owner role'],
  [/pool\./, 'the operator, trader, viewer or owner role'],
  [/treasury\./, 'the treasury role'],
  [/ledger\.|payout\./, 'the trader, viewer or owner role'],
];

function whoMay(detail: string): string {
  const roles = ROLES.find(([action]) => action.test(detail))?.[1];
  return roles ? `this needs ${roles}` : detail || 'your role does not include this';
}

function sentence(s: string): string {
  const t = s.trim();
  if (t === '') return '';
  return t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? '' : '.');
}
