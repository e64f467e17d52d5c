import { affected, parseMessage, type Key } from './affected';
import { initial, next, type Live, type Signal } from './state';

// The kinds a browser must name one by one: EventSource has no "any event".
export const KINDS = [
  'miner.seen', 'order.placed', 'order.closed', 'trade.matched', 'trade.funded', 'trade.disputed', 'trade.cancelled',
  'units.packed', 'units.dispatched', 'units.arrived', 'units.delivered', 'units.returned', 'miner.redirected',
  'redirect.failed', 'proof.started', 'session.opened',
  'work.measured', 'hashrate.proven', 'hashrate.refuted', 'held.released', 'earnings.settled', 'payout.sent',
  'payout.confirmed', 'payout.refused', 'book', 'tick', 'hello',
  'worker.online', 'worker.slow', 'worker.silent',
] as const;

/** A message is a beat of the connection; it says how long silence may last. */
const BEATS_MISSED = 3;

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A connection that held this long was a good one: waiting begins anew. */
const HELD_MS = 5000;

/** How long to wait before try n. Half of it is chance, so that the browsers
 *  of a restarted server do not all come at once. */
export function waitBefore(n: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** n) * (0.5 + chance / 2);
}

export interface LiveStore {
  get: () => Live;
  subscribe: (fn: () => void) => () => void;
  start: () => void;
  stop: () => void;
}

/**
 * The one EventSource of the app. `refresh(keys)` is called with what a message
 * made out of date, and with null when everything is in doubt: after a gap the
 * missed messages may be gone, so all figures are fetched again.
 */
export function liveStore(url: string, refresh: (keys: readonly Key[] | null) => void): LiveStore {
  let state = initial;
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let clock: ReturnType<typeof setInterval> | undefined;
  let tries = 0;
  let lastId = '';
  const subscribers = new Set<() => void>();

  function apply(signal: Signal) {
    const before = state;
    state = next(state, signal);
    if (state === before) return;
    for (const fn of subscribers) fn();
  }

  function onMessage(kind: string, ev: MessageEvent<string>) {
    if (ev.lastEventId) lastId = ev.lastEventId;
    const m = parseMessage(kind, ev.data);
    const id = ev.lastEventId || (kind === 'hello' ? (m.seq ?? '') : '');
    const silenceMs = m.everyMs && m.everyMs * BEATS_MISSED;
    apply({ type: 'message', now: Date.now(), id, sentAt: m.at, silenceMs });
    if (kind === 'book' && m.instrument && m.seq !== undefined) {
      apply({ type: 'book', now: Date.now(), instrument: m.instrument, seq: Number(m.seq) });
    }
    // What the server could not send again has to be fetched again.
    // On the first hello too: what changed between a page's first request and
    // its first message would otherwise stay unseen.
    if (kind === 'hello' && !m.resumed) {
      refresh(null);
      // From here the stream can be resumed, even before its first message.
      lastId = m.seq ?? '';
      return;
    }
    const keys = affected(m);
    if (keys.length > 0) refresh(keys);
  }

  function open() {
    retry = undefined;
    const es = new EventSource(lastId ? `${url}?since=${encodeURIComponent(lastId)}` : url);
    const openedAt = Date.now();
    source = es;
    for (const kind of KINDS) es.addEventListener(kind, (ev) => onMessage(kind, ev as MessageEvent<string>));
    es.onerror = () => {
      // The browser's own way back knows no growing pause, and gives up for good
      // on an HTTP error: every way back is made here.
      const refused = es.readyState === EventSource.CLOSED;
      es.close();
      if (Date.now() - openedAt >= HELD_MS) tries = 0;
      const waitMs = waitBefore(tries++, Math.random());
      apply({ type: 'lost', now: Date.now(), retryAt: Date.now() + waitMs });
      // Perhaps the session ended: then the app asks for a sign-in.
      if (refused) refresh([['me']]);
      retry = setTimeout(open, waitMs);
    };
  }

  /** A stream that fell silent is dead on the way, though nobody said so. */
  function watch() {
    const was = state.status;
    apply({ type: 'clock', now: Date.now() });
    if (was === 'live' && state.status === 'stale') onOnline();
  }

  // The browser knows at once when its network is gone; the stream would notice
  // only at the next silence.
  const onOffline = () => {
    source?.close();
    clearTimeout(retry);
    apply({ type: 'lost', now: Date.now(), retryAt: 0 });
  };
  const onOnline = () => {
    source?.close();
    clearTimeout(retry);
    tries = 0;
    open();
  };

  return {
    get: () => state,
    subscribe(fn) {
      subscribers.add(fn);
      return () => subscribers.delete(fn);
    },
    start() {
      if (source) return;
      open();
      window.addEventListener('offline', onOffline);
      window.addEventListener('online', onOnline);
      clock = setInterval(watch, 1000);
    },
    stop() {
      window.removeEventListener('offline', onOffline);
      window.removeEventListener('online', onOnline);
      source?.close();
      source = undefined;
      clearTimeout(retry);
      clearInterval(clock);
      state = initial;
    },
  };
}
