import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { shipmentsQuery, useMe } from '../../api/queries';
import type { Shipment } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { dayMinute } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { usePhone } from '../../parts/useNow';
import { nextStep } from '../shipment';
import { LogisticsTabs } from './LogisticsTabs';
import '../list.css';

const STATES: Record<Shipment['state'], [GlyphKind, string]> = {
  packing: ['live', 'Packing'], packed: ['live', 'Packed'], dispatched: ['live', 'In transit'],
  arrived: ['look', 'At the door'], received: ['done', 'Received'], exception: ['wrong', 'Stopped'],
  cancelled: ['off', 'Cancelled'], returning: ['look', 'Coming back'], returned: ['off', 'Back with the seller'],
};

/** Shipments in and out, what waits for you first. */
export default function ShipmentsPage() {
  usePageTitle('Logistics');
  const list = useQuery(shipmentsQuery);
  const org = useMe().data?.org.id ?? '';
  const phone = usePhone();
  const navigate = useNavigate();
  const [at, setAt] = useState(0);
  const waits = (s: Shipment) => (nextStep(s, org).kind === null ? 1 : 0);
  const rows = [...(list.data ?? [])].sort((a, b) => waits(a) - waits(b));
  const open = (s: Shipment | undefined) => s && void navigate(`/logistics/${s.id}`);
  const here = Math.min(at, Math.max(0, rows.length - 1));
  useHotkeys({ j: () => setAt(Math.min(rows.length - 1, here + 1)), k: () => setAt(Math.max(0, here - 1)), Enter: () => open(rows[here]) });
  return (
    <article className="logistics">
      <LogisticsTabs />
      {list.isError && <Failed what="Shipments not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty title="No shipments">One is made when a trade is funded.</Empty>}
      {(list.isPending || rows.length > 0) && (
        <div className="scroll-y scroll-x">
          <table className="grid ruled" aria-label="Shipments">
            <thead>
              <tr>
                <th>Shipment</th><th>State</th><th>Next</th>{!phone && <><th>From</th><th>To</th></>}<th className="num">Packed</th>
                <th className="num">Received</th>{!phone && <><th>Carrier</th><th className="num">Made, UTC</th></>}
              </tr>
            </thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={6} columns={phone ? [60, 80, 120, 40, 40] : [60, 80, 120, 80, 80, 40, 40, 80, 80]} />}
              {rows.map((s, i) => {
                const [kind, words] = STATES[s.state];
                return (
                  <tr key={s.id} aria-selected={i === here} onClick={() => open(s)} className="bn-row">
                    <td className="mono"><button type="button" className="row-pick" onClick={() => open(s)}>{s.number}</button></td>
                    <td><Glyph kind={kind} size={10} /> {words}{s.reason && <span className="bad"> {s.reason}</span>}</td>
                    <td className={nextStep(s, org).kind ? 'm' : 't2'}>{nextStep(s, org).words}</td>
                    {!phone && <><td>{s.seller.name}</td><td>{s.buyer.name}</td></>}
                    <td className="num">{int(s.packed)} / {int(s.expected)}</td><td className="num">{int(s.received)} / {int(s.expected)}</td>
                    {!phone && <><td className="t2">{s.carrier ?? 'not dispatched'}</td><td className="num t2">{dayMinute(s.created_at)}</td></>}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </article>
  );
}
