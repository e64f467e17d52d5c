import type { Book, Instrument, Order } from '../../api/types';
import { int, pricePerTH, short } from '../../lib/format';
import { dayMinute, duration, second } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Kbd, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { AmendRow } from './AmendRow';
import { isWorking } from './ladder';

interface Props {
  query: { data: Order[] | undefined; isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown };
  instruments: readonly Instrument[];
  selected: number;
  onSelect: (i: number) => void;
  onCancel: (o: Order) => void;
  onCancelAll: () => void;
  /** The order that is being amended in its row; empty is none. */
  amending: string;
  onAmend: (id: string) => void;
  /** The book on screen, for what an amendment of an order in it would do. */
  book: Book | undefined;
  may: boolean;
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
          <button type="button" className="btn btn-sm" disabled={working === 0 || !p.may} onClick={p.onCancelAll}>Cancel all <Kbd>⌥X</Kbd></button>
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
        <div className="scroll-y" tabIndex={0} role="region" aria-label="Orders">
          <table className="grid ruled" aria-label="My orders">
            <thead>
              <tr>
                {!p.phone && <th className="mk-id">Order</th>}<th>Side</th><th>Instrument</th><th className="num">$/TH</th>
                <th className="num">Filled</th>{!p.phone && <th>Stands</th>}<th>State</th><th><span className="sr">Amend, cancel</span></th>
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

function Row({ o, selected, instruments, onSelect, onCancel, onAmend, amending, book, may, phone }: Omit<Props, 'selected' | 'onSelect'> & {
  o: Order; selected: boolean; onSelect: () => void;
}) {
  const [kind, full] = stateOf(o);
  const words = phone ? (full.split(/[:,]| \d/)[0] ?? full) : full;
  const instrument = instruments.find((i) => i.id === o.instrument);
  const at = pricePerTH(o.price_mc);
  return (
    <>
      <tr aria-selected={selected} onClick={onSelect} data-order={o.id} title={`Order ${o.id}`}>
        {!phone && <td className="mono sm mk-id">{short(o.id, 0, 6).replace('…', '')}</td>}
        <td><Glyph kind={o.side === 'bid' ? 'up' : 'down'} size={10} /> {o.side === 'bid' ? 'Buy' : 'Sell'}</td>
        <td>{instrument?.name ?? 'unknown'}{phone && <Asks o={o} />}</td>
        <td className="num b">{at}</td>
        <td className="num">{int(o.filled)} / {int(o.units)}</td>
        {!phone && <td><Asks o={o} /></td>}
        <td><Glyph kind={kind} size={10} /> {words}</td>
        <td className="num row-does">
          {may && !phone && o.state === 'open' && <button type="button" className="row-x" onClick={() => onAmend(o.id)} aria-label={`Amend the order at ${at}`} aria-expanded={amending === o.id}>✎</button>}
          {may && isWorking(o) && <button type="button" className="row-x" onClick={() => onCancel(o)} aria-label={`Cancel the order at ${at}`}>×</button>}
        </td>
      </tr>
      {phone && may && selected && o.state === 'open' && amending !== o.id && (
        <tr className="amend"><td colSpan={6}><button type="button" className="btn" onClick={() => onAmend(o.id)}>Amend this order</button></td></tr>
      )}
      {amending === o.id && o.state === 'open' && instrument && (
        <AmendRow o={o} tick={instrument.tick_mc} book={book?.instrument === o.instrument ? book : undefined} columns={phone ? 6 : 8} onDone={() => onAmend('')} />
      )}
    </>
  );
}

/** How it stands and what it asks for, each as short as it goes. */
function Asks({ o }: { o: Order }) {
  return (
    <span className="asks sm t2">
      {o.tif === 'gtd' ? <Ends o={o} /> : <span className="ask-tif">{o.tif.toUpperCase()}</span>}
      {asks(o).map(([word, title]) => <span key={word} className="chip chip-none ask" title={title}>{word}</span>)}
    </span>
  );
}

/** The clock of an order that ends by itself. */
function Ends({ o }: { o: Order }) {
  const now = useNow();
  const end = Date.parse(o.expires_at ?? '');
  const clock = isWorking(o) && end > now;
  return <span className="ask-tif" title={`Ends ${dayMinute(end)} UTC`}>{clock ? `${duration((end - now) / 1000)} left` : `to ${dayMinute(end)}`}</span>;
}

/** Attributes that are not the usual ones, with what they mean. */
export function asks(o: Order): [word: string, title: string][] {
  const out: [string, string][] = [];
  const min = o.min_units ?? 0;
  const lot = o.lot ?? 0;
  if (o.type === 'market') out.push(['market', 'Took what was there, inside its worst price']);
  if (o.post_only) out.push(['post', 'Post-only: refused when its price meets an order that rests']);
  if (o.aon) out.push(['AON', 'All or none: trades whole in one go']);
  if (min > 1) out.push([`min ${int(min)}`, `At least ${int(min)} units a trade`]);
  if (lot > 1) out.push([`lot ${int(lot)}`, `Every trade is a multiple of ${int(lot)} units`]);
  if (o.stp === 'cancel-oldest') out.push(['own: oldest', 'When it meets an order of your own, the older is cancelled']);
  if (o.stp === 'cancel-both') out.push(['own: both', 'When it meets an order of your own, both are cancelled']);
  return out;
}

function stateOf(o: Order): [GlyphKind, string] {
  switch (o.state) {
    case 'placing': return ['todo', 'Placing'];
    case 'open': return o.filled > 0 ? ['live', 'Part filled'] : ['todo', 'Resting'];
    case 'filled': return ['done', `Filled ${second(o.changed_at)}`];
    case 'rejected': return ['wrong', o.reason ? `Rejected: ${o.reason}` : 'Rejected'];
    default: return ['off', [o.reason === 'expired' ? 'Ended' : o.reason === 'unfilled' ? 'Closed' : 'Cancelled', o.filled > 0 && 'part filled', o.reason === 'self-trade' && 'met your own'].filter(Boolean).join(', ')];
  }
}
