const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/**
 * When an order ends, ms: "90 m", "24 h", "7 d", "2 w" from now, or a moment in
 * UTC as "2026-11-30 14:00" or "2026-11-30" (its end). Whole minutes, so that
 * what is shown is what is sent; null is no moment.
 */
export function untilOf(text: string, now: number): number | null {
  const span = /^\s*(\d{1,5})\s*([mhdw])\s*$/i.exec(text);
  if (span) {
    const ms = Number(span[1]) * (UNITS[(span[2] ?? '').toLowerCase()] ?? 0);
    return ms > 0 ? Math.ceil((now + ms) / 60_000) * 60_000 : null;
  }
  const m = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}))?\s*(?:UTC|Z)?\s*$/i.exec(text);
  if (!m) return null;
  const [y = 0, month = 0, day = 0] = m.slice(1, 4).map(Number);
  const [h, min] = m[4] === undefined ? [24, 0] : [Number(m[4]), Number(m[5])];
  if (h > 24 || (h > 23 && m[4] !== undefined) || min > 59) return null;
  const start = new Date(Date.UTC(y, month - 1, day));
  // 31 November is no day, though a date would count on.
  if (start.getUTCMonth() !== month - 1 || start.getUTCDate() !== day) return null;
  return start.getTime() + h * 3_600_000 + min * 60_000;
}
