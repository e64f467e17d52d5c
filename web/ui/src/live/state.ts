// The live connection as a pure state machine: what the ring in the top bar,
// the stale strip and the order ticket look at.

export type Status = 'connecting' | 'live' | 'stale';

export interface Live {
  status: Status;
  /** Id of the last message, for people to quote. */
  seq: number;
  /** When the last message arrived, ms; 0 before the first. */
  lastAt: number;
  /** Server to screen, ms; null when the message carried no time. */
  lagMs: number | null;
  /** How long silence may last, ms; 0 when the server sends no beats. */
  silenceMs: number;
  /** When the next try is made, ms; 0 when none is planned. */
  retryAt: number;
  /** The last number each book announced, and when; a snapshot must reach it. */
  books: Readonly<Record<string, { seq: number; at: number }>>;
}

export const initial: Live = { status: 'connecting', seq: 0, lastAt: 0, lagMs: null, silenceMs: 0, retryAt: 0, books: {} };

export type Signal =
  | { type: 'message'; now: number; id: string; sentAt?: string | undefined; silenceMs?: number | undefined }
  | { type: 'book'; now: number; instrument: string; seq: number }
  | { type: 'lost'; now: number; retryAt: number }
  | { type: 'clock'; now: number };

export function next(s: Live, e: Signal): Live {
  switch (e.type) {
    case 'message': {
      const n = sequence(e.id);
      const sent = e.sentAt ? Date.parse(e.sentAt) : NaN;
      return {
        ...s,
        status: 'live',
        seq: n ?? s.seq,
        lastAt: e.now,
        // A browser clock behind the server's would show a negative age.
        lagMs: Number.isNaN(sent) ? s.lagMs : Math.max(0, e.now - sent),
        silenceMs: e.silenceMs ?? s.silenceMs,
        retryAt: 0,
      };
    }
    case 'book': {
      const known = s.books[e.instrument]?.seq ?? 0;
      // A restarted market counts on; an older number is a late message.
      if (e.seq <= known) return s;
      return { ...s, books: { ...s.books, [e.instrument]: { seq: e.seq, at: e.now } } };
    }
    case 'lost':
      return { ...s, status: s.lastAt === 0 ? 'connecting' : 'stale', retryAt: e.retryAt };
    case 'clock':
      if (s.status === 'live' && s.silenceMs > 0 && e.now - s.lastAt > s.silenceMs) {
        return { ...s, status: 'stale', retryAt: 0 };
      }
      return s;
  }
}

/** The number at the end of a message id; ids are "<server start>-<number>". */
function sequence(id: string): number | null {
  const m = /(?:^|-)(\d+)$/.exec(id);
  return m ? Number(m[1]) : null;
}

/** How long a snapshot may lag behind what its book announced. */
export const BOOK_LAG_MS = 3000;

/** Since when a book on screen has missed something; null when it has not. */
export function bookGap(s: Live, instrument: string, seq: number | undefined, now: number): number | null {
  const said = s.books[instrument];
  if (!said || seq === undefined || seq >= said.seq || now - said.at < BOOK_LAG_MS) return null;
  return said.at;
}
