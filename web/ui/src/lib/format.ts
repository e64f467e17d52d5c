// Every figure on screen goes through here: thousands comma, true minus, fixed
// decimals per unit. Integers come from the API as minor units and are never
// turned into floats before they are split into whole and fraction.

const MINUS = '−';

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Grouped integer, true minus. Accepts decimal strings beyond 2^53. */
export function int(v: number | string | bigint): string {
  const s = typeof v === 'number' ? String(Math.round(v)) : String(v);
  return s.startsWith('-') ? MINUS + group(s.slice(1)) : group(s);
}

/** Fixed decimals, grouped, true minus; -0.0 shows as 0.0. */
export function fixed(v: number, places: number): string {
  const s = Math.abs(v).toFixed(places);
  const [whole = '0', frac] = s.split('.');
  const zero = Number(s) === 0;
  return (v < 0 && !zero ? MINUS : '') + group(whole) + (frac ? '.' + frac : '');
}

/** Integer minor units to a decimal with `places`, exactly. */
export function minor(v: number, places: number): string {
  const s = String(Math.abs(Math.trunc(v))).padStart(places + 1, '0');
  const cut = s.length - places;
  const sign = v < 0 ? MINUS : '';
  return sign + group(s.slice(0, cut)) + (places ? '.' + s.slice(cut) : '');
}

/** Cents as dollars: $2,284.00. */
export function usd(cents: number): string {
  return (cents < 0 ? MINUS : '') + '$' + minor(Math.abs(cents), 2);
}

/** Cents as a signed column figure: +2,284.00, −34.26, 0.00. */
export function usdSigned(cents: number): string {
  return (cents > 0 ? '+' : '') + minor(cents, 2);
}

/** Satoshis: 34,740. */
export const sat = int;

/** Satoshis as bitcoin, 8 decimals. */
export function btc(sats: number): string {
  return minor(sats, 8);
}

/** Milli-cents per TH as $/TH with two decimals; more only when not on a cent. */
export function pricePerTH(milliCents: number): string {
  const s = minor(milliCents, 5);
  return s.endsWith('000') ? s.slice(0, -3) : s.replace(/0+$/, '');
}

/** $/TH typed by a person to milli-cents, or null when it is not a price. */
export function parsePrice(text: string): number | null {
  const m = /^\s*\$?(\d{1,9})(?:\.(\d{0,5}))?\s*$/.exec(text.replaceAll(',', ''));
  if (!m) return null;
  const v = Number(m[1]) * 100_000 + Number((m[2] ?? '').padEnd(5, '0'));
  return v > 0 && Number.isSafeInteger(v) ? v : null;
}

/** A whole, positive count typed by a person, or null. */
export function parseUnits(text: string): number | null {
  const s = text.replaceAll(',', '').trim();
  if (!/^\d{1,9}$/.test(s)) return null;
  const v = Number(s);
  return v > 0 ? v : null;
}

/** Hashes per second as TH/s with one decimal, no unit. */
export function ths(hashesPerSecond: number): string {
  return fixed(hashesPerSecond / 1e12, 1);
}

/** Contracted GH/s as TH with one decimal, no unit. */
export function ghsAsTH(ghs: number): string {
  return fixed(ghs / 1000, 1);
}

/** Hashes per second with the unit that keeps it short: 1.482 PH/s. */
export function hashrate(hps: number): { value: string; unit: string } {
  if (hps >= 1e18) return { value: fixed(hps / 1e18, 3), unit: 'EH/s' };
  if (hps >= 1e15) return { value: fixed(hps / 1e15, 3), unit: 'PH/s' };
  return { value: ths(hps), unit: 'TH/s' };
}

/** A ratio as percent: 0.996 → 99.6. */
export function percent(ratio: number, places = 1): string {
  return fixed(ratio * 100, places);
}

/** First and last four characters of a hash or id: 9f3d…07ab. */
export function short(id: string, head = 4, tail = 4): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}
