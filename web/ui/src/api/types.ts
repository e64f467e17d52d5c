import type { components } from './schema.gen';

// The shapes that the pages read, by name. They are generated from our OpenAPI
// document ("npm run gen"); only what that document leaves open is written here.
// Money is integers (cents, sats, price in milli-cents per TH), work a decimal
// string, hashrates displayed TH/s.

type Schemas = components['schemas'];

/** huma adds a link to its schema, which nobody here reads. */
type Of<K extends keyof Schemas> = Omit<Schemas[K], '$schema'>;

export interface Page<T> {
  items: T[];
  next?: string;
}

export type Named = Of<'Party'>;
export type Me = Of<'Me'>;
export type Model = Of<'Model'>;
export type Unit = Of<'Unit'>;
export type Shipment = Of<'Shipment'>;
export type Scan = Of<'Scan'>;
export type Bench = Of<'Bench'>;
export type BenchLine = Of<'Line'>;
export type BenchScan = Of<'BenchScan'>;
export type Leg = Of<'Leg'>;
export type Stray = Of<'Stray'>;
export type Import = Of<'Import'>;
export type ImportRow = Of<'ImportRow'>;
export type Redirect = Of<'Redirect'>;
export type Reading = Of<'Point'>;
export type Machine = Of<'Machine'>;
export type Miner = Of<'Miner'>;
export type FleetBoard = Of<'FleetBoard'>;
export type FleetSummary = Of<'FleetSummary'>;
export type SiteMap = Of<'SiteMap'>;
export type Spot = Of<'Spot'>;
export type FleetAlert = Of<'Alert'>;
export type Site = Of<'Site'>;
export type RedirectPlan = Of<'RedirectPlan'>;
export type PlanUnit = Of<'PlanUnit'>;
export type PlanRun = Of<'DryRun'>;
export type PlanKind = RedirectPlan['kind'];
export type Health = Machine['health'];
export type Instrument = Of<'Instrument'>;
export type Level = Of<'Level'>;
export type Book = Of<'Book'>;
export type Fill = Of<'Fill'>;
export type Candle = Of<'Candle'>;
export type Order = Of<'Order'>;
export type NewOrder = Of<'NewOrder'>;
export type Trade = Of<'Trade'>;
export type Proof = Of<'Proof'>;
export type Payment = Of<'Payment'>;
export type UnitMoney = Of<'UnitMoney'>;
export type Earnings = Of<'UnitEarnings'>;
export type PoolInfo = Of<'PoolInfo'>;
export type SeriesPoint = Pick<Schemas['SeriesPoint'], 'at' | 'seconds' | 'ths' | 'lower_ths' | 'upper_ths' | 'shares'>;
export type Statement = Of<'Statement'>;
export type Block = Of<'Block'>;
export type Account = Of<'Account'>;
export type PayoutAddress = Of<'PayoutAddress'>;
export type PayoutFreeze = Of<'PayoutFreeze'>;
export type Treasury = Of<'Treasury'>;
export type TrialBalance = Of<'TrialBalance'>;
export type Reconciliation = Of<'Reconciliation'>;
export type ReconcileLine = Of<'ReconcileLine'>;
export type LedgerEntry = Of<'Entry'>;
export type Payout = Of<'Payout'>;
export type PoolOverview = Of<'PoolOverview'>;
export type PoolChart = Omit<Of<'PoolChart'>, 'points'> & { points: SeriesPoint[] };
export type Luck = Of<'Luck'>;
export type Refusals = Of<'Refusals'>;
export type PoolWorker = Of<'Worker'>;
export type Rates = Pick<Schemas['WindowRates'], 'ths' | 'lower_ths' | 'upper_ths'>;
export type BookedWork = Of<'BookedWork'>;
export type WorkerCounts = Of<'WorkerCounts'>;
export type WorkerState = PoolWorker['state'];
export type Forensics = Of<'Forensics'>;
export type Diagnosis = Of<'Diagnosis'>;
export type Gap = Of<'Gap'>;
export type PoolDevice = Of<'Device'>;
export type PoolSession = Of<'PoolSession'>;
export type RotatedSecret = Of<'RotatedSecret'>;
export type WatchLink = Of<'WatchLink'>;
export type MadeWatchLink = Of<'MadeWatchLink'>;
export type Watching = Omit<Of<'Watching'>, 'points'> & { points: SeriesPoint[] };
export type WatchedWorker = Of<'WatchedWorker'>;
export type WatchedStatement = Of<'WatchedStatement'>;
export type PoolStatus = Of<'Status'>;
export type Hashprice = Of<'Hashprice'>;
export type Round = Of<'Round'>;
export type PoolAccount = Of<'PoolAccount'>;
export type PoolTerms = Of<'Terms'>;
export type BitcoinPrice = Of<'BitcoinPrice'>;
export type Reserve = Of<'Reserve'>;
export type StatementProof = Of<'StatementProof'>;
export type StatementDetail = Of<'StatementDetail'>;
export type EpochFees = Of<'EpochFees'>;
export type SearchResult = Of<'SearchResult'>;
export type Turns = Of<'Turns'>;
export type Desk = Of<'Desk'>;
export type User = Of<'User'>;
export type Invitation = Of<'Invitation'>;
export type Offer = Of<'Offer'>;
export type Standing = Of<'Standing'>;
export type OrgDetails = Of<'Details'>;
export type BeneficialOwner = Of<'Owner'>;
export type Subject = Of<'Subject'>;
export type Dossier = Of<'Dossier'>;
export type SanctionsList = Of<'List'>;
export type Webhook = Of<'Hook'>;
export type NewWebhook = Of<'NewHook'>;
export type WebhookDelivery = Of<'Delivery'>;
export type AuditRow = Of<'AuditRow'>;
export type ChainReport = Of<'Report'>;
export type Letter = Of<'Letter'>;
export type FactorKind = 'totp' | 'passkey';
export type Factors = Of<'Factors'>;
export type Factor = Factors['items'][number];
export type NewFactor = Of<'NewFactor'>;
export type Enrolment = Of<'Enrolment'>;
export type Session = Of<'Session'>;
export type Key = Of<'Key'>;
export type NewKey = Of<'NewKey'>;
export type Side = Order['side'];

/** The payload is an event as the kernel names it: see pages/lifeline/payloads.ts. */
export type UnitEvent = Pick<Schemas['UnitEvent'], 'id' | 'kind' | 'at' | 'by'> & { payload: unknown };

/** What the local world says about itself; 404 everywhere else. See
 *  cmd/internal/app/local.go. */
export interface World {
  sign_ins: SignIn[];
  progress: {
    machines: number;
    /** Units that rest in the books, and the lowest ask. */
    offered: number;
    ask_mc?: number;
    /** The furthest trade, and its first machine. */
    trade?: string;
    unit?: string;
    reached: string[];
  };
  figures: {
    height: number;
    block_at?: string;
    sessions: number;
    hour_ths: number;
    lower_ths: number;
    upper_ths: number;
    work_scale: number;
    network: string;
  };
  parts: { name: string; address: string; note: string; state: 'ok' | 'degraded' | 'failing' | 'standby' }[];
  odd: { name: string; serial: string; unit?: string; does: string; reading: string }[];
}

export interface SignIn {
  org_name: string;
  role: string;
  name: string;
  email: string;
  password: string;
  /** The secret of the authenticator app, for roles that need a factor. */
  totp?: string;
  /** What to look at first. */
  look?: string;
}
