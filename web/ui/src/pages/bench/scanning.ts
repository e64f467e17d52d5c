import type { Bench, BenchLine } from '../../api/types';

// What a scan is, decided on the device: the expected serials are here, the
// network may not be. The server decides again, by the same rules.

export type ScanKind = 'pack' | 'receive' | 'return';

/** One pull of the trigger that waits to be sent, or an undo of one. */
export interface Queued {
  /** The idempotency key: the same however often it is sent. */
  key: string;
  who: string;
  shipment: string;
  kind: ScanKind | 'undo';
  serial: string;
  at: string;
}

export type Verdict =
  | { kind: 'right'; serial: string; box: number; inBox: number }
  | { kind: 'again'; serial: string; box: number }
  | { kind: 'wrong'; serial: string; common: number }
  | { kind: 'unreadable'; serial: string; why: string };

const FOREIGN = 'АВЕЅІЈКМНОРСТУХԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧЗƖ٥٠۰–—−‐';
const LATIN = 'ABESIJKMHOPCTYXQWABEZHIKMNOPTYX3I000----';

/** The one form of a serial: NFKC, trimmed, upper case, A-Z 0-9 and dashes. */
export function normalSerial(raw: string): { serial: string } | { why: string } {
  const serial = raw.normalize('NFKC').trim().toUpperCase();
  for (const c of serial) {
    if (/[A-Z0-9-]/.test(c)) continue;
    const like = LATIN[FOREIGN.indexOf(c)]; // every one of them is a single unit
    return {
      why: like ? `It has “${c}” from another alphabet, which only looks like ${like}. Scan the label or type it again.`
        : `It has “${c === ' ' ? 'a blank' : c}”. Serials have A to Z, 0 to 9 and dashes only.`,
    };
  }
  if (serial.length < 4) return { why: 'It is shorter than four characters.' };
  if (serial.length > 64) return { why: 'It is longer than 64 characters.' };
  return { serial };
}

const MARK = { pack: 'packed_at', receive: 'received_at', return: 'returned_at' } as const;

/** The lines as they will be once everything that waits is sent. */
export function ahead(b: Bench, waiting: readonly Queued[]): BenchLine[] {
  const lines = b.lines.map((l) => ({ ...l }));
  for (const q of waiting) {
    const l = q.shipment === b.id ? lines.find((x) => x.serial === q.serial) : undefined;
    if (!l) continue;
    if (q.kind === 'undo') {
      delete l.packed_at;
      delete l.box;
    } else if (!l[MARK[q.kind]]) {
      if (q.kind === 'pack') l.box = openBox(lines, b.box_size);
      l[MARK[q.kind]] = q.at;
    }
  }
  return lines;
}

/** The box that the next packed machine goes into. */
export function openBox(lines: readonly BenchLine[], size: number): number {
  const last = Math.max(0, ...lines.map((l) => l.box ?? 0));
  return last === 0 || inBox(lines, last) >= size ? last + 1 : last;
}

export function inBox(lines: readonly BenchLine[], box: number): number {
  return lines.filter((l) => l.box === box).length;
}

export function done(lines: readonly BenchLine[], kind: ScanKind): number {
  return lines.filter((l) => l[MARK[kind]]).length;
}

export function judge(lines: readonly BenchLine[], size: number, kind: ScanKind, raw: string): Verdict {
  const n = normalSerial(raw);
  if ('why' in n) return { kind: 'unreadable', serial: raw.trim(), why: n.why };
  const l = lines.find((x) => x.serial === n.serial);
  if (!l) return { kind: 'wrong', serial: n.serial, common: commonHead(n.serial, lines.map((x) => x.serial)) };
  if (l[MARK[kind]]) return { kind: 'again', serial: n.serial, box: l.box ?? 0 };
  const box = kind === 'pack' ? openBox(lines, size) : l.box ?? 0;
  return { kind: 'right', serial: n.serial, box, inBox: kind === 'pack' ? inBox(lines, box) + 1 : 0 };
}

/** How many characters the serial shares with the expected one most like it. */
export function commonHead(serial: string, expected: readonly string[]): number {
  let best = 0;
  for (const e of expected) {
    let i = 0;
    while (i < serial.length && serial[i] === e[i]) i++;
    best = Math.max(best, i);
  }
  return best;
}

export interface ShelfGroup {
  shelf: string;
  serials: string[];
}

/** What is still on the shelf, in walking order. */
export function byShelf(lines: readonly BenchLine[], shelves: Bench['shelves']): ShelfGroup[] {
  const at = new Map(shelves.map((s) => [s.unit_id, s.shelf]));
  const groups = new Map<string, string[]>();
  for (const l of lines) {
    if (l.packed_at) continue;
    const shelf = at.get(l.unit_id) ?? '';
    groups.set(shelf, [...(groups.get(shelf) ?? []), l.serial]);
  }
  const order = new Intl.Collator('en', { numeric: true });
  return [...groups].map(([shelf, serials]) => ({ shelf, serials: serials.sort() }))
    .sort((a, b) => (a.shelf === '' ? 1 : b.shelf === '' ? -1 : walk(a.shelf, b.shelf) || order.compare(a.shelf, b.shelf)));
}

/** One walks an aisle from its beginning, upper places before lower ones. */
function walk(a: string, b: string): number {
  const strip = (s: string) => s.replace(/\b(upper|lower)\b/i, '').trim();
  if (strip(a) !== strip(b)) return 0;
  return (/lower/i.test(a) ? 1 : 0) - (/lower/i.test(b) ? 1 : 0);
}

/** The part of the second serial that differs from the first, for ranges. */
export function rangeOf(serials: readonly string[]): string {
  const first = serials[0] ?? '';
  const last = serials.at(-1) ?? '';
  if (serials.length === 1) return first.length > 10 ? `…${first.slice(-7)}` : first;
  let same = 0;
  while (same < first.length && first[same] === last[same]) same++;
  const from = Math.max(0, Math.min(same, first.length - 4));
  return `…${first.slice(Math.max(0, first.length - 7))} to …${last.slice(from)}`;
}

/** Seconds a scan, by the last few; null while that is not known. */
export function pace(lines: readonly BenchLine[], kind: ScanKind, now: number): number | null {
  const times = lines.map((l) => Date.parse(l[MARK[kind]] ?? '')).filter((t) => now - t < 900_000).sort((a, b) => a - b).slice(-12);
  const first = times[0];
  const last = times.at(-1);
  if (times.length < 3 || first === undefined || last === undefined) return null;
  return Math.max(0.1, (last - first) / (times.length - 1) / 1000);
}

/** SSCC as people read it: 3 0400000 000009310 1. */
export function showSSCC(code: string): string {
  return `${code.slice(0, 1)} ${code.slice(1, 8)} ${code.slice(8, 17)} ${code.slice(17)}`;
}
