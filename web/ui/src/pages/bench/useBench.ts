import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { benchQuery, useMe } from '../../api/queries';
import type { Bench } from '../../api/types';
import { browserPorts, ScanQueue, type Answered, type QueueState } from './queue';
import { ahead, judge, type ScanKind, type Verdict } from './scanning';
import { sound } from './sound';

const queues = new Map<string, ScanQueue>();

/** One queue a person, for as long as the app is open. */
function queueOf(who: string): ScanQueue {
  let q = queues.get(who);
  if (!q) {
    q = new ScanQueue(who, browserPorts());
    queues.set(who, q);
    q.pump();
  }
  return q;
}

export interface Shown {
  verdict: Verdict;
  at: string;
  /** What the server said against it, if it did. */
  refused?: string;
  undone?: boolean;
}

const KEPT = 'hashyard-bench-';

/** The bench as last read: expected serials are there without a network. */
function kept(id: string): Bench | undefined {
  try {
    const v: unknown = JSON.parse(localStorage.getItem(KEPT + id) ?? 'null');
    return v ? (v as Bench) : undefined;
  } catch {
    return undefined;
  }
}

function keep(b: Bench): void {
  try {
    for (let i = localStorage.length - 1; i >= 0; i--) {
      const k = localStorage.key(i);
      if (k?.startsWith(KEPT) && k !== KEPT + b.id) localStorage.removeItem(k); // one is enough
    }
    localStorage.setItem(KEPT + b.id, JSON.stringify(b));
  } catch {
    // No room: scanning works as long as the page is open.
  }
}

/** The state of one shipment's bench on this device. */
export function useBench(id: string, kind: (b: Bench) => ScanKind | null) {
  const me = useMe().data;
  const client = useQueryClient();
  const query = useQuery({ ...benchQuery(id), placeholderData: () => kept(id) });
  const queue = useMemo(() => queueOf(`${me?.org.id ?? ''}/${me?.user.id ?? ''}`), [me?.org.id, me?.user.id]);
  const state: QueueState = useSyncExternalStore(queue.subscribe, queue.get);
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const bench = query.data;
  useEffect(() => {
    if (query.isSuccess && !query.isPlaceholderData) keep(query.data);
  }, [query.data, query.isSuccess, query.isPlaceholderData]);
  useEffect(() => queue.onAnswer((a) => {
    if (a.q.shipment !== id) return;
    if (a.error) {
      const why = a.error.detail || a.error.title;
      // A wrong serial was told at once; anything else is news.
      setShown((all) => all.map((s) => (s.at === a.q.at && s.verdict.serial === a.q.serial ? { ...s, refused: why } : s)));
      if (news(a)) sound('wrong');
    }
    if (queue.get().waiting.length === 0) void client.invalidateQueries({ queryKey: ['shipments'] });
  }), [queue, id, client]);
  useEffect(() => {
    const fn = () => queue.pump();
    window.addEventListener('online', fn);
    return () => window.removeEventListener('online', fn);
  }, [queue]);
  const lines = useMemo(() => (bench ? ahead(bench, state.waiting) : []), [bench, state.waiting]);
  const scan = useCallback((raw: string) => {
    const k = bench ? kind(bench) : null;
    if (!bench || !k || raw.trim() === '') return;
    const verdict = judge(ahead(bench, queue.get().waiting), bench.box_size, k, raw);
    sound(verdict.kind === 'right' ? 'right' : verdict.kind === 'again' ? 'again' : 'wrong');
    if (verdict.kind !== 'unreadable') queue.add(bench.id, k, verdict.serial);
    const at = queue.get().waiting.at(-1)?.at ?? new Date().toISOString();
    setShown((all) => [{ verdict, at }, ...all].slice(0, 40));
  }, [bench, kind, queue]);
  const undo = useCallback(() => {
    if (!bench || !['packing', 'packed'].includes(bench.state)) return;
    const last = ahead(bench, queue.get().waiting).filter((l) => l.packed_at)
      .sort((a, b) => Date.parse(b.packed_at ?? '') - Date.parse(a.packed_at ?? ''))[0];
    if (!last) return;
    queue.add(bench.id, 'undo', last.serial);
    sound('again');
    const verdict = { kind: 'again' as const, serial: last.serial, box: last.box ?? 0 };
    setShown((all) => [{ verdict, at: new Date().toISOString(), undone: true }, ...all].slice(0, 40));
  }, [bench, queue]);
  return { query, bench, lines, state, shown, scan, undo };
}

function news(a: Answered): boolean {
  return !(a.error?.detail ?? '').includes('is not in this shipment');
}
