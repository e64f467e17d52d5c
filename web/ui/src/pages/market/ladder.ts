import type { Book, Level, Order, Side } from '../../api/types';

/** One price of the ladder, with what stands up to it. */
export interface Rung extends Level {
  /** Units from the best price to this one. */
  sum: number;
  /** Share of the deepest sum shown, 0…1: the wash. */
  depth: number;
  /** Units of this organisation's own orders here. */
  own: number;
}

export interface Ladder {
  /** Best last, so that the spread is in the middle of the screen. */
  asks: readonly Rung[];
  /** Best first. */
  bids: readonly Rung[];
  bestAsk: Level | null;
  bestBid: Level | null;
  midMc: number | null;
  spreadMc: number | null;
}

/** Rests in the book or is on its way there. */
export const isWorking = (o: Order) => o.state === 'open' || o.state === 'placing';

export function ladderOf(book: Book, orders: readonly Order[], rows: number): Ladder {
  const asks = [...book.asks].sort((a, b) => a.price_mc - b.price_mc);
  const bids = [...book.bids].sort((a, b) => b.price_mc - a.price_mc);
  const bestAsk = asks[0] ?? null;
  const bestBid = bids[0] ?? null;
  const mine = orders.filter((o) => o.instrument === book.instrument && isWorking(o));
  const up = rungs(asks.slice(0, rows), mine, 'ask');
  const down = rungs(bids.slice(0, rows), mine, 'bid');
  const deepest = Math.max(1, up.at(-1)?.sum ?? 0, down.at(-1)?.sum ?? 0);
  const wash = (r: Rung) => ({ ...r, depth: r.sum / deepest });
  return {
    asks: up.map(wash).reverse(),
    bids: down.map(wash),
    bestAsk,
    bestBid,
    midMc: bestAsk && bestBid ? (bestAsk.price_mc + bestBid.price_mc) / 2 : null,
    spreadMc: bestAsk && bestBid ? bestAsk.price_mc - bestBid.price_mc : null,
  };
}

function rungs(levels: readonly Level[], mine: readonly Order[], side: Side): Rung[] {
  let sum = 0;
  return levels.map((l) => {
    sum += l.units;
    const own = mine
      .filter((o) => o.side === side && o.price_mc === l.price_mc)
      .reduce((n, o) => n + o.units - o.filled, 0);
    return { ...l, sum, depth: 0, own };
  });
}

/** Units that would trade at once at this limit, if nobody there set a condition; none while the book is halted. */
export function fillsNow(book: Book | undefined, side: Side, priceMc: number, units: number): number {
  if (book?.halted) return 0;
  const against = side === 'bid' ? (book?.asks ?? []) : (book?.bids ?? []);
  const crossing = against.filter((l) => (side === 'bid' ? l.price_mc <= priceMc : l.price_mc >= priceMc));
  return Math.min(units, crossing.reduce((n, l) => n + l.units, 0));
}
