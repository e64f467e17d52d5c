package hashyard

import (
	"encoding/json"
	"fmt"
	"time"
)

// EventKind names something that happened. The table "event → handler" is in
// cmd/internal/app/events.go.
type EventKind string

// The events through which the domains meet, in the order of the thread. Each
// names its payload type below.
const (
	EvMinerSeen       EventKind = "miner.seen"       // MinerSeen, fleet
	EvOrderPlaced     EventKind = "order.placed"     // OrderPlaced, brokerage
	EvOrderClosed     EventKind = "order.closed"     // OrderClosed, brokerage
	EvTradeMatched    EventKind = "trade.matched"    // TradeMatched, brokerage
	EvTradeFunded     EventKind = "trade.funded"     // TradeFunded, brokerage
	EvUnitsPacked     EventKind = "units.packed"     // UnitsMoved, inventory
	EvUnitsDispatched EventKind = "units.dispatched" // UnitsMoved, inventory
	EvUnitsArrived    EventKind = "units.arrived"    // UnitsMoved, inventory: at the door, not yet scanned in
	EvUnitsDelivered  EventKind = "units.delivered"  // UnitsMoved, inventory: received by scan, custody moved
	EvUnitsReturned   EventKind = "units.returned"   // UnitsMoved, inventory: back with the seller by scan
	EvTradeDisputed   EventKind = "trade.disputed"   // TradeNote, brokerage: the desk has to decide
	EvTradeCancelled  EventKind = "trade.cancelled"  // TradeNote, brokerage: over without a sale
	EvMinerRedirected EventKind = "miner.redirected" // MinerRedirected, fleet
	EvRedirectFailed  EventKind = "redirect.failed"  // RedirectFailed, fleet
	EvProofStarted    EventKind = "proof.started"    // ProofStarted, brokerage
	EvSessionOpened   EventKind = "session.opened"   // SessionOpened, pool: first session of a unit's worker
	EvWorkerOnline    EventKind = "worker.online"    // WorkerChanged, pool: shares come again
	EvWorkerSlow      EventKind = "worker.slow"      // WorkerChanged, pool: fewer than the machine is good for
	EvWorkerSilent    EventKind = "worker.silent"    // WorkerChanged, pool: none came for a while
	EvWorkMeasured    EventKind = "work.measured"    // WorkMeasured, pool
	EvHashrateProven  EventKind = "hashrate.proven"  // ProofDecided, brokerage
	EvHashrateRefuted EventKind = "hashrate.refuted" // ProofDecided, brokerage
	EvHeldReleased    EventKind = "held.released"    // HeldReleased, brokerage
	EvEarningsSettled EventKind = "earnings.settled" // EarningsSettled, pool
	EvPayoutSent      EventKind = "payout.sent"      // PayoutMoved, brokerage
	EvPayoutConfirmed EventKind = "payout.confirmed" // PayoutMoved, brokerage
	EvPayoutRefused   EventKind = "payout.refused"   // PayoutMoved, brokerage
)

// Event is something that happened, appended to the outbox in the transaction
// that made it true and delivered at least once.
type Event struct {
	ID   ID        `json:"id"`
	Kind EventKind `json:"kind"`
	Ref  Ref       `json:"ref"`
	// Orgs are the organisations that may see the event.
	Orgs []ID `json:"orgs,omitempty"`
	// Units are the machines whose life line it belongs to.
	Units []ID      `json:"units,omitempty"`
	At    time.Time `json:"at"`
	// NotBefore delays delivery: this is the scheduler. Zero means now.
	NotBefore time.Time       `json:"not_before,omitzero"`
	Payload   json.RawMessage `json:"payload"`
	// Trace is where in its trace it happened, when that is not where it is
	// written; nobody but the outbox reads it.
	Trace string `json:"-"`
}

// NewEvent builds an event with a fresh id; payload must marshal.
func NewEvent(kind EventKind, ref Ref, at time.Time, payload any) (Event, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", kind, err)
	}
	return Event{ID: NewID(), Kind: kind, Ref: ref, At: at.UTC(), Payload: b}, nil
}

// Read decodes the payload into p.
func (e Event) Read(p any) error {
	if err := json.Unmarshal(e.Payload, p); err != nil {
		return fmt.Errorf("event %s %s: %w", e.Kind, e.ID, err)
	}
	return nil
}

// MinerSeen: an agent found a machine it did not know, or at a new address.
type MinerSeen struct {
	Miner, Unit, Org, Site ID
	Serial, MAC, Address   string
	Model                  string
	Boards                 []string // serials
	ReportedHS             Hashrate
}

// OrderPlaced: an order rests in the book.
type OrderPlaced struct {
	Order, Org, Instrument ID
	Side                   string // "bid" or "ask"
	Price                  MilliCentsPerTH
	Units                  []ID   // of an ask
	Condition              []byte // JSON of the condition snapshot of an ask
}

// OrderClosed: an order left the book unfilled or partly filled; what it
// reserved is free again.
type OrderClosed struct {
	Order, Org ID
	Units      []ID // released
	Reason     string
}

// TradeMatched: two orders crossed at the maker's price.
type TradeMatched struct {
	Trade, Buyer, Seller, Instrument ID
	BidOrder, AskOrder               ID
	Maker                            string // "bid" or "ask"
	Units                            []ID
	Price                            MilliCentsPerTH
	SoldGHs                          GHs // of all units
	Amount                           Cents
}

// TradeFunded: the buyer's money is held in full.
type TradeFunded struct {
	Trade, Buyer, Seller ID
	Units                []ID
	Amount               Cents
}

// TradeNote: a trade is disputed or cancelled, and why. After a refund it was
// funded, and its machines may be anywhere between seller and buyer.
type TradeNote struct {
	Trade, Buyer, Seller, AskOrder ID
	Units                          []ID
	Reason                         string
	Refunded                       bool `json:",omitempty"`
}

// UnitsMoved: a shipment took its next step.
type UnitsMoved struct {
	Shipment, Trade, Buyer, Seller ID
	Units                          []ID
	Serials, MACs                  []string // same order as Units
	Carrier, Tracking              string
	By                             ID // user
}

// MinerRedirected: all pool slots were written and read back equal.
type MinerRedirected struct {
	Redirect, Miner, Unit, Org, Site ID
	URL, Worker, Address             string
	Slots                            int
}

// RedirectFailed: the machine is not redirected, and why, in words.
type RedirectFailed struct {
	Redirect, Miner, Unit, Org ID
	Reason                     string
}

// ProofStarted: from now on the unit's work is measured against what was sold.
type ProofStarted struct {
	Trade, Unit, Buyer ID
	SoldGHs            GHs
}

// SessionOpened: the unit's worker authorised at our pool with its secret.
type SessionOpened struct {
	Unit, Worker, Account, Org ID
	Session                    ID
	User, Remote               string
}

// WorkMeasured: accepted work of a unit under proof, of sessions that knew
// its secret only, since From. Shares and SumSquares give the precision:
// the effective count of equal shares is Work²/SumSquares.
type WorkMeasured struct {
	Unit, Worker, Org ID
	From, To          time.Time
	Work              Work
	SumSquares        Work // Σ difficulty², in units²
	Shares, Rejected  int64
	Sessions          int64
	Scale             Scale
}

// ProofDecided: the bound was compared with the floor.
type ProofDecided struct {
	Trade, Unit, Buyer, Seller ID
	Sold                       GHs
	Estimate, Lower, Upper     Hashrate // one-sided 95 % bounds
	Floor                      Hashrate
	Shares                     int64
	Work                       Work
	From, To                   time.Time
}

// HeldReleased: the seller was paid.
type HeldReleased struct {
	Trade, Buyer, Seller     ID
	Units                    []ID
	Amount, Commission, Paid Cents // Amount = Commission + Paid
	Transfer                 string
}

// EarningsSettled: a settlement period's work was priced for one account.
type EarningsSettled struct {
	Statement, Account, Org ID
	From, To                time.Time
	Work                    Work
	Gross, Fee, Net         Sats
	Residue                 Sats // of the whole period, on one account's event only
	Units                   []ID
}

// PayoutMoved: a payout on the chain took its next step.
type PayoutMoved struct {
	Payout, Org   ID
	Address, TxID string
	Amount, Fee   Sats
	Reason        string
}

// WorkerChanged: a worker of the pool stands otherwise than before.
type WorkerChanged struct {
	Worker, Account, Org, Unit ID // Unit is zero for a plain worker
	User                       string
	State, Was                 string    // "online", "slow" or "silent"
	LastShare                  time.Time `json:",omitzero"`
	Hour                       Hashrate  // measured over the last hour
	Reference                  Hashrate  // what it is compared with; 0 without
	ReferenceKind              string    // "nominal", "own_day" or empty
}
