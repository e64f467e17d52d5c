import { queryOptions, useQuery } from '@tanstack/react-query';
import { call, query, ApiError } from './client';
import type {
  Account, LedgerEntry, Payout, PayoutAddress, Reconciliation, Treasury, TrialBalance, BookedWork, EpochFees, Luck, PoolChart, PoolOverview, PoolWorker, Refusals, StatementDetail,
  FleetAlert, FleetSummary, Machine, Miner, PlanKind, PlanRun, RedirectPlan, Site, SiteMap,
  Bench, Block, Book, Candle, Earnings, Factors, Fill, Instrument, Key, Me, Model, Order, Page, PoolInfo, Reading, Redirect, SeriesPoint, Session, Shipment, Statement, Trade, Unit,
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

/** The session may work: whatever it has to show was shown. */
export const isFull = (me: Me | null | undefined): boolean => me?.session.stage === 'full';

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

export const allBlocksQuery = queryOptions({ queryKey: ['pool', 'blocks', 'all'], queryFn: items<Block>('/pool/blocks?limit=500'), refetchInterval: 30_000 });

export const poolOverviewQuery = queryOptions({ queryKey: ['pool', 'overview'], queryFn: get<PoolOverview>('/pool/overview'), refetchInterval: 10_000 });

export const poolChartQuery = (window: string) =>
  queryOptions({ queryKey: ['pool', 'chart', window], queryFn: get<PoolChart>(`/pool/chart${query({ window })}`), refetchInterval: 30_000 });

export const luckQuery = queryOptions({ queryKey: ['pool', 'luck'], queryFn: items<Luck>('/pool/luck'), refetchInterval: 60_000 });

export const refusalsQuery = queryOptions({ queryKey: ['pool', 'refusals'], queryFn: get<Refusals>('/pool/refusals'), refetchInterval: 30_000 });

export const workerQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'workers', id], queryFn: get<PoolWorker>(`/pool/workers/${id}`), refetchInterval: 10_000 });

export const workerSeriesQuery = (id: string, seconds: number, step: number) =>
  queryOptions({
    queryKey: ['pool', 'workers', id, 'series', String(seconds)],
    queryFn: ({ signal }) => items<SeriesPoint>(
      `/pool/workers/${id}/series${query({ since: new Date(Date.now() - seconds * 1000).toISOString(), step: `${step}s` })}`)({ signal }),
    refetchInterval: 30_000,
  });

export const workerWorkQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'workers', id, 'work'], queryFn: items<BookedWork>(`/pool/workers/${id}/work`), refetchInterval: 30_000 });

export const statementQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'statements', id], queryFn: get<StatementDetail>(`/pool/statements/${id}`), enabled: id !== '' });

/** A rate's fee index never changes. */
export const epochFeesQuery = (id: string) =>
  queryOptions({ queryKey: ['pool', 'fees', id], queryFn: get<EpochFees>(`/pool/epochs/${id}/fees`), staleTime: Infinity });

export const ledgerOfQuery = (kind: string, id: string) =>
  queryOptions({ queryKey: ['ledger', kind, id], queryFn: items<LedgerEntry>(`/ledger/entries${query({ ref: `${kind}:${id}` })}`) });

export const payoutsQuery = queryOptions({ queryKey: ['payouts'], queryFn: items<Payout>('/payouts'), refetchInterval: 15_000 });

// Everything of the fleet begins with 'fleet', so that one key refreshes it.
const FLEET_EVERY = 15_000;

export const sitesQuery = queryOptions({ queryKey: ['fleet', 'sites'], queryFn: items<Site>('/sites'), refetchInterval: FLEET_EVERY });

export interface MachineFilter {
  site: string;
  rack: string;
  q: string;
  attention: boolean;
}

/** The first 5,000 that match, and how many there are. */
export const machinesQuery = (f: MachineFilter) =>
  queryOptions({
    queryKey: ['fleet', 'machines', f.site, f.rack, f.q, String(f.attention)],
    queryFn: async ({ signal }) => {
      const rows: Machine[] = [];
      let total = 0;
      for (let cursor = '', page = 0; page < MAX_PAGES; page++) {
        const at = query({ site: f.site, rack: f.rack, q: f.q, attention: f.attention ? 'true' : undefined, limit: 500, cursor });
        const got = await call<Page<Machine> & { total: number }>('GET', `/fleet/machines${at}`, { signal });
        rows.push(...got.items);
        total = got.total;
        if (!got.next) break;
        cursor = got.next;
      }
      return { rows, total };
    },
    refetchInterval: FLEET_EVERY,
  });

export const fleetSummaryQuery = (site: string) =>
  queryOptions({ queryKey: ['fleet', 'summary', site], queryFn: get<FleetSummary>(`/fleet/summary${query({ site })}`), refetchInterval: FLEET_EVERY });

export const fleetMapQuery = (site: string) =>
  queryOptions({ queryKey: ['fleet', 'map', site], queryFn: get<SiteMap>(`/fleet/map${query({ site })}`), refetchInterval: FLEET_EVERY });

export const fleetAlertsQuery = (miner = '') =>
  queryOptions({
    queryKey: ['fleet', 'alerts', miner],
    queryFn: items<FleetAlert>(`/fleet/alerts${query({ miner, all: miner ? 'true' : undefined })}`),
    refetchInterval: FLEET_EVERY,
  });

export const machineQuery = (id: string) =>
  queryOptions({ queryKey: ['fleet', 'machine', id], queryFn: get<Machine>(`/fleet/machines/${id}`), refetchInterval: FLEET_EVERY });

export const minerQuery = (id: string) =>
  queryOptions({ queryKey: ['fleet', 'miner', id], queryFn: get<Miner>(`/miners/${id}`), refetchInterval: FLEET_EVERY });

/** The machine as an agent sees it, if one does. */
export const minerOfUnitQuery = (unit: string) =>
  queryOptions({
    queryKey: ['fleet', 'miner-of', unit],
    queryFn: async ({ signal }) => (await call<Page<Miner>>('GET', `/miners${query({ unit, limit: 1 })}`, { signal })).items[0] ?? null,
  });

export const accountsQuery = queryOptions({ queryKey: ['ledger', 'accounts'], queryFn: items<Account>('/ledger/accounts'), refetchInterval: 30_000 });

export const payoutAddressQuery = queryOptions({ queryKey: ['payout-address'], queryFn: get<PayoutAddress>('/payout-address') });

export const treasuryQuery = queryOptions({ queryKey: ['treasury', 'now'], queryFn: get<Treasury>('/treasury'), refetchInterval: 10_000 });

export const reconciliationsQuery = queryOptions({ queryKey: ['treasury', 'reconciliations'], queryFn: items<Reconciliation>('/treasury/reconciliations'), refetchInterval: 30_000 });

export const trialBalanceQuery = queryOptions({ queryKey: ['treasury', 'trial'], queryFn: get<TrialBalance>('/ledger/trial-balance'), refetchInterval: 30_000 });

export const plansQuery = queryOptions({ queryKey: ['plans'], queryFn: items<RedirectPlan>('/redirect-plans'), refetchInterval: 5000 });

/** Its beat is five seconds; while it runs it is read as often. */
export const planQuery = (id: string) =>
  queryOptions({ queryKey: ['plans', id], queryFn: get<RedirectPlan>(`/redirect-plans/${id}`), refetchInterval: 3000 });

export const redirectsQuery = queryOptions({
  queryKey: ['fleet', 'redirects'],
  queryFn: async ({ signal }) => (await call<Page<Redirect>>('GET', '/redirects', { signal })).items,
  refetchInterval: 15_000,
});

/** What a plan would do. It changes nothing, so it may be asked as often as one likes. */
export const dryRunQuery = (kind: PlanKind, miners: readonly string[], accept: boolean) =>
  queryOptions({
    queryKey: ['plans', 'dry-run', kind, String(accept), ...miners],
    queryFn: ({ signal }) => call<PlanRun>('POST', '/redirect-plans/dry-run', { body: { kind, miner_ids: miners, accept_mismatch: accept }, signal }),
    enabled: miners.length > 0, staleTime: 0, gcTime: 0, retry: false,
  });

export const factorsQuery = queryOptions({ queryKey: ['account', 'factors'], queryFn: get<Factors>('/me/factors') });

export const sessionsQuery = queryOptions({ queryKey: ['account', 'sessions'], queryFn: items<Session>('/me/sessions') });

export const keysQuery = queryOptions({ queryKey: ['account', 'keys'], queryFn: items<Key>('/keys') });
