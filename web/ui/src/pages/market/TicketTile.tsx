import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, type Dispatch, type KeyboardEvent, type RefObject } from 'react';
import { Link } from 'react-router';
import { call, newKey } from '../../api/client';
import { unitsQuery } from '../../api/queries';
import type { Book, Instrument, NewOrder, Order } from '../../api/types';
import { fixed, ghsAsTH, int, parsePrice, pricePerTH, usd } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import { Kbd, Line, Segments, Tile, useAnnounce } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { fillsNow, ladderOf } from './ladder';
import { invoiceCents, orderOf, shareCents, unitsOf, type Edit, type Ticket } from './ticket';

interface Props {
  instrument: Instrument;
  book: Book | undefined;
  ticket: Ticket;
  change: Dispatch<Edit>;
  /** Why orders cannot be sent now; empty when they can. */
  blocked: string;
  /** What is on the organisation's page lets it trade. */
  mend: boolean;
  send: RefObject<(() => void) | null>;
}

export function TicketTile({ instrument, book, ticket, change, blocked, mend, send }: Props) {
  const client = useQueryClient();
  const announce = useAnnounce();
  // One key per wish: a repeated try of the same order cannot place it twice.
  const key = useRef({ wish: '', key: '' });
  const place = useMutation({
    mutationFn: (o: NewOrder) => {
      const wish = JSON.stringify(o);
      if (key.current.wish !== wish) key.current = { wish, key: newKey() };
      return call<Order>('POST', '/orders', { body: o, idempotencyKey: key.current.key });
    },
    onSuccess: (o) => {
      key.current = { wish: '', key: '' };
      announce(o.filled > 0 ? `Filled ${o.filled} of ${o.units}` : 'Order placed');
      change({ type: 'sent' });
      for (const k of ['orders', 'book', 'tape', 'units']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  const order = orderOf(ticket, instrument.id);
  const ready = typeof order !== 'string' && blocked === '' && !place.isPending;
  send.current = () => {
    if (ready) place.mutate(order);
  };
  const buy = ticket.side === 'bid';
  const n = unitsOf(ticket);
  const priceMc = parsePrice(ticket.price);
  const lacks = typeof order === 'string' ? order : '';
  const bestOf = book && ladderOf(book, [], 1);
  const best = buy ? bestOf?.bestAsk : bestOf?.bestBid;
  return (
    <Tile title="Order" aside={<><Kbd>b</Kbd> buy <Kbd>s</Kbd> sell</>} className="mk-ticket">
      <form
        className="ticket"
        onSubmit={(ev) => {
          ev.preventDefault();
          send.current?.();
        }}
      >
        <SideSwitch side={ticket.side} change={change} />
        <PriceField ticket={ticket} change={change} tick={instrument.tick_mc} from={best?.price_mc ?? book?.last_mc ?? null} />
        {buy ? <UnitsField ticket={ticket} change={change} instrument={instrument} />
          : <Serials ticket={ticket} change={change} instrument={instrument} />}
        <div className="ticket-row">
          <span className="t2">Stands</span>
          <Segments
            label="Time in force" on={[ticket.tif]} onPick={(tif) => change({ type: 'tif', tif })}
            options={[{ value: 'GTC', label: 'GTC', title: 'Good till cancelled' },
              { value: 'IOC', label: 'IOC', title: 'What does not fill at once is closed' }]}
          />
        </div>
        <Summary {...{ ticket, book, instrument, n, priceMc }} />
        <button type="submit" className="btn btn-primary btn-lg ticket-send" disabled={!ready} aria-keyshortcuts="Meta+Enter Control+Enter">
          {place.isPending ? 'Sending' : priceMc && n > 0 ? `${buy ? 'Buy' : 'Sell'} ${int(n)} at $${pricePerTH(priceMc)} /TH` : buy ? 'Buy' : 'Sell'}
          <Kbd>⌘↵</Kbd>
        </button>
        {(blocked || lacks) && <p className={`sm ${blocked ? 'warn' : 't2'}`} role={blocked ? 'alert' : undefined}>{blocked || lacks}{mend && <> <Link className="ticket-mend" to="/organisation/verification">Verification</Link></>}</p>}
      </form>
      {place.isError && (
        <Failed
          what="Order not placed" error={place.error} kept="Nothing was reserved or charged."
          onRetry={ready ? () => send.current?.() : undefined}
          actions={best && best.price_mc !== priceMc && <button type="button" className="btn btn-sm" onClick={() => change({ type: 'at', priceMc: best.price_mc })}>Use ${pricePerTH(best.price_mc)}</button>}
        />
      )}
    </Tile>
  );
}

type Change = Dispatch<Edit>;

function SideSwitch({ side, change }: { side: Ticket['side']; change: Change }) {
  return (
    <div className="sides" role="group" aria-label="Side">
      <button type="button" className="side seg-ok seg" aria-pressed={side === 'bid'} onClick={() => change({ type: 'side', side: 'bid' })}>
        <Glyph kind="up" size={10} /> Buy
      </button>
      <button type="button" className="side seg-bad seg" aria-pressed={side === 'ask'} onClick={() => change({ type: 'side', side: 'ask' })}>
        <Glyph kind="down" size={10} /> Sell
      </button>
    </div>
  );
}

function PriceField({ ticket, change, tick, from }: { ticket: Ticket; change: Change; tick: number; from: number | null }) {
  const onKey = (ev: KeyboardEvent) => {
    if (ev.key !== 'ArrowUp' && ev.key !== 'ArrowDown') return;
    ev.preventDefault();
    change({ type: 'ticks', n: (ev.key === 'ArrowUp' ? 1 : -1) * (ev.shiftKey ? 10 : 1), tick, from });
  };
  return (
    <label className="ticket-row">
      <span className="t2">Price</span>
      <span className="field">
        <input
          inputMode="decimal" value={ticket.price} onChange={(ev) => change({ type: 'price', text: ev.currentTarget.value })}
          onKeyDown={onKey} aria-label="Price in dollars per TH" autoComplete="off"
          aria-invalid={ticket.price !== '' && parsePrice(ticket.price) === null}
        />
        <span className="sm t2">$/TH</span>
      </span>
    </label>
  );
}

function UnitsField({ ticket, change, instrument }: { ticket: Ticket; change: Change; instrument: Instrument }) {
  return (
    <label className="ticket-row">
      <span className="t2">Units</span>
      <span className="field">
        <input
          inputMode="numeric" value={ticket.units} onChange={(ev) => change({ type: 'units', text: ev.currentTarget.value })}
          aria-label="Units" autoComplete="off"
        />
        <span className="sm t2">× {ghsAsTH(instrument.nominal_ghs)} TH</span>
      </span>
    </label>
  );
}

/** A sell names its serials: they are reserved before the ask rests. */
function Serials({ ticket, change, instrument }: { ticket: Ticket; change: Change; instrument: Instrument }) {
  const units = useQuery({ ...unitsQuery(''), retry: false });
  const free = (units.data ?? []).filter((u) => u.model === instrument.model && u.state === 'available');
  return (
    <fieldset className="serials">
      <legend className="t2">Serials to sell, {int(ticket.offered.length)} of {int(free.length)} free</legend>
      {units.isError && <Failed what="Your machines were not read" error={units.error} />}
      {units.data && free.length === 0 && <p className="sm t2">No free {instrument.model} of yours. A listed or moving machine cannot be sold again.</p>}
      <ul>
        {free.map((u) => (
          <li key={u.id}>
            <label>
              <input type="checkbox" checked={ticket.offered.includes(u.id)} onChange={() => change({ type: 'offer', unitId: u.id })} />
              <span className="mono sm">{u.serial}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function Summary({ ticket, book, instrument, n, priceMc }: {
  ticket: Ticket; book: Book | undefined; instrument: Instrument; n: number; priceMc: number | null;
}) {
  if (priceMc === null || n === 0) return null;
  const buy = ticket.side === 'bid';
  const ghs = instrument.nominal_ghs * n;
  const amount = invoiceCents(priceMc, ghs);
  const now = fillsNow(book, ticket.side, priceMc, n);
  const commission = shareCents(amount, instrument.commission_ppm);
  return (
    <dl className="ticket-sum">
      <Line label={buy ? 'Fills now against asks' : 'Fills now against bids'}>{int(now)} of {int(n)}</Line>
      <Line label={`${int(ghs / 1000)} TH × $${pricePerTH(priceMc)}`}>{usd(amount)}</Line>
      {buy
        ? <Line label="Due by bank transfer, at most" strong>{usd(amount)}</Line>
        : (
          <>
            <Line label={`Commission ${fixed(instrument.commission_ppm / 10_000, 2)} %`}>−{usd(commission)}</Line>
            <Line label="To you when proven" strong>{usd(amount - commission)}</Line>
          </>
        )}
    </dl>
  );
}
