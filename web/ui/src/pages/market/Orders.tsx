import type { Instrument, Order } from '../../api/types';
import { int, pricePerTH, short } from '../../lib/format';
import { second } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Kbd, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { isWorking } from './ladder';

interface Props {
  query: { data: Order[] | undefined; isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown };
  instruments: readonly Instrument[];
  selected: number;
  onSelect: (i: number) => void;
  onCancel: (o: Order) => void;
  onCancelAll: () => void;
  onPlace: () => void;
  error: unknown;
  phone: boolean;
}

/** Working orders first, then the newest that ended. */
export function sortOrders(orders: readonly Order[]): Order[] {
  return [...orders].sort((a, b) => Number(isWorking(b)) - Number(isWorking(a)) || b.at.localeCompare(a.at)).slice(0, 100);
}

export function Orders(p: Props) {
  const rows = sortOrders(p.query.data ?? []);
  const working = rows.filter(isWorking).length;
  const filled = rows.filter((o) => o.state === 'filled').length;
  return (
    <Tile
      title="My orders" className="mk-orders"
      aside={(
        <>
          {int(working)} working · {int(filled)} filled
          <button type="button" className="btn btn-sm" disabled={working === 0} onClick={p.onCancelAll}>Cancel all <Kbd>⌥X</Kbd></button>
        </>
      )}
    >
      {p.query.isError && <Failed what="Orders not read" error={p.query.error} onRetry={() => void p.query.refetch()} />}
      {p.error !== null && <Failed what="Not cancelled" error={p.error} kept="The order stands as it was." />}
      {p.query.data && rows.length === 0 ? (
        <Empty
          title="No orders working"
          action={!p.phone && <button type="button" className="btn" onClick={p.onPlace}>Place one <Kbd>b</Kbd></button>}
        >
          Orders you place rest here until filled, cancelled or past their time.
        </Empty>
      ) : (
        <div className="scroll-y">
          <table className="grid ruled" aria-label="My orders">
            <thead>
              <tr>
                {!p.phone && <th>Order</th>}<th>Side</th><th>Instrument</th><th className="num">$/TH</th>
                <th className="num">Filled</th>{!p.phone && <th>Stands</th>}<th>State</th><th><span className="sr">Cancel</span></th>
              </tr>
            </thead>
            <tbody>
              {p.query.isPending && <SkeletonRows rows={4} columns={[60, 40, 120, 40, 50, 30, 90, 20]} />}
              {rows.map((o, i) => <Row key={o.id} {...p} o={o} selected={i === p.selected} onSelect={() => p.onSelect(i)} />)}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}

function Row({ o, selected, instruments, onSelect, onCancel, phone }: Omit<Props, 'selected' | 'onSelect'> & {
  o: Order; selected: boolean; onSelect: () => void;
}) {
  const [kind, full] = stateOf(o);
  const words = phone ? (full.split(/[:,]| \d/)[0] ?? full) : full;
  const name = instruments.find((i) => i.id === o.instrument)?.name ?? 'unknown';
  return (
    <tr aria-selected={selected} onClick={onSelect} data-order={o.id}>
      {!phone && <td className="mono sm">{short(o.id, 0, 6).replace('…', '')}</td>}
      <td><Glyph kind={o.side === 'bid' ? 'up' : 'down'} size={10} /> {o.side === 'bid' ? 'Buy' : 'Sell'}</td>
      <td>{name}</td>
      <td className="num b">{pricePerTH(o.price_mc)}</td>
      <td className="num">{int(o.filled)} / {int(o.units)}</td>
      {!phone && <td className="sm t2">{o.tif.toUpperCase()}</td>}
      <td><Glyph kind={kind} size={10} /> {words}</td>
      <td className="num">
        {isWorking(o) && (
          <button type="button" className="row-x" onClick={() => onCancel(o)} aria-label={`Cancel the order at ${pricePerTH(o.price_mc)}`}>×</button>
        )}
      </td>
    </tr>
  );
}

function stateOf(o: Order): [GlyphKind, string] {
  switch (o.state) {
    case 'placing': return ['todo', 'Placing'];
    case 'open': return o.filled > 0 ? ['live', 'Part filled'] : ['todo', 'Resting'];
    case 'filled': return ['done', `Filled ${second(o.changed_at)}`];
    case 'rejected': return ['wrong', o.reason ? `Rejected: ${o.reason}` : 'Rejected'];
    default: return ['off', o.filled > 0 ? 'Cancelled, part filled' : 'Cancelled'];
  }
}
