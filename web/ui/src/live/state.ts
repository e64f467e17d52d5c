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
}

export const initial: Live = { status: 'connecting', seq: 0, lastAt: 0, lagMs: null, silenceMs: 0, retryAt: 0 };

export type Signal =
  | { type: 'message'; now: number; id: string; sentAt?: string | undefined; silenceMs?: number | undefined }
  | { type: 'lost'; now: number; retryAt: number }
  | { type: 'clock'; now: number };

export function next(s: Live, e: Signal): Live {
  switch (e.type) {
    case 'message': {
      const n = Number(e.id);
      const sent = e.sentAt ? Date.parse(e.sentAt) : NaN;
      return {
        status: 'live',
        seq: e.id !== '' && Number.isFinite(n) ? n : s.seq,
        lastAt: e.now,
        // A browser clock behind the server's would show a negative age.
        lagMs: Number.isNaN(sent) ? s.lagMs : Math.max(0, e.now - sent),
        silenceMs: e.silenceMs ?? s.silenceMs,
        retryAt: 0,
      };
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
