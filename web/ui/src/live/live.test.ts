import { describe, expect, it } from 'vitest';
import { affected, parseMessage } from './affected';
import { BOOK_LAG_MS, bookGap, initial, next } from './state';

const now = Date.parse('2026-11-22T14:30:12.041Z');
const message = { type: 'message', now, id: '0199e7c2ab-4118207', sentAt: '2026-11-22T14:30:12.000Z' } as const;

describe('connection', () => {
  const live = next(initial, message);

  it('a message makes it live and shows its id and age', () =>
    expect(live).toEqual({ status: 'live', seq: 4118207, lastAt: now, lagMs: 41, silenceMs: 0, retryAt: 0, books: {} }));
  it('a message without an id keeps the last one', () =>
    expect(next(live, { type: 'message', now: now + 5, id: '' }).seq).toBe(4118207));
  it('an age is never negative', () =>
    expect(next(initial, { ...message, now: now - 5000 }).lagMs).toBe(0));
  it('losing it before the first message is still connecting', () =>
    expect(next(initial, { type: 'lost', now, retryAt: 0 }).status).toBe('connecting'));
  it('losing it later is stale, and the figures keep their time', () => {
    const s = next(live, { type: 'lost', now: now + 900, retryAt: now + 4900 });
    expect(s).toMatchObject({ status: 'stale', lastAt: now, retryAt: now + 4900 });
    expect(next(s, message).status).toBe('live');
  });
  it('silence counts only when the server promised beats', () => {
    expect(next(live, { type: 'clock', now: now + 3_600_000 }).status).toBe('live');
    const beating = next(live, { ...message, silenceMs: 15_000 });
    expect(next(beating, { type: 'clock', now: now + 15_000 }).status).toBe('live');
    expect(next(beating, { type: 'clock', now: now + 15_001 }).status).toBe('stale');
  });
});

describe('book gap', () => {
  const s = next(initial, { type: 'book', now, instrument: 'i', seq: 7 });
  it('a snapshot that reached the number has no gap', () => expect(bookGap(s, 'i', 7, now + 60_000)).toBeNull());
  it('one that is behind has a moment to catch up, then a gap', () => {
    expect(bookGap(s, 'i', 6, now + BOOK_LAG_MS - 1)).toBeNull();
    expect(bookGap(s, 'i', 6, now + BOOK_LAG_MS)).toBe(now);
  });
  it('a late message does not turn the number back', () =>
    expect(next(s, { type: 'book', now: now + 1, instrument: 'i', seq: 6 })).toBe(s));
  it('an unknown book has none', () => expect(bookGap(s, 'other', 1, now + 60_000)).toBeNull());
});

describe('messages', () => {
  it('a book message concerns one instrument', () =>
    expect(affected(parseMessage('book', '{"instrument":"i1","seq":7}'))).toEqual([['book', 'i1'], ['tape', 'i1']]));
  it('an event concerns its units', () =>
    expect(affected(parseMessage('miner.redirected', '{"units":["u1","u2"],"at":"2026-11-22T14:30:12Z"}')))
      .toEqual([['unit', 'u1'], ['unit', 'u2'], ['turns'], ['desk'], ['fleet'], ['plans']]));
  it('a match concerns the market and the trades', () =>
    expect(affected(parseMessage('trade.matched', '{"units":[]}')).map((k) => k[0]))
      .toEqual(['turns', 'desk', 'orders', 'instruments', 'candles', 'trades']));
  it('hello says where the stream is and whether it filled the gap', () =>
    expect(parseMessage('hello', '{"seq":"0199e7c2ab-12","resumed":false}')).toMatchObject({ seq: '0199e7c2ab-12', resumed: false }));
  it.each(['', 'null', '[]', '7', '{"units":"x","ref":3,"at":4}', '{'])('takes garbage %j calmly', (data) =>
    expect(parseMessage('unit', data)).toMatchObject({ units: [], ref: '', at: undefined }));
});
