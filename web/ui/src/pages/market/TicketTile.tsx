import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, type Dispatch, type RefObject } from 'react';
import { Link } from 'react-router';
import { ApiError, call, newKey } from '../../api/client';
import type { Book, Instrument, NewOrder, Order } from '../../api/types';
import { fixed, int, pricePerTH, usd } from '../../lib/format';
import { Kbd, Line, Tile, useAnnounce } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { fillsNow, ladderOf } from './ladder';
import { extras, fate, fieldOf, invoiceCents, isLack, limitOf, orderOf, shareCents, unitsOf, type Edit, type Field, type Lack, type Ticket } from './ticket';
import { More, PriceField, Serials, SideSwitch, Stands, UnitsField } from './TicketFields';

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
  /** Whether the folded part is open. */
  more: boolean;
  onMore: (open: boolean) => void;
}

const FOLDED: readonly (Field | null)[] = ['postOnly', 'min', 'lot', 'stp'];

export function TicketTile({ instrument, book, ticket, change, blocked, mend, send, more, onMore }: Props) {
  const id = useId();
  const now = useNow(10_000);
  const place = usePlace(() => change({ type: 'sent' }));
  const order = orderOf(ticket, { instrument: instrument.id, tick: instrument.tick_mc, book, now });
  const lacks = isLack(order) ? order : null;
  const wrong = lacks ?? refusal(place.error, place.variables, order);
  const ready = !isLack(order) && blocked === '' && !place.isPending;
  send.current = () => {
    if (ready) place.mutate(order);
  };
  const buy = ticket.side === 'bid';
  const bestOf = book && ladderOf(book, [], 1);
  const best = buy ? bestOf?.bestAsk : bestOf?.bestBid;
  const limit = limitOf(ticket, { book, tick: instrument.tick_mc });
  const n = unitsOf(ticket);
  const open = more || FOLDED.includes(wrong?.field ?? null);
  const fields = { ticket, change, instrument, wrong };
  return (
    <Tile title="Order" aside={<><a href="/docs/orders" target="_blank" rel="noreferrer">Rules</a> <Kbd>b</Kbd> buy <Kbd>s</Kbd> sell</>} className="mk-ticket">
      <form
        className="ticket"
        onSubmit={(ev) => {
          ev.preventDefault();
          send.current?.();
        }}
      >
        <SideSwitch side={ticket.side} change={change} />
        <PriceField {...fields} from={best?.price_mc ?? book?.last_mc ?? null} />
        {buy ? <UnitsField {...fields} /> : <Serials {...fields} />}
        <Stands {...fields} />
        <button type="button" className="ticket-fold" aria-expanded={open} aria-controls={id} aria-keyshortcuts="o" onClick={() => onMore(!more)}>
          <span aria-hidden className="ticket-fold-mark">{open ? '−' : '+'}</span> More <span className="sm t2">{extras(ticket) || 'type, conditions'}</span> <Kbd>o</Kbd>
        </button>
        {open && <More {...fields} id={id} />}
        <Summary {...{ ticket, book, instrument, n, limit }} />
        <button type="submit" className="btn btn-primary btn-lg ticket-send" disabled={!ready} aria-keyshortcuts="Meta+Enter Control+Enter">
          {place.isPending ? 'Sending' : does(ticket, n, limit)}
          <Kbd>⌘↵</Kbd>
        </button>
        {blocked !== '' ? <p className="sm warn" role="alert">{blocked}{mend && <> <Link className="ticket-mend" to="/organisation/verification">Verification</Link></>}</p>
          : lacks?.field === null && <p className="sm t2">{lacks.says}</p>}
      </form>
      {place.isError && (
        <Failed
          what="Order not placed" error={place.error} kept="Nothing was reserved or charged."
          onRetry={ready ? () => send.current?.() : undefined}
          actions={best && best.price_mc !== limit && <button type="button" className="btn btn-sm" onClick={() => change({ type: 'at', priceMc: best.price_mc })}>Use ${pricePerTH(best.price_mc)}</button>}
        />
      )}
    </Tile>
  );
}

/** Sends an order. One key per wish: a repeated try of the same order cannot place it twice. */
function usePlace(onSent: () => void) {
  const client = useQueryClient();
  const announce = useAnnounce();
  const key = useRef({ wish: '', key: '' });
  return useMutation({
    mutationFn: (o: NewOrder) => {
      const wish = JSON.stringify(o);
      if (key.current.wish !== wish) key.current = { wish, key: newKey() };
      return call<Order>('POST', '/orders', { body: o, idempotencyKey: key.current.key });
    },
    onSuccess: (o) => {
      key.current = { wish: '', key: '' };
      announce(o.filled > 0 ? `Filled ${o.filled} of ${o.units}` : o.state === 'cancelled' ? 'Nothing traded: the order is closed' : 'Order placed');
      onSent();
      for (const k of ['orders', 'book', 'tape', 'units']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
}

/** The server's refusal at its field, as long as the ticket still says the same. */
function refusal(error: unknown, sent: NewOrder | undefined, order: NewOrder | Lack): Lack | null {
  if (!(error instanceof ApiError) || JSON.stringify(sent) !== JSON.stringify(order)) return null;
  return { field: fieldOf(error.detail), says: error.detail };
}

function does(t: Ticket, n: number, limit: number | null): string {
  const verb = t.side === 'bid' ? 'Buy' : 'Sell';
  if (limit === null || n === 0) return verb;
  return t.type === 'market' ? `${verb} ${int(n)}, $${pricePerTH(limit)} at worst` : `${verb} ${int(n)} at $${pricePerTH(limit)} /TH`;
}

function Summary({ ticket, book, instrument, n, limit }: {
  ticket: Ticket; book: Book | undefined; instrument: Instrument; n: number; limit: number | null;
}) {
  if (limit === null || n === 0) return null;
  const buy = ticket.side === 'bid';
  const market = ticket.type === 'market';
  const ghs = instrument.nominal_ghs * n;
  const amount = invoiceCents(limit, ghs);
  const now = fillsNow(book, ticket.side, limit, n);
  const commission = shareCents(amount, instrument.commission_ppm);
  return (
    <dl className="ticket-sum">
      <Line label={buy ? 'Fills now against asks' : 'Fills now against bids'}>{int(now)} of {int(n)}</Line>
      <div><dt className="sr">What becomes of it</dt><dd className="sm t2">{fate(ticket, book, now, n)}.</dd></div>
      {market && <Line label={ticket.price.trim() === '' ? 'Worst price, 10 % from the best' : 'Worst price, yours'}>${pricePerTH(limit)}</Line>}
      <Line label={`${int(ghs / 1000)} TH × $${pricePerTH(limit)}`}>{usd(amount)}</Line>
      {buy
        ? <Line label="Due by bank transfer, at most" strong>{usd(amount)}</Line>
        : (
          <>
            <Line label={`Commission ${fixed(instrument.commission_ppm / 10_000, 2)} %`}>−{usd(commission)}</Line>
            <Line label={market ? 'To you when proven, at worst' : 'To you when proven'} strong>{usd(amount - commission)}</Line>
          </>
        )}
    </dl>
  );
}
