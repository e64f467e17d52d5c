import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shipmentsQuery } from '../api/queries';
import type { Shipment } from '../api/types';
import { usePageTitle } from '../frame/title';
import { int, short } from '../lib/format';
import { useHotkeys } from '../lib/hotkeys';
import { dayMinute } from '../lib/time';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import { usePhone } from '../parts/useNow';
import { ShipmentBench } from './ShipmentBench';
import './list.css';

const STATES: Record<string, [GlyphKind, string]> = {
  packing: ['live', 'Packing'], packed: ['live', 'Packed'], dispatched: ['live', 'In transit'],
  arrived: ['look', 'At the door'], received: ['done', 'Received'], exception: ['wrong', 'Stopped'],
  cancelled: ['off', 'Cancelled'], returning: ['look', 'Coming back'], returned: ['off', 'Back with the seller'],
};

/** Shipments in and out; the selected one is at the bench. */
export function LogisticsPage() {
  usePageTitle('Logistics');
  const list = useQuery(shipmentsQuery);
  const phone = usePhone();
  const [picked, setPicked] = useState('');
  const rows = list.data ?? [];
  const at = Math.max(0, rows.findIndex((s) => s.id === picked));
  const here = rows[at];
  const move = (by: number) => setPicked(rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.id ?? '');
  useHotkeys({ j: () => move(1), k: () => move(-1) });
  return (
    <article className="logistics">
      {!phone && <header className="page-head"><h1>Logistics</h1><span className="about">custody moves by scan, never by word</span></header>}
      {list.isError && <Failed what="Shipments not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty>No shipments. One is made when a trade is funded.</Empty>}
      {(list.isPending || rows.length > 0) && (
        <div className="logistics-body">
          <Tile title="Shipments" aside={int(rows.length)}>
            <div className="scroll-x">
              <table className="grid ruled" aria-label="Shipments">
                <thead>
                  <tr>
                    <th>Shipment</th><th>State</th><th>From</th><th>To</th><th className="num">Packed</th>
                    <th className="num">Received</th>{!phone && <><th>Carrier</th><th className="num">Made</th></>}
                  </tr>
                </thead>
                <tbody>
                  {list.isPending && <SkeletonRows rows={5} columns={[80, 80, 80, 80, 40, 40, 80, 80]} />}
                  {rows.map((s, i) => <Row key={s.id} s={s} selected={i === at} phone={phone} onSelect={() => setPicked(s.id)} />)}
                </tbody>
              </table>
            </div>
          </Tile>
          {here && <Tile title={<>Shipment <span className="mono">{short(here.id)}</span></>} aside={`${here.seller.name} to ${here.buyer.name}`}><ShipmentBench key={here.id} s={here} /></Tile>}
        </div>
      )}
    </article>
  );
}

function Row({ s, selected, phone, onSelect }: { s: Shipment; selected: boolean; phone: boolean; onSelect: () => void }) {
  const [kind, words] = STATES[s.state] ?? ['todo', s.state];
  return (
    <tr aria-selected={selected} onClick={onSelect}>
      <td className="mono sm"><button type="button" className="row-pick" onClick={onSelect}>{short(s.id)}</button></td>
      <td><Glyph kind={kind} size={10} /> {words}{s.reason && <span className="bad"> {s.reason}</span>}</td>
      <td>{s.seller.name}</td><td>{s.buyer.name}</td>
      <td className="num">{int(s.packed)} / {int(s.expected)}</td>
      <td className="num">{int(s.received)} / {int(s.expected)}</td>
      {!phone && <><td className="t2">{s.carrier ?? 'not dispatched'}</td><td className="num t2">{dayMinute(s.created_at)}</td></>}
    </tr>
  );
}
