// Shapes of the API that the pages read. Money is integers (cents, sats, price
// in milli-cents per TH), work a decimal string, hashrates displayed TH/s.

export interface Page<T> {
  items: T[];
  next?: string;
}

export interface Named {
  id: string;
  name: string;
}

export interface Me {
  user?: { id: string; name: string; email: string };
  org: { id: string; name: string; slug: string; house: boolean };
  roles: string[];
  /** Actions the roles allow, as web/actions.go names them. */
  can: string[];
  test_mode: boolean;
  network: { name: string; work_scale: number };
}

/** What the local world says about itself; 404 everywhere else. */
export interface World {
  sign_ins?: SignIn[];
  parts?: WorldPart[];
  [more: string]: unknown;
}

export interface SignIn {
  org_name: string;
  role: string;
  name: string;
  email: string;
  password: string;
  /** What to look at first. */
  look?: string;
}

export interface WorldPart {
  name: string;
  address?: string;
  note?: string;
  up?: boolean;
}

export interface Unit {
  id: string;
  serial: string;
  mac?: string;
  model: string;
  boards?: string[] | null;
  owner?: Named;
  /** Absent while a carrier has it. */
  custodian?: Named;
  carrier?: string;
  site?: Named;
  trade_id?: string;
  seen_at?: string;
  state: string;
  nominal_ths: number;
}

/** A line of a unit's history; payload is the event as the kernel names it. */
export interface UnitEvent {
  id: string;
  kind: string;
  at: string;
  payload: unknown;
  by?: string;
}

export interface Instrument {
  id: string;
  name: string;
  model: string;
  region: string;
  incoterm: string;
  currency: string;
  nominal_ghs: number;
}

export interface Model {
  id: string;
  name: string;
  maker: string;
  nominal_ths: number;
  joules_per_th: number;
}

export interface Level {
  price_mc: number;
  units: number;
  orders: number;
}

export interface Book {
  instrument: string;
  seq: number;
  bids: Level[];
  asks: Level[];
  last_mc?: number;
}

export type Side = 'bid' | 'ask';

export interface Fill {
  trade: string;
  at: string;
  price_mc: number;
  units: number;
  taker: Side;
}

export interface Candle {
  at: string;
  open_mc: number;
  high_mc: number;
  low_mc: number;
  close_mc: number;
  units: number;
}

export interface Order {
  id: string;
  instrument: string;
  side: Side;
  price_mc: number;
  units: number;
  filled: number;
  tif: string;
  state: string;
  reason?: string;
  at: string;
  changed_at?: string;
}

export interface NewOrder {
  instrument: string;
  side: Side;
  price_mc: number;
  units?: number;
  unit_ids?: string[];
  tif: string;
}

/** How the proof of one machine stands; bounds are one-sided 95 %. */
export interface Proof {
  unit: string;
  state: 'waiting' | 'running' | 'passed' | 'failed';
  sold_ths: number;
  estimate_ths: number;
  lower_ths: number;
  upper_ths: number;
  floor_ths: number;
  shares: number;
}

export interface Payment {
  status: 'open' | 'succeeded' | 'canceled';
  amount_cents: number;
  received_cents: number;
  instructions: {
    bank_name?: string;
    account_number?: string;
    routing_number?: string;
    iban?: string;
    reference?: string;
  };
}

export interface Trade {
  id: string;
  number: string;
  state: string;
  states: { state: string; at: string }[];
  reason?: string;
  role?: 'buyer' | 'seller';
  buyer: Named;
  seller: Named;
  next: { buyer: string; seller: string };
  units: string[];
  price_mc: number;
  sold_ths: number;
  amount_cents: number;
  commission_cents: number;
  held_cents: number;
  paid_cents: number;
  payment?: Payment;
  proofs: Proof[];
  matched_at: string;
  payment_due: string;
}

export interface SeriesPoint {
  at: string;
  /** Length of the step; shorter at the present end. */
  seconds: number;
  shares: number;
  /** Mean over the step, displayed TH/s. */
  ths: number;
}

/** A step of what the miner reported; absent was not read. */
export interface Reading {
  at: string;
  ths?: number;
}

/** What one machine moved through the books. */
export interface UnitMoney {
  held_cents: number;
  /** In is positive; they sum to what is still held. */
  postings: { kind: string; at: string; memo: string; amount_cents: number }[];
}

export interface Earnings {
  total_sats: number;
  items: { from: string; to: string; net_sats: number; ths: number }[];
}

/** A configured pool slot; passwords are never shown. */
export interface Slot {
  slot: number;
  url: string;
  user: string;
}

export interface Redirect {
  id: string;
  unit_id: string;
  serial: string;
  mac?: string;
  address: string;
  state: string;
  redirected: boolean;
  reason?: string;
  steps: { state: string; at: string; detail?: string }[];
  wanted: Slot[];
  read_back: Slot[];
  differences: string[];
  old_slots: Slot[];
}

export interface PoolInfo {
  stratum_url: string;
  network: string;
  work_scale: number;
  settlement_period_ms: number;
  fee_ppm: number;
  /** Network difficulty. */
  difficulty: number;
  /** Satoshis per displayed TH/s and day, before the fee. */
  hashprice: number;
}

export interface Block {
  hash: string;
  height: number;
  value_sats: number;
  found_at: string;
  state: string;
  verdict?: string;
  confirmations: number;
}

export interface Shipment {
  id: string;
  trade_id: string;
  seller: Named;
  buyer: Named;
  state: string;
  carrier?: string;
  tracking?: string;
  reason?: string;
  lines: { unit_id: string; serial: string; packed_at?: string; received_at?: string }[];
  expected: number;
  packed: number;
  received: number;
  created_at: string;
}

export interface Scan {
  unit: string;
  serial: string;
  outcome: 'counted' | 'repeated';
  state: string;
  expected: number;
  scanned: number;
  remaining: number;
}

export interface Statement {
  id: string;
  from: string;
  to: string;
  shares: number;
  gross_sats: number;
  fee_sats: number;
  net_sats: number;
}
