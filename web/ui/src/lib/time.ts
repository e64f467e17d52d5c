// Times are UTC, durations carry two units at most.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');

export type Instant = string | number | Date;

function at(t: Instant): Date {
  return t instanceof Date ? t : new Date(t);
}

/** 22 Nov */
export function day(t: Instant): string {
  const d = at(t);
  return `${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()] ?? ''}`;
}

/** 22 Nov 2026 */
export function dayYear(t: Instant): string {
  return `${day(t)} ${at(t).getUTCFullYear()}`;
}

/** 14:30 */
export function minute(t: Instant): string {
  const d = at(t);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
}

/** 14:30:12 */
export function second(t: Instant): string {
  return `${minute(t)}:${two(at(t).getUTCSeconds())}`;
}

/** 22 Nov 14:30 */
export function dayMinute(t: Instant): string {
  return `${day(t)} ${minute(t)}`;
}

/** 22 Nov 14:30:12 */
export function daySecond(t: Instant): string {
  return `${day(t)} ${second(t)}`;
}

/** Two units at most: 41 h 12 m, 3 d 5 h, 1 m 26 s. Hours run to 48. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return pair(Math.floor(s / 60), 'm', s % 60, 's');
  const minutes = Math.round(s / 60);
  if (minutes < 48 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(s / 3600);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** A duration for the life line, where a column has room for one thought:
 *  minutes drop their seconds after ten, hours their minutes, days begin at 25 h. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 600) return duration(s);
  if (s < 3570) return `${Math.round(s / 60)} m`;
  const hours = Math.round(s / 3600);
  if (hours < 10) return duration(Math.round(s / 60) * 60);
  if (hours <= 24) return `${hours} h`;
  return pair(Math.floor(s / 86400), 'd', Math.floor((s % 86400) / 3600), 'h');
}

function pair(a: number, au: string, b: number, bu: string): string {
  return b === 0 ? `${a} ${au}` : `${a} ${au} ${b} ${bu}`;
}
