import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, query } from './client';
import type {
  BitcoinPrice, Forensics, Hashprice, Page, PoolAccount, PoolDevice, PoolSession, PoolStatus, PoolWorker, Reserve, Round, StatementProof, WatchedStatement, WatchedWorker, Watching,
  WatchLink, WorkerCounts,
} from './types';

// The pool's workers, terms and links. Keys begin with 'pool', as those in
// queries.ts do, so that one message refreshes what it is about.

const get = <T>(path: string) => ({ signal }: { signal: AbortSignal }) => call<T>('GET', path, { signal });
const some = <T>(path: string) => async ({ signal }: { signal: AbortSignal }) => (await call<Page<T>>('GET', path, { signal })).items;

export interface WorkerFilter {
  q: string;
  /** One state, or none for all. */
  state: string;
  sort: string;
  order: 'asc' | 'desc';
}

const PAGE = 500;

/** Sorted and filtered by the server; page after page as the table is scrolled. */
export const workersQuery = (f: WorkerFilter) =>
  infiniteQueryOptions({
    queryKey: ['pool', 'workers', 'list', f.q, f.state, f.sort, f.order],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) => call<Page<PoolWorker>>('GET', `/pool/workers${query({ q: f.q, state: f.state, sort: f.sort, order: f.order, limit: PAGE, cursor: pageParam })}`, { signal }),
    getNextPageParam: (last) => last.next,
    // Whoever has scrolled far is not asked for all of it again; states come by message.
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 0) > 2 ? false : 15_000),
  });

export const workerCountsQuery = queryOptions({ queryKey: ['pool', 'worker-counts'], queryFn: get<WorkerCounts>('/pool/worker-counts'), refetchInterval: 15_000 });

export const forensicsQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'workers', id, 'forensics'], queryFn: get<Forensics>(`/pool/workers/${id}/forensics`), refetchInterval: 30_000 });

export const devicesQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'workers', id, 'devices'], queryFn: some<PoolDevice>(`/pool/workers/${id}/devices`), refetchInterval: 60_000 });

/** Live sessions of a machine. */
export const sessionsOfUnitQuery = (unit: string) =>
  queryOptions({ queryKey: ['pool', 'sessions', unit], queryFn: some<PoolSession>(`/pool/sessions${query({ unit })}`), refetchInterval: 10_000, enabled: unit !== '' });

export const hashpriceQuery = (window: string) =>
  queryOptions({ queryKey: ['pool', 'hashprice', window], queryFn: some<Hashprice>(`/pool/hashprice${query({ window })}`), refetchInterval: 60_000 });

export const roundsQuery = queryOptions({ queryKey: ['pool', 'rounds'], queryFn: some<Round>('/pool/rounds?limit=50'), refetchInterval: 30_000 });

export const poolAccountsQuery = queryOptions({ queryKey: ['pool', 'accounts'], queryFn: some<PoolAccount>('/pool/accounts?limit=500') });

export const bitcoinPricesQuery = queryOptions({ queryKey: ['pool', 'prices'], queryFn: some<BitcoinPrice>('/pool/prices') });

export const reserveQuery = (sats: string) =>
  queryOptions({ queryKey: ['pool', 'reserve', sats], queryFn: get<Reserve>(`/pool/reserve${query({ reserve_sats: sats })}`), retry: false });

export const watchLinksQuery = queryOptions({ queryKey: ['pool', 'links'], queryFn: some<WatchLink>('/pool/watch-links?limit=500') });

export const proofQuery = (statement: string, worker: string) =>
  queryOptions({ queryKey: ['pool', 'proof', statement, worker], queryFn: get<StatementProof>(`/pool/statements/${statement}/workers/${worker}/proof`), staleTime: Infinity, retry: false });

/** A signed statement as it is downloaded: its very bytes are signed. */
export const statementFileQuery = (id: string) =>
  queryOptions({
    queryKey: ['pool', 'file', id], staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const res = await fetch(`/api/v1/pool/statements/${id}/statement.json`, { signal, credentials: 'same-origin' });
      if (!res.ok) throw new Error(`the signed statement was refused: ${res.status}`);
      return res.text();
    },
  });

export const statementKeyQuery = queryOptions({ queryKey: ['pool', 'statement-key'], staleTime: Infinity, queryFn: get<{ algorithm: string; public_key: string }>('/pool/statement-key') });

export const statusQuery = queryOptions({ queryKey: ['status'], queryFn: get<PoolStatus>('/pool/status'), refetchInterval: 30_000, retry: 1 });

// A watcher has a token and no session.
const watched = <T>(token: string, path: string) => ({ signal }: { signal: AbortSignal }) => call<T>('GET', path, { signal, headers: { 'Watch-Token': token } });

export const watchQuery = (token: string, window: string) =>
  queryOptions({
    queryKey: ['watch', token, window], queryFn: watched<Watching>(token, `/pool/watch${query({ window })}`), enabled: token !== '', retry: false, refetchInterval: 30_000,
  });

export const watchedWorkersQuery = (token: string, f: WorkerFilter) =>
  infiniteQueryOptions({
    queryKey: ['watch', token, 'workers', f.q, f.state, f.sort, f.order],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      watched<Page<WatchedWorker>>(token, `/pool/watch/workers${query({ q: f.q, state: f.state, sort: f.sort, order: f.order, limit: PAGE, cursor: pageParam })}`)({ signal }),
    getNextPageParam: (last) => last.next,
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 0) > 2 ? false : 30_000),
  });

export const watchedStatementsQuery = (token: string, on: boolean) =>
  queryOptions({
    queryKey: ['watch', token, 'statements'], enabled: on, retry: false,
    queryFn: async (c) => (await watched<Page<WatchedStatement>>(token, '/pool/watch/statements?limit=60')(c)).items,
  });
