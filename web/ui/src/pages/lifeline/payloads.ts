// Payloads of unit events, named as the kernel names them (Go field names).
// Readers take what is there: an older event may lack a later field.

export interface OrderPlaced {
  Order: string;
  Side: string;
  Price: number;
  Units: string[] | null;
  /** base64 of the JSON of the condition snapshot */
  Condition: string | null;
}

export interface TradeMatched {
  Trade: string;
  Buyer: string;
  Seller: string;
  Maker: string;
  Units: string[] | null;
  Price: number;
  SoldGHs: number;
  Amount: number;
}

export interface TradeFunded {
  Trade: string;
  Units: string[] | null;
  Amount: number;
}

export interface UnitsMoved {
  Shipment: string;
  Units: string[] | null;
  Serials: string[] | null;
  MACs: string[] | null;
  Carrier: string;
  Tracking: string;
}

export interface MinerRedirected {
  Redirect: string;
  URL: string;
  Worker: string;
  Address: string;
  Slots: number;
}

export interface RedirectFailed {
  Redirect: string;
  Reason: string;
}

export interface ProofStarted {
  Trade: string;
  SoldGHs: number;
}

export interface SessionOpened {
  User: string;
  Remote: string;
  Session: string;
}

export interface WorkMeasured {
  From: string;
  To: string;
  Work: string;
  Shares: number;
  Rejected: number;
}

/** Hashrates here are hashes per second. */
export interface ProofDecided {
  Trade: string;
  Sold: number;
  Estimate: number;
  Lower: number;
  Upper: number;
  Floor: number;
  Shares: number;
  Work: string;
  From: string;
  To: string;
}

export interface HeldReleased {
  Trade: string;
  Amount: number;
  Commission: number;
  Paid: number;
  Transfer: string;
}

export interface PayloadOf {
  'order.placed': OrderPlaced;
  'order.closed': { Order: string; Reason: string };
  'trade.matched': TradeMatched;
  'trade.funded': TradeFunded;
  'units.packed': UnitsMoved;
  'units.dispatched': UnitsMoved;
  'units.arrived': UnitsMoved;
  'units.delivered': UnitsMoved;
  'miner.redirected': MinerRedirected;
  'redirect.failed': RedirectFailed;
  'proof.started': ProofStarted;
  'session.opened': SessionOpened;
  'work.measured': WorkMeasured;
  'hashrate.proven': ProofDecided;
  'hashrate.refuted': ProofDecided;
  'held.released': HeldReleased;
  'earnings.settled': { From: string; To: string; Net: number };
}

export type Kind = keyof PayloadOf;
