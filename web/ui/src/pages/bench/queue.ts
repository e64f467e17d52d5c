import { ApiError, call, newKey } from '../../api/client';
import type { Scan } from '../../api/types';
import type { Queued, ScanKind } from './scanning';

// Scans wait on the device, in order, until the server has answered each. They
// survive a reload; the key makes sending one twice harmless.

export interface Answered {
  q: Queued;
  scan?: Scan;
  error?: ApiError;
}

export interface QueueState {
  waiting: readonly Queued[];
  /** Since when nothing could be sent; null while sending works. */
  stuckSince: number | null;
  /** Why sending stopped, in words, when trying again does not help. */
  halted: string;
}

/** What the queue needs of the world; tests give their own. */
export interface Ports {
  send: (q: Queued) => Promise<Scan>;
  load: () => Queued[];
  save: (all: readonly Queued[]) => boolean;
  now: () => number;
  /** Calls fn after ms. */
  later: (ms: number, fn: () => void) => void;
}

/** Whether an answer is the server's last word about a scan. */
export function final(e: ApiError): boolean {
  if (e.status === 401 || e.status === 429 || e.status === 408) return false;
  if (e.status === 409 && /still under way|no longer the holder/.test(e.detail)) return false;
  return e.status >= 400 && e.status < 500;
}

export class ScanQueue {
  private state: QueueState = { waiting: [], stuckSince: null, halted: '' };
  private readonly subscribers = new Set<() => void>();
  private readonly listeners = new Set<(a: Answered) => void>();
  private readonly settled = new Set<string>();
  private busy = false;
  private wait = 0;
  private readonly who: string;
  private readonly ports: Ports;

  constructor(who: string, ports: Ports) {
    this.who = who;
    this.ports = ports;
    // Scans of somebody else who used this device are kept for them.
    this.set({ waiting: this.ports.load().filter((q) => q.who === who) });
  }

  readonly get = () => this.state;
  readonly subscribe = (fn: () => void) => {
    this.subscribers.add(fn);
    return () => this.subscribers.delete(fn);
  };

  /** Tells each answer; the returned function stops telling. */
  readonly onAnswer = (fn: (a: Answered) => void) => {
    this.listeners.add(fn);
    return () => void this.listeners.delete(fn);
  };

  /** Adds a scan. False means that the device refused to store it: it is lost if the page closes. */
  add(shipment: string, kind: ScanKind | 'undo', serial: string): boolean {
    const q: Queued = { key: newKey(), who: this.who, shipment, kind, serial, at: new Date(this.ports.now()).toISOString() };
    this.set({ waiting: [...this.state.waiting, q] });
    const kept = this.store();
    this.pump();
    return kept;
  }

  /** Sends what waits, one after the other. */
  pump(): void {
    const q = this.state.waiting[0];
    if (this.busy || !q) return;
    this.busy = true;
    this.ports.send(q).then(
      (scan) => this.settle({ q, scan }),
      (err: unknown) => {
        const e = err instanceof ApiError ? err : new ApiError(0, 'No answer', String(err), '');
        if (final(e)) this.settle({ q, error: e });
        else this.hold(e);
      },
    );
  }

  private settle(a: Answered): void {
    this.busy = false;
    this.wait = 0;
    this.settled.add(a.q.key);
    this.set({ waiting: this.state.waiting.filter((q) => q.key !== a.q.key), stuckSince: null, halted: '' });
    this.store();
    for (const fn of this.listeners) fn(a);
    this.pump();
  }

  private hold(e: ApiError): void {
    this.wait = Math.min(30_000, this.wait === 0 ? 1000 : this.wait * 2);
    this.set({
      stuckSince: this.state.stuckSince ?? this.ports.now(),
      halted: e.status === 401 ? 'Sign in again; the scans wait here.' : '',
    });
    this.ports.later(this.wait, () => {
      this.busy = false;
      this.pump();
    });
  }

  private store(): boolean {
    // What another tab, or somebody else on this device, still has to send stays.
    const mine = new Set(this.state.waiting.map((q) => q.key));
    const others = this.ports.load().filter((q) => !mine.has(q.key) && !this.settled.has(q.key));
    return this.ports.save([...others, ...this.state.waiting]);
  }

  private set(part: Partial<QueueState>): void {
    this.state = { ...this.state, ...part };
    for (const fn of this.subscribers) fn();
  }
}

const STORE = 'hashyard-scans';

export function browserPorts(): Ports {
  return {
    send: (q) => q.kind === 'undo'
      ? call<Scan>('POST', `/shipments/${q.shipment}/undo`, { body: { serial: q.serial }, idempotencyKey: q.key })
      : call<Scan>('POST', `/shipments/${q.shipment}/scans`, { body: { kind: q.kind, serial: q.serial, at: q.at }, idempotencyKey: q.key }),
    load: () => {
      try {
        const all: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]');
        return Array.isArray(all) ? (all as Queued[]).filter((q) => typeof q.key === 'string' && typeof q.serial === 'string') : [];
      } catch {
        return [];
      }
    },
    save: (all) => {
      try {
        localStorage.setItem(STORE, JSON.stringify(all));
        return true;
      } catch {
        return false;
      }
    },
    now: () => Date.now(),
    later: (ms, fn) => void setTimeout(fn, ms),
  };
}
