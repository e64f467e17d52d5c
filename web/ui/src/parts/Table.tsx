import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useHotkeys } from '../lib/hotkeys';
import { SkeletonRows } from './States';
import { usePhone } from './useNow';

export interface Column<T> {
  head: ReactNode;
  /** Numbers stand at the right. */
  num?: boolean;
  /** Width of a loading row's bar, px. */
  width?: number;
  /** Left out on a phone. */
  wide?: boolean;
  cell: (row: T) => ReactNode;
  /** The name by which the rows can be sorted by this column. */
  sort?: string;
}

/** Which column the rows are sorted by. */
export interface Sorting {
  by: string;
  order: 'asc' | 'desc';
}

interface Props<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[] | undefined;
  id: (row: T) => string;
  /** The current row; j and k move it, a click sets it. */
  at: string;
  onAt: (id: string) => void;
  /** Enter on a row. */
  onOpen?: (row: T) => void;
  /** x on a row; with it there are check boxes. */
  picked?: ReadonlySet<string>;
  onPick?: (ids: ReadonlySet<string>) => void;
  /** The table's keys are dead while another part owns the keyboard. */
  keys?: boolean;
  sorting?: Sorting;
  /** A head that sorts was clicked. */
  onSort?: (s: Sorting) => void;
  /** The last rows come into view: more may be fetched. */
  onEnd?: () => void;
}

const VIRTUAL_ABOVE = 200;

/** A dense table: j k move, x selects, Enter opens; virtual above 200 rows. */
export function Table<T>(p: Props<T>) {
  const phone = usePhone();
  const box = useRef<HTMLDivElement>(null);
  const rows = p.rows ?? [];
  const columns = p.columns.filter((c) => !phone || !c.wide);
  const here = Math.max(0, rows.findIndex((r) => p.id(r) === p.at));
  const many = rows.length > VIRTUAL_ABOVE;
  const [rowHeight] = useState(() => (phone ? 44 : 28));
  const virtual = useVirtualizer({
    count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 20, enabled: many,
  });
  const move = (by: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, here + by));
    const row = rows[to];
    if (!row) return;
    p.onAt(p.id(row));
    if (many) virtual.scrollToIndex(to);
    else box.current?.querySelectorAll('tbody tr')[to]?.scrollIntoView({ block: 'nearest' });
  };
  const toggle = (id: string) => {
    if (!p.onPick) return;
    const next = new Set(p.picked);
    if (!next.delete(id)) next.add(id);
    p.onPick(next);
  };
  useHotkeys({
    j: () => move(1), k: () => move(-1),
    ...(p.onPick && { x: () => rows[here] && toggle(p.id(rows[here])) }),
    ...(p.onOpen && { Enter: () => rows[here] && p.onOpen?.(rows[here]) }),
  }, p.keys ?? true);
  const last = many ? (virtual.getVirtualItems().at(-1)?.index ?? 0) : rows.length - 1;
  const { onEnd } = p;
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 40) onEnd();
  }, [onEnd, last, rows.length]);
  const shown = many ? virtual.getVirtualItems().map((v) => v.index) : rows.map((_, i) => i);
  const before = many ? (virtual.getVirtualItems()[0]?.start ?? 0) : 0;
  const after = many ? virtual.getTotalSize() - (virtual.getVirtualItems().at(-1)?.end ?? 0) : 0;
  return (
    <div className="table-box" ref={box} tabIndex={0} role="region" aria-label={p.label}>
      <table className="grid ruled" aria-label={p.label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {p.onPick && <th className="pick"><PickAll {...p} /></th>}
            {columns.map((c, i) => <Head key={i} column={c} {...(p.sorting && { sorting: p.sorting })} {...(p.onSort && { onSort: p.onSort })} />)}
          </tr>
        </thead>
        <tbody>
          {p.rows === undefined && <SkeletonRows columns={columns.map((c) => c.width ?? 80)} />}
          {before > 0 && <tr aria-hidden="true" style={{ height: before }} />}
          {shown.map((i) => {
            const row = rows[i];
            if (row === undefined) return null;
            const id = p.id(row);
            return (
              <tr key={id} aria-selected={i === here} aria-rowindex={i + 2} data-id={id} onClick={() => p.onAt(id)} onDoubleClick={() => p.onOpen?.(row)}>
                {p.onPick && (
                  <td className="pick">
                    <input type="checkbox" aria-label="Select this row" checked={p.picked?.has(id) ?? false} onChange={() => toggle(id)} />
                  </td>
                )}
                {columns.map((c, n) => <td key={n} className={c.num ? 'num' : undefined}>{c.cell(row)}</td>)}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden="true" style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ column: c, sorting, onSort }: { column: Column<T>; sorting?: Sorting; onSort?: (s: Sorting) => void }) {
  const by = c.sort;
  if (!by || !onSort) return <th className={c.num ? 'num' : undefined}>{c.head}</th>;
  const on = sorting?.by === by ? sorting.order : undefined;
  // Figures are looked at from the largest, names from the first.
  const next = on === undefined ? (c.num ? 'desc' : 'asc') : on === 'asc' ? 'desc' : 'asc';
  return (
    <th className={c.num ? 'num' : undefined} aria-sort={on === undefined ? 'none' : on === 'asc' ? 'ascending' : 'descending'}>
      <button type="button" className="sort" onClick={() => onSort({ by, order: next })}>{c.head} <span aria-hidden>{on === 'asc' ? '↑' : on === 'desc' ? '↓' : ''}</span></button>
    </th>
  );
}

function PickAll<T>({ rows, id, picked, onPick }: Props<T>) {
  const all = rows !== undefined && rows.length > 0 && rows.every((r) => picked?.has(id(r)));
  return (
    <input
      type="checkbox" aria-label="Select all rows" checked={all}
      onChange={() => onPick?.(all ? new Set() : new Set((rows ?? []).map(id)))}
    />
  );
}

/** Docks below a table while rows are picked: how many, and what can be done. */
export function BulkBar({ count, what, onClear, children }: { count: number; what: string; onClear: () => void; children: ReactNode }) {
  useHotkeys({ Escape: onClear }, count > 0);
  if (count === 0) return null;
  return (
    <div className="bulk" role="toolbar" aria-label={`What to do with ${count} ${what}`}>
      <span className="b">{count} {what}</span>
      {children}
      <button type="button" className="btn btn-quiet btn-sm" onClick={onClear}>Clear <kbd className="kbd">esc</kbd></button>
    </div>
  );
}
