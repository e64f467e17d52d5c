import type { Book, Fill } from '../../api/types';
import { fixed, int, pricePerTH } from '../../lib/format';
import { second } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import type { Ladder, Rung } from './ladder';

interface Loaded {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** Price, units, sum, orders; own size in accent replaces the order count. */
export function Depth({ ladder, query, onPrice }: {
  ladder: Ladder | null; query: Loaded & { data: Book | undefined }; onPrice: (mc: number) => void;
}) {
  return (
    <Tile title="Depth" aside="units" className="mk-depth">
      {query.isError && <Failed what="Book not read" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <SkeletonBlock height={200} label="Loading the book" />}
      {ladder && (
        <div className="levels" role="group" aria-label="Depth ladder: choose a price">
          <div className="level level-head sm t2" aria-hidden>
            <span>$/TH</span><span>Units</span><span>Sum</span><span>Ord</span>
          </div>
          <div>
            {ladder.asks.length === 0 && <p className="level-none t3 sm">no asks</p>}
            {ladder.asks.map((r, i) => (
              <RungRow key={r.price_mc} r={r} side="ask" best={i === ladder.asks.length - 1} onPrice={onPrice} />
            ))}
          </div>
          <div className="level-mid">
            {ladder.midMc === null || ladder.spreadMc === null ? <span className="t2">no spread: one side is empty</span> : (
              <>
                <span><b className="level-mid-price">{fixed(ladder.midMc / 100_000, 2)}</b> <span className="sm t2">mid</span></span>
                <span className="sm t2">
                  {query.data?.halted && ladder.spreadMc <= 0 ? 'crossed, until the auction'
                    : `spread ${pricePerTH(ladder.spreadMc)} · ${fixed((ladder.spreadMc / ladder.midMc) * 100, 2)} %`}
                </span>
              </>
            )}
          </div>
          <div>
            {ladder.bids.length === 0 && <p className="level-none t3 sm">no bids</p>}
            {ladder.bids.map((r, i) => <RungRow key={r.price_mc} r={r} side="bid" best={i === 0} onPrice={onPrice} />)}
          </div>
        </div>
      )}
    </Tile>
  );
}

function RungRow({ r, side, best, onPrice }: { r: Rung; side: 'bid' | 'ask'; best: boolean; onPrice: (mc: number) => void }) {
  const tone = side === 'bid' ? 'ok' : 'bad';
  return (
    <button
      type="button" className={`level level-${side}`} onClick={() => onPrice(r.price_mc)} data-price={r.price_mc}
      title={`${side} ${pricePerTH(r.price_mc)}, ${r.units} units, ${r.sum} up to here, ${r.own > 0 ? `${r.own} your own` : `${r.orders} orders`}`}
      style={{ '--depth': `${r.depth * 100}%` } as React.CSSProperties}
    >
      <span className={`b ${tone}`}>
        <span className="level-best">{best && <Glyph kind={side === 'bid' ? 'up' : 'down'} size={9} />}</span>
        {pricePerTH(r.price_mc)}
      </span>
      <span>{int(r.units)}</span>
      <span className="t2">{int(r.sum)}</span>
      {r.own > 0 ? <span className="ac b">{int(r.own)}</span> : <span className="t2 sm">{int(r.orders)}</span>}
    </button>
  );
}

export function Tape({ query }: { query: Loaded & { data: Fill[] | undefined } }) {
  const fills = [...(query.data ?? [])].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 60);
  return (
    <Tile title="Tape" aside="UTC" className="mk-tape">
      {query.isError && <Failed what="Tape not read" error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && fills.length === 0 && <Empty>No fills yet. The first match prints here.</Empty>}
      <table className="tape" aria-label="Fills, newest first">
        <tbody>
          {fills.map((f, i) => (
            <tr key={`${f.trade}-${i}`}>
              <td className="sm t2">{second(f.at)}</td>
              <td><Glyph kind={f.taker === 'bid' ? 'up' : 'down'} size={9} label={f.taker === 'bid' ? 'bought' : 'sold'} /></td>
              <td className={`num ${f.taker === 'bid' ? 'ok' : 'bad'}`}>{pricePerTH(f.price_mc)}</td>
              <td className="num">{int(f.units)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Tile>
  );
}
