import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Key } from './affected';
import { KINDS, liveStore, waitBefore, type LiveStore } from './connect';

/** A server's stream and its memory, as web/broker.go keeps it. */
class Stream {
  boot = 'a';
  next = 1;
  ring: { id: number; event: string; data: string }[] = [];
  size = 8;
  /** What a request is answered: a stream, an HTTP error or nothing at all. */
  up: 'yes' | 'refuses' | 'away' = 'yes';
  asked: (string | null)[] = [];
  open = new Set<FakeSource>();

  publish(event: string, data: object) {
    const m = { id: this.next++, event, data: JSON.stringify(data) };
    this.ring = [...this.ring, m].slice(-this.size);
    for (const s of this.open) s.deliver(m.event, m.data, `${this.boot}-${m.id}`);
  }

  connect(s: FakeSource, since: string | null) {
    this.asked.push(since);
    if (this.up !== 'yes') {
      s.fail(this.up === 'refuses');
      return;
    }
    this.open.add(s);
    const [boot, n] = since?.split('-') ?? [];
    const after = Number(n);
    const known = boot === this.boot && after < this.next;
    const resumed = known && after + 1 >= this.next - this.ring.length;
    s.deliver('hello', JSON.stringify({ seq: `${this.boot}-${this.next - 1}`, resumed, every_ms: 15_000 }), '');
    if (known) for (const m of this.ring.filter((m) => m.id > after)) s.deliver(m.event, m.data, `${this.boot}-${m.id}`);
  }

  /** The connections break; the server remembers. */
  cut() {
    for (const s of [...this.open]) s.fail(false);
  }

  /** Another process takes over: its numbers begin anew. */
  restart() {
    this.cut();
    this.boot = String.fromCharCode(this.boot.charCodeAt(0) + 1);
    this.ring = [];
    this.next = 1;
  }
}

let stream: Stream;

class FakeSource {
  static CLOSED = 2;
  readyState = 0;
  onerror: (() => void) | null = null;
  private readonly on = new Map<string, (ev: unknown) => void>();

  constructor(url: string) {
    queueMicrotask(() => stream.connect(this, new URL(url, 'http://x').searchParams.get('since')));
  }

  addEventListener(kind: string, fn: (ev: unknown) => void) {
    this.on.set(kind, fn);
  }

  deliver(kind: string, data: string, lastEventId: string) {
    if (this.readyState !== 2) this.on.get(kind)?.({ data, lastEventId });
  }

  fail(refused: boolean) {
    if (this.readyState === 2) return;
    stream.open.delete(this);
    this.readyState = refused ? 2 : 0;
    this.onerror?.();
  }

  close() {
    this.readyState = 2;
    stream.open.delete(this);
  }
}

let store: LiveStore;
let refreshed: (readonly Key[] | null)[];
const network = new EventTarget();

beforeEach(() => {
  vi.useFakeTimers();
  stream = new Stream();
  refreshed = [];
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('window', network);
  store = liveStore('/api/v1/events', (keys) => refreshed.push(keys));
  store.start();
});

afterEach(() => {
  store.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the stream', () => {
  it('begins with everything in doubt, then names what changed', async () => {
    await later(0);
    expect(refreshed).toEqual([null]);
    stream.publish('miner.seen', { units: ['u1'] });
    expect(refreshed.slice(1)).toEqual([[['unit', 'u1'], ['units']]]);
    expect(store.get()).toMatchObject({ status: 'live', seq: 1 });
  });

  it('is resumed after the last message, and nothing is fetched twice', async () => {
    await later(0);
    stream.publish('miner.seen', { units: ['u1'] });
    stream.cut();
    expect(store.get().status).toBe('stale');
    stream.publish('miner.seen', { units: ['u2'] });
    await later(2000);
    expect(stream.asked).toEqual([null, 'a-1']);
    expect(refreshed.slice(2)).toEqual([[['unit', 'u2'], ['units']]]);
    expect(store.get().status).toBe('live');
  });

  it('is resumed even when it broke before its first message', async () => {
    stream.publish('tick', {});
    await later(0);
    stream.cut();
    stream.publish('miner.seen', { units: ['u1'] });
    await later(2000);
    expect(stream.asked).toEqual([null, 'a-1']);
    expect(refreshed.slice(1)).toEqual([[['unit', 'u1'], ['units']]]);
  });

  it('that another process took over puts everything in doubt', async () => {
    await later(0);
    stream.publish('miner.seen', { units: ['u1'] });
    stream.restart();
    await later(2000);
    expect(refreshed.at(-1)).toBeNull();
  });

  it('that forgot what was missed puts everything in doubt', async () => {
    await later(0);
    stream.publish('miner.seen', { units: ['u0'] });
    stream.cut();
    for (let i = 0; i < 20; i++) stream.publish('miner.seen', { units: [`u${i}`] });
    await later(2000);
    expect(refreshed).toContain(null);
    expect(refreshed.lastIndexOf(null)).toBeGreaterThan(0);
  });

  it('that is refused asks who is signed in, and comes back', async () => {
    await later(0);
    stream.up = 'refuses';
    stream.cut();
    await later(1500);
    expect(refreshed.at(-1)).toEqual([['me']]);
    stream.up = 'yes';
    await later(10_000);
    expect(store.get().status).toBe('live');
  });

  it('waits longer after each try, up to half a minute, and says until when', async () => {
    await later(0);
    stream.up = 'away';
    stream.cut();
    expect(store.get().retryAt).toBeGreaterThan(Date.now());
    await later(5 * 60_000);
    const tries = stream.asked.length;
    expect(tries).toBeLessThan(26);
    await later(60_000);
    expect(stream.asked.length - tries).toBeLessThanOrEqual(4);
    stream.up = 'yes';
    await later(30_000);
    expect(store.get().status).toBe('live');
  });

  it('is stale after three missed beats, and opened anew by itself', async () => {
    await later(0);
    await later(44_000);
    expect(store.get().status).toBe('live');
    const seen: string[] = [];
    const stop = store.subscribe(() => seen.push(store.get().status));
    await later(2000);
    stop();
    expect(seen).toContain('stale');
    expect(stream.asked).toHaveLength(2);
    expect(store.get().status).toBe('live');
  });

  it('ends with the network and comes back with it at once', async () => {
    await later(0);
    network.dispatchEvent(new Event('offline'));
    expect(store.get().status).toBe('stale');
    await later(60_000);
    expect(stream.asked).toHaveLength(1);
    network.dispatchEvent(new Event('online'));
    await later(0);
    expect(store.get().status).toBe('live');
  });
});

it.each([0, 1, 4, 5, 50])('try %i waits between half and the whole of its time', (n) => {
  const whole = Math.min(30_000, 1000 * 2 ** n);
  expect(waitBefore(n, 0)).toBe(whole / 2);
  expect(waitBefore(n, 1)).toBe(whole);
});

// Whatever happens to the connection, each change is followed by a refresh
// that covers it once the stream is back.
it.each(Array.from({ length: 40 }, (_, i) => i + 1))('loses no update, walk %i', async (seed) => {
  let x = seed * 2654435761;
  const chance = (n: number) => {
    x = (Math.imul(x ^ (x >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    return x % n;
  };
  const changed = new Map<string, number>(); // unit → how many refreshes there were before its change
  const covers = (keys: readonly Key[] | null, unit: string) => keys === null || keys.some((k) => k[0] === 'unit' && k[1] === unit);
  await later(0);
  for (let i = 0; i < 60; i++) {
    switch (chance(8)) {
      case 0: stream.cut(); break;
      case 1: stream.restart(); break;
      case 2: stream.up = (['yes', 'away', 'refuses'] as const)[chance(3)] ?? 'yes'; break;
      case 3: network.dispatchEvent(new Event(chance(2) ? 'offline' : 'online')); break;
      case 4: await later(chance(4000)); break;
      default: {
        const unit = `u${i}`;
        changed.set(unit, refreshed.length);
        stream.publish('miner.seen', { units: [unit] });
      }
    }
  }
  stream.up = 'yes';
  network.dispatchEvent(new Event('online'));
  await later(40_000);
  expect(store.get().status).toBe('live');
  for (const [unit, before] of changed) {
    expect(refreshed.slice(before).some((keys) => covers(keys, unit)), `change of ${unit}`).toBe(true);
  }
});

it('hears every kind of event the kernel knows', () => {
  const kernel = readFileSync(new URL('../../../../event.go', import.meta.url), 'utf8');
  const kinds = [...kernel.matchAll(/^\tEv\w+\s+EventKind = "([^"]+)"/gm)].map((m) => m[1] ?? '');
  expect(kinds.length).toBeGreaterThan(20);
  expect(kinds.filter((k) => !(KINDS as readonly string[]).includes(k))).toEqual([]);
});
