import { useQueries, useQuery } from '@tanstack/react-query';
import type { Ref } from 'react';
import { bookQuery, instrumentsQuery, unitsQuery } from '../../api/queries';
import type { Instrument, Unit } from '../../api/types';
import { int, pricePerTH } from '../../lib/format';
import { Kbd, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { ladderOf } from './ladder';

/** Best bid and ask of every instrument; a click turns all tiles to it. */
export function Instruments({ current, onPick, focus }: {
  current: string; onPick: (id: string) => void; focus: Ref<HTMLButtonElement>;
}) {
  const list = useQuery(instrumentsQuery);
  const books = useQueries({ queries: (list.data ?? []).map((i) => bookQuery(i.id)) });
  return (
    <Tile title="Instruments" aside={<Kbd>/</Kbd>} className="mk-instruments">
      <div className="mk-inst-head sm t2"><span>$/TH</span><span className="num">Bid</span><span className="num">Ask</span></div>
      {list.isError && <Failed what="Instruments not read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <table className="grid"><tbody><SkeletonRows rows={2} columns={[120, 40, 40]} /></tbody></table>}
      {list.data?.length === 0 && <Empty>No instrument is open for trading.</Empty>}
      <ul>
        {list.data?.map((i, k) => {
          const book = books[k]?.data;
          const l = book && ladderOf(book, [], 1);
          return (
            <li key={i.id}>
              <button
                type="button" className="mk-inst" aria-pressed={i.id === current} ref={i.id === current ? focus : null}
                onClick={() => onPick(i.id)} title={`${i.name}, ${best('bid', l?.bestBid)}, ${best('ask', l?.bestAsk)}`}
              >
                <span className="b mk-name">{i.name}</span>
                <Price level={l?.bestBid} tone="ok" known={book !== undefined} word="no bid" />
                <Price level={l?.bestAsk} tone="bad" known={book !== undefined} word="no ask" />
                <span className="sm t2 mk-name">{about(i)}</span>
                <span className="sm t2 num">{l?.bestBid ? int(l.bestBid.units) : ''}</span>
                <span className="sm t2 num">{l?.bestAsk ? int(l.bestAsk.units) : ''}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {list.data && list.data.length > 0 && <p className="mk-note sm t3">{int(list.data.length)} of {int(list.data.length)}, small: units at best</p>}
    </Tile>
  );
}

function Price({ level, tone, known, word }: {
  level: { price_mc: number } | null | undefined; tone: 'ok' | 'bad'; known: boolean; word: string;
}) {
  if (!level) return <span className="sm t3 num">{known ? word : ''}</span>;
  return <span className={`num b ${tone}`}>{pricePerTH(level.price_mc)}</span>;
}

const best = (word: string, l: { price_mc: number } | null | undefined) =>
  l ? `${word} ${pricePerTH(l.price_mc)}` : `no ${word}`;

const about = (i: Instrument) => `${int(i.nominal_ghs / 1000)} TH · ${i.region} · ${i.incoterm}`;

/** What this organisation has, by model. */
export function Positions() {
  const units = useQuery({ ...unitsQuery(''), retry: false });
  const rows = byModel(units.data ?? []);
  return (
    <Tile title="Positions" aside="units" className="mk-positions">
      {units.isError && <Failed what="Positions not read" error={units.error} />}
      {units.data && rows.length === 0 && <Empty>No machines yet. What you buy appears here as it ships.</Empty>}
      <ul>
        {rows.map((r) => (
          <li key={r.model} className="mk-position">
            <span className="m">{r.model}</span>
            <span className="b num">{int(r.units)}</span>
            {r.words && <span className="sm t2">{r.words}</span>}
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function byModel(units: readonly Unit[]) {
  const models = [...new Set(units.map((u) => u.model))].sort();
  return models.map((model) => {
    const own = units.filter((u) => u.model === model);
    const listed = own.filter((u) => u.state === 'listed').length;
    const sold = own.filter((u) => ['sold', 'packed'].includes(u.state)).length;
    const moving = own.filter((u) => ['in_transit', 'arrived'].includes(u.state)).length;
    const words = [listed && `${listed} for sale`, sold && `${sold} sold`, moving && `${moving} arriving`];
    return { model, units: own.length, words: words.filter(Boolean).join(' · ') };
  });
}
