import type { Redirect, Unit } from '../../api/types';
import type { Condition } from './condition';
import type { Facts, Moved } from './facts';

/** What a hand-over said about one mark of a machine. */
export type Check = 'equal' | 'different' | 'unread' | 'later';

export interface IdentityRow {
  label: string;
  value: string;
  checks: readonly Check[];
}

const COLUMNS = ['Listed', 'Packed', 'Received', 'Redirected'] as const;

/**
 * Compares the marks of a machine with what each hand-over read. A hand-over
 * that did not read a mark says so: silence is not equality.
 */
export function identityOf(
  unit: Unit, f: Facts, condition: Condition | null, redirect?: Redirect,
): { rows: readonly IdentityRow[]; columns: readonly string[] } {
  // Sold means that it was listed, also for a buyer, who may not see the listing.
  const listed = f['order.placed'] ?? f['trade.matched'];
  // And proven means that it was redirected, also for a seller, who may not see that.
  const beyond = f['hashrate.proven'] ?? f['hashrate.refuted'] ?? f['held.released'];
  const serial: Check[] = [
    reached(listed, condition?.serial, unit.serial),
    scanned(f['units.packed'], unit.serial),
    scanned(f['units.delivered'], unit.serial),
    // A redirect goes on only after the agent read the serial again.
    f['miner.redirected'] ? 'equal' : beyond ? 'unread' : 'later',
  ];
  const mac: Check[] = [
    reached(listed, condition?.mac, unit.mac),
    f['units.packed'] ? 'unread' : 'later',
    f['units.delivered'] ? 'unread' : 'later',
    reached(f['miner.redirected'] ?? beyond, redirect?.mac, unit.mac),
  ];
  const boards = unit.boards;
  return {
    columns: COLUMNS,
    rows: [
      { label: 'Serial', value: unit.serial, checks: serial },
      ...(unit.mac ? [{ label: 'Control MAC', value: unit.mac, checks: mac }] : []),
      ...boards.map((b, i): IdentityRow => ({
        label: `Board ${i + 1}`,
        value: b,
        checks: [
          listed ? board(condition?.boards ?? [], b) : 'later',
          f['units.packed'] ? 'unread' : 'later',
          f['units.delivered'] ? 'unread' : 'later',
          (f['miner.redirected'] ?? beyond) ? 'unread' : 'later',
        ],
      })),
    ],
  };
}

function reached(seen: unknown, read: string | null | undefined, want: string | undefined): Check {
  if (!seen) return 'later';
  if (!read || !want) return 'unread';
  return normal(read) === normal(want) ? 'equal' : 'different';
}

function scanned(e: Moved | undefined, serial: string): Check {
  if (!e) return 'later';
  const list = e.p.Serials ?? [];
  if (list.length === 0) return 'unread';
  return list.some((s) => normal(s) === normal(serial)) ? 'equal' : 'different';
}

const normal = (s: string) => s.trim().toUpperCase();

/** A board that was read without its serial may be any of the others. */
function board(read: readonly (string | null)[], want: string): Check {
  if (read.some((s) => s !== null && normal(s) === normal(want))) return 'equal';
  return read.length === 0 || read.includes(null) ? 'unread' : 'different';
}
