import type { Earnings } from '../../api/types';
import { day, minute } from '../../lib/time';

export interface EarningRow {
  key: string;
  day: string;
  /** Hours within the day; empty for a whole day. */
  hours: string;
  ths: number;
  sats: number;
}

const LONG_MS = 48 * 3_600_000;

/**
 * What a machine earned, newest first: settlement periods while it is young,
 * UTC days once it has worked for more than two. A period belongs to the day in
 * which it began; a day's hashrate is the mean over its settled time.
 */
export function earningRows(items: Earnings['items']): EarningRow[] {
  const sorted = [...items].sort((a, b) => b.from.localeCompare(a.from));
  const span = Date.parse(sorted[0]?.to ?? '') - Date.parse(sorted.at(-1)?.from ?? '');
  if (!(span > LONG_MS)) {
    return sorted.map((e) => ({
      key: e.from, day: day(e.from), hours: `${minute(e.from)} – ${minute(e.to)}`, ths: e.ths, sats: e.net_sats,
    }));
  }
  const days = new Map<string, { first: string; sats: number; work: number; ms: number }>();
  for (const e of sorted) {
    const key = e.from.slice(0, 10);
    const d = days.get(key) ?? { first: e.from, sats: 0, work: 0, ms: 0 };
    const ms = Date.parse(e.to) - Date.parse(e.from);
    days.set(key, { first: e.from, sats: d.sats + e.net_sats, work: d.work + e.ths * ms, ms: d.ms + ms });
  }
  return [...days].map(([key, d]) => ({
    key, day: day(d.first), hours: '', ths: d.ms > 0 ? d.work / d.ms : 0, sats: d.sats,
  }));
}
