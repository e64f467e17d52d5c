import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, type ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { call } from '../../api/client';
import { capital } from '../org/roles';
import { standingQuery } from '../../api/org';
import { bookQuery, candlesQuery, instrumentsQuery, ordersQuery, tapeQuery, useMe } from '../../api/queries';
import type { Fill, Instrument, Order } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, pricePerTH } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { second } from '../../lib/time';
import { useLive } from '../../live/LiveProvider';
import { bookGap } from '../../live/state';
import { Glyph } from '../../parts/Glyph';
import { AnnounceProvider, Kbd, Segments, StatusChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow, usePhone } from '../../parts/useNow';
import { BestAsk } from './BestAsk';
import { Depth, Tape } from './Depth';
import { Instruments, Positions } from './Instruments';
import { isWorking, ladderOf } from './ladder';
import { CancelAll } from './CancelAll';
import { HaltStrip, HaltSwitch } from './HaltSwitch';
import { Orders, sortOrders } from './Orders';
import { PriceChart } from './PriceChart';
import { TicketTile } from './TicketTile';
import { edit, empty } from './ticket';
import './market.css';

export default function MarketPage() {
  const { instrument: wanted = '' } = useParams();
  const list = useQuery(instrumentsQuery);
  const here = list.data?.find((i) => i.id === wanted) ?? list.data?.[0];
  usePageTitle(here ? `${here.name} market` : 'Market');
  const [said, announce] = useState('');
  if (list.isPending) return <SkeletonBlock height={400} label="Loading the market" />;
  if (list.isError) return <Failed what="The market did not load" error={list.error} onRetry={() => void list.refetch()} />;
  if (!here) return <Empty title="No instruments">The house has not opened an instrument yet.</Empty>;
  return (
    <AnnounceProvider value={announce}>
      <div className="sr" role="status" aria-live="polite">{said}</div>
      <Terminal here={here} all={list.data} />
    </AnnounceProvider>
  );
}

const ROWS = 10;

function Terminal({ here, all }: { here: Instrument; all: Instrument[] }) {
  const phone = usePhone();
  const navigate = useNavigate();
  const client = useQueryClient();
  const live = useLive();
  const now = useNow();
  const me = useMe().data;
  const book = useQuery(bookQuery(here.id));
  const tape = useQuery(tapeQuery(here.id));
  const orders = useQuery({ ...ordersQuery, retry: false });
  const [ticket, change] = useReducer(edit, empty);
  const [selected, setSelected] = useState(0);
  const [asking, setAsking] = useState(false);
  const [amending, setAmending] = useState('');
  const [more, setMore] = useState(false);
  const send = useRef<(() => void) | null>(null);
  const focus = useRef<HTMLButtonElement>(null);

  const ladder = useMemo(
    () => (book.data ? ladderOf(book.data, orders.data ?? [], ROWS) : null), [book.data, orders.data],
  );
  // A ticket begins at the price it would trade at; what is typed stays.
  const opened = useRef('');
  useEffect(() => {
    if (!ladder || opened.current === here.id) return;
    opened.current = here.id;
    change({ type: 'open', priceMc: ladder.bestAsk?.price_mc ?? ladder.bestBid?.price_mc ?? null });
  }, [ladder, here.id]);
  const rows = sortOrders(orders.data ?? []);
  const working = rows.filter(isWorking);
  const cancel = useMutation({
    mutationFn: (o: Order) => call('DELETE', `/orders/${o.id}`),
    onSettled: () => {
      for (const k of ['orders', 'book', 'units']) void client.invalidateQueries({ queryKey: [k] });
    },
  });

  const gapSince = bookGap(live, here.id, book.data?.seq, now);
  const standing = useQuery({ ...standingQuery, enabled: me?.can.includes('verify.read') ?? false }).data;
  const blocked = standing && !standing.may_trade ? `${capital(standing.why ?? 'your organisation may not trade')}.`
    : live.status !== 'live' ? 'Orders wait until the figures are live again'
    : gapSince !== null ? 'Orders wait until the book is whole again' : '';
  const mayTrade = me?.can.includes('orders.write') ?? false;

  const opposite = ticket.side === 'bid' ? ladder?.bestAsk : ladder?.bestBid;
  const fromLadder = useCallback(() => {
    const at = document.activeElement?.closest<HTMLElement>('[data-price]')?.dataset.price;
    const mc = at ? Number(at) : opposite?.price_mc;
    if (mc) change({ type: 'at', priceMc: mc });
  }, [opposite]);
  const ticks = (n: number) => () => change({ type: 'ticks', n, tick: here.tick_mc, from: opposite?.price_mc ?? book.data?.last_mc ?? null });
  useHotkeys({
    b: () => change({ type: 'side', side: 'bid' }),
    s: () => change({ type: 'side', side: 'ask' }),
    ArrowUp: ticks(1), ArrowDown: ticks(-1), 'Shift+ArrowUp': ticks(10), 'Shift+ArrowDown': ticks(-10),
    'mod+Enter': () => send.current?.(),
    p: fromLadder,
    '/': () => focus.current?.focus(),
    j: () => setSelected((i) => Math.min(rows.length - 1, i + 1)),
    k: () => setSelected((i) => Math.max(0, i - 1)),
    x: () => {
      const o = rows[selected];
      if (mayTrade && o && isWorking(o)) cancel.mutate(o);
    },
    e: () => {
      const o = rows[selected];
      if (mayTrade && o?.state === 'open') setAmending(o.id);
    },
    o: () => {
      if (mayTrade) setMore(!more);
    },
    'alt+x': () => setAsking(mayTrade && working.length > 0),
  });

  const ordersTile = (
    <Orders
      query={orders} instruments={all} selected={selected} onSelect={setSelected} phone={phone}
      onCancel={cancel.mutate} onCancelAll={() => setAsking(true)} error={cancel.error}
      amending={amending} onAmend={setAmending} book={book.data} may={mayTrade}
      onPlace={() => change({ type: 'side', side: 'bid' })}
    />
  );
  const confirm = <CancelAll opened={asking} working={working} here={here} onClose={() => setAsking(false)} />;
  const halted = book.data?.halted === true;
  const turn = book.data && me?.can.includes('market.halt') && <HaltSwitch here={here} book={book.data} />;
  if (phone) return <>{halted && <HaltStrip here={here} />}{turn && <div className="mk-turn">{turn}</div>}{ordersTile}<Positions />{confirm}</>;
  return (
    <div className="market">
      <Head here={here} tape={tape.data ?? []} lastMc={book.data?.last_mc} now={now} halted={halted}>{turn}</Head>
      <div className="mk-gap">
        {halted && <HaltStrip here={here} />}
        {gapSince !== null && (
          <div className="strip strip-warn strip-flush" role="alert">
            <Glyph kind="look" size={12} /> <span className="b">Book incomplete since {second(gapSince)}</span>
            <span className="t2">figures are as of then; fetching the book again</span>
          </div>
        )}
      </div>
      <div className="mk-left">
        <Instruments current={here.id} onPick={(id) => void navigate(`/market/${id}`)} focus={focus} />
        <Positions />
      </div>
      <div className="mk-mid">
        <Prices here={here} />
        {ordersTile}
        <footer className="mk-keys sm t2">
          <span><Kbd>j</Kbd> <Kbd>k</Kbd> rows</span><span><Kbd>e</Kbd> amend</span><span><Kbd>x</Kbd> cancel</span>
          <span><Kbd>↑</Kbd> <Kbd>↓</Kbd> tick</span><span><Kbd>p</Kbd> price from ladder</span><span><Kbd>?</Kbd> all keys</span>
        </footer>
      </div>
      <div className="mk-book">
        <Depth ladder={ladder} query={book} onPrice={(priceMc) => change({ type: 'at', priceMc })} />
        <Tape query={tape} />
      </div>
      <div className="mk-right">
        {mayTrade
          ? <TicketTile instrument={here} book={book.data} ticket={ticket} change={change} blocked={blocked} mend={standing?.may_trade === false} send={send} more={more} onMore={setMore} />
          : <Tile title="Order"><Denied needs="orders need the trader role" /></Tile>}
        <BestAsk here={here} ladder={ladder} />
      </div>
      {confirm}
    </div>
  );
}

function Head({ here, tape, lastMc, now, halted, children }: {
  here: Instrument; tape: Fill[]; lastMc: number | undefined; now: number; halted: boolean; children: ReactNode;
}) {
  const today = tape.filter((f) => now - Date.parse(f.at) < 86_400_000);
  const volume = today.reduce((n, f) => n + f.units, 0);
  const first = [...today].sort((a, b) => a.at.localeCompare(b.at))[0];
  const change = lastMc && first ? (lastMc / first.price_mc - 1) * 100 : null;
  return (
    <header className="page-head mk-head">
      <h1>{here.name}</h1>
      {halted && <StatusChip kind="hold">Halted</StatusChip>}
      <span className="about">{here.region} · {here.incoterm} · {here.currency} · sold as {int(here.nominal_ghs / 1000)} TH/s</span>
      <div className="actions sm t2">
        <span>Last <b className="t1 mk-last">{lastMc ? `$${pricePerTH(lastMc)}` : 'no fills'}</b>{lastMc ? ' /TH' : ''}</span>
        {change !== null && <span>24 h <b className={change < 0 ? 'bad' : change > 0 ? 'ok' : 't1'}>{change > 0 ? '+' : ''}{fixed(change, 1)} %</b></span>}
        <span>Volume 24 h <b className="t1">{int(volume)}</b> units</span>
        {children}
      </div>
    </header>
  );
}

const STEPS = [{ value: '1m', label: '1 m' }, { value: '15m', label: '15 m' }, { value: '1h', label: '1 h' }, { value: '1d', label: '1 d' }] as const;

function Prices({ here }: { here: Instrument }) {
  const [step, setStep] = useState<(typeof STEPS)[number]['value']>('1m');
  const candles = useQuery(candlesQuery(here.id, step));
  return (
    <Tile
      title="Price, $/TH" className="mk-prices"
      aside={<Segments label="Candle length" options={STEPS} on={[step]} onPick={setStep} />}
    >
      {candles.isError && <Failed what="Candles not read" error={candles.error} onRetry={() => void candles.refetch()} />}
      {candles.isPending && <SkeletonBlock height={200} label="Loading candles" />}
      {candles.data && (candles.data.length === 0
        ? <Empty>No fills in {here.name} yet. The chart begins with the first match.</Empty>
        : <PriceChart candles={candles.data} intraday={step !== '1d'} />)}
    </Tile>
  );
}
