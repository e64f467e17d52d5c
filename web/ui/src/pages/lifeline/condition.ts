import { dayMinute } from '../../lib/time';

/** A machine's telemetry as the seller's agent read it for the listing; what
 *  was not read is null. */
export interface Condition {
  at: string | null;
  serial: string | null;
  mac: string | null;
  firmware: string | null;
  reportedTHs: number | null;
  maxTempC: number | null;
  hardwareErrors: number | null;
  /** One for each board that was read; null where it told no serial. */
  boards: readonly (string | null)[];
  pools: readonly string[];
}

/** Takes what is there: an older snapshot may lack a later field. */
export function readCondition(v: unknown): Condition | null {
  if (!isRecord(v)) return null;
  return {
    at: text(v.at), serial: text(v.serial), mac: text(v.mac), firmware: text(v.firmware),
    reportedTHs: num(v.reported_ths), maxTempC: num(v.max_temp_c), hardwareErrors: num(v.hardware_errors),
    boards: list(v.boards).map((b) => text(isRecord(b) ? b.serial : b)),
    pools: list(v.pools).map(text).filter((p) => p !== null),
  };
}

/** The condition of one machine in an order's event, which keeps one for each
 *  machine of the ask, by unit id: base64 of its JSON. */
export function conditionOf(b64: string | null | undefined, unit: string): Condition | null {
  if (!b64) return null;
  try {
    const bytes = Uint8Array.from(atob(b64), (c) => c.charCodeAt(0));
    const v: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(v) ? readCondition(v[unit]) : null;
  } catch {
    return null;
  }
}

/** Two short lines for a column of the life line; null where nothing was read. */
export function brief(c: Condition): { figures: string | null; read: string } {
  const n = c.boards.length;
  const figures = [
    c.reportedTHs === null ? '' : `${c.reportedTHs.toFixed(1)} TH/s`,
    n === 0 ? '' : `${n} ${n === 1 ? 'board' : 'boards'}`,
  ].filter(Boolean).join(' · ');
  return { figures: figures || null, read: c.at ? `Read ${dayMinute(c.at)}` : 'Condition read' };
}

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
const text = (v: unknown) => (typeof v === 'string' && v.trim() !== '' ? v : null);
const num = (v: unknown) => (typeof v === 'number' && Number.isFinite(v) ? v : null);
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
