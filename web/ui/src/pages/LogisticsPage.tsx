import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { shipmentsQuery } from '../api/queries';
import { usePageTitle } from '../frame/title';
import { int, short } from '../lib/format';
import { dayMinute } from '../lib/time';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Empty, Failed, SkeletonRows } from '../parts/States';
import './list.css';

const STATES: Record<string, [GlyphKind, string]> = {
  packing: ['live', 'Packing'], packed: ['live', 'Packed'], dispatched: ['live', 'In transit'],
  arrived: ['look', 'At the door'], received: ['done', 'Received'], exception: ['wrong', 'Stopped'],
};

/** Shipments in and out, with how far their scans are. */
export function LogisticsPage() {
  usePageTitle('Logistics');
  const list = useQuery(shipmentsQuery);
  return (
    <article>
      <header className="page-head"><h1>Shipments</h1></header>
      {list.isError && <Failed what="Shipments not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <Empty>No shipments. One is made when a trade is funded.</Empty>}
      {(list.isPending || (list.data?.length ?? 0) > 0) && (
        <div className="scroll-x">
          <table className="grid ruled" aria-label="Shipments">
            <thead>
              <tr>
                <th>Shipment</th><th>State</th><th>From</th><th>To</th><th className="num">Packed</th>
                <th className="num">Received</th><th>Carrier</th><th>Machines</th><th className="num">Made</th>
              </tr>
            </thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={5} columns={[80, 80, 80, 80, 40, 40, 80, 160, 80]} />}
              {list.data?.map((s) => {
                const [kind, words] = STATES[s.state] ?? ['todo', s.state];
                return (
                  <tr key={s.id}>
                    <td className="mono sm">{short(s.id)}</td>
                    <td><Glyph kind={kind} size={10} /> {words}{s.reason && <span className="bad"> {s.reason}</span>}</td>
                    <td>{s.seller.name}</td><td>{s.buyer.name}</td>
                    <td className="num">{int(s.packed)} / {int(s.expected)}</td>
                    <td className="num">{int(s.received)} / {int(s.expected)}</td>
                    <td className="t2">{s.carrier ?? 'not dispatched'}</td>
                    <td>{s.lines.slice(0, 3).map((l) => <Link key={l.unit_id} className="mono sm serial" to={`/units/${l.unit_id}`}>{l.serial}</Link>)}
                      {s.lines.length > 3 && <span className="sm t2"> and {s.lines.length - 3} more</span>}</td>
                    <td className="num t2">{dayMinute(s.created_at)}</td>
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
