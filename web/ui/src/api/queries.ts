import { queryOptions, useQuery } from '@tanstack/react-query';
import { call, query, ApiError } from './client';
import type {
  Bench, Block, Book, Candle, Earnings, Fill, Instrument, Me, Model, Order, Page, PoolInfo, Reading, Redirect, SeriesPoint, Shipment, Statement, Trade, Unit,
  UnitEvent, UnitMoney, World,
} from './types';

// Keys begin with what live/affected.ts names.

const get = <T>(path: string) => ({ signal }: { signal: AbortSignal }) => call<T>('GET', path, { signal });
/** All items of a list, page by page; long ones are cut at MAX_PAGES. */
const items = <T>(path: string) => async ({ signal }: { signal: AbortSignal }) => {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const more = cursor ? `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}` : '';
    const got = await call<Page<T>>('GET', path + more, { signal });
    all.push(...got.items);
    if (!got.next) break;
    cursor = got.next;
  }
  return all;
};

const MAX_PAGES = 10;

/** null means: nobody is signed in. That is an answer, not an error. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  staleTime: Infinity,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await call<Me>('GET', '/me', { signal });
    } catch (err) {
      if (err instanceof ApiError && err.status === 401) return null;
      throw err;
    }
  },
});

/** null outside a local world. */
export const worldQuery = queryOptions({
  queryKey: ['world'],
  queryFn: async ({ signal }): Promise<World | null> => {
    try {
      return await call<World>('GET', '/world', { signal });
    } catch (err) {
      if (err instanceof ApiError && err.status === 404) return null;
      throw err;
    }
  },
});

export const useMe = () => useQuery(meQuery);
export const useWorld = () => useQuery(worldQuery);

export const unitsQuery = (q: string, limit?: number) =>
  queryOptions({ queryKey: ['units', q], queryFn: items<Unit>(`/units${query({ q, limit })}`) });

export const unitQuery = (id: string) =>
  queryOptions({ queryKey: ['unit', id, 'self'], queryFn: get<Unit>(`/units/${id}`), enabled: id !== '' });

export const unitEventsQuery = (id: string) =>
  queryOptions({ queryKey: ['unit', id, 'events'], queryFn: items<UnitEvent>(`/units/${id}/events`) });

export const unitMoneyQuery = (id: string) =>
  queryOptions({ queryKey: ['unit', id, 'money'], queryFn: get<UnitMoney>(`/units/${id}/money`) });

export const unitEarningsQuery = (id: string) =>
  queryOptions({ queryKey: ['unit', id, 'earnings'], queryFn: get<Earnings>(`/pool/units/${id}/earnings`) });

export const unitSeriesQuery = (id: string, since: string, stepSeconds: number) =>
  queryOptions({
    queryKey: ['unit', id, 'series', since, String(stepSeconds)],
    queryFn: items<SeriesPoint>(`/pool/units/${id}/series${query({ since, step: `${stepSeconds}s` })}`),
    enabled: since !== '',
    refetchInterval: 10_000,
  });

export const unitReadingsQuery = (id: string, since: string, stepSeconds: number) =>
  queryOptions({
    queryKey: ['unit', id, 'readings', since, String(stepSeconds)],
    queryFn: items<Reading>(`/units/${id}/readings${query({ since, step: stepSeconds })}`),
    enabled: since !== '',
    refetchInterval: 15_000,
  });

export const unitRedirectsQuery = (id: string) =>
  queryOptions({ queryKey: ['unit', id, 'redirects'], queryFn: items<Redirect>(`/redirects${query({ unit: id })}`) });

export const tradeQuery = (id: string) =>
  queryOptions({ queryKey: ['trades', id], queryFn: get<Trade>(`/trades/${id}`), enabled: id !== '' });

export const tradesQuery = queryOptions({ queryKey: ['trades'], queryFn: items<Trade>('/trades') });

export const poolQuery = queryOptions({ queryKey: ['pool'], queryFn: get<PoolInfo>('/pool'), refetchInterval: 15_000 });

export const instrumentsQuery = queryOptions({
  queryKey: ['instruments'],
  queryFn: items<Instrument>('/instruments'),
});

export const modelsQuery = queryOptions({ queryKey: ['models'], staleTime: Infinity, queryFn: items<Model>('/models') });

export const bookQuery = (instrument: string) =>
  queryOptions({
    queryKey: ['book', instrument],
    queryFn: get<Book>(`/instruments/${instrument}/book`),
    enabled: instrument !== '',
    // Messages refresh it at once; this bounds the harm of one that is missed.
    refetchInterval: 5000,
  });

export const tapeQuery = (instrument: string) =>
  queryOptions({
    queryKey: ['tape', instrument],
    queryFn: async ({ signal }) =>
      (await call<Page<Fill>>('GET', `/instruments/${instrument}/tape`, { signal })).items,
    enabled: instrument !== '',
    refetchInterval: 5000,
  });

export const candlesQuery = (instrument: string, step: string) =>
  queryOptions({
    queryKey: ['candles', instrument, step],
    queryFn: items<Candle>(`/instruments/${instrument}/candles${query({ step, limit: 200 })}`),
    enabled: instrument !== '',
  });

export const ordersQuery = queryOptions({ queryKey: ['orders'], queryFn: items<Order>('/orders') });

export const shipmentsQuery = queryOptions({ queryKey: ['shipments'], queryFn: items<Shipment>('/shipments') });

export const benchQuery = (id: string) =>
  queryOptions({ queryKey: ['shipments', id, 'bench'], queryFn: get<Bench>(`/shipments/${id}/bench`), enabled: id !== '' });

export const blocksQuery = queryOptions({
  queryKey: ['pool', 'blocks'],
  queryFn: async ({ signal }) => (await call<Page<Block>>('GET', '/pool/blocks', { signal })).items,
  refetchInterval: 15_000,
});

export const statementsQuery = queryOptions({
  queryKey: ['pool', 'statements'],
  queryFn: items<Statement>('/pool/statements'),
});
