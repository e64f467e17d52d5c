package brokerage

import (
	"context"
	"encoding/json"
	"time"

	"hashyard"
	"hashyard/brokerage/book"
	"hashyard/brokerage/ledger"
)

// OrderStore keeps instruments, orders and what everyone may see of the
// books. Each method is one transaction.
type OrderStore interface {
	Instruments(ctx context.Context) ([]Instrument, error)
	Instrument(ctx context.Context, id hashyard.ID) (Instrument, error)
	PutInstrument(ctx context.Context, i Instrument) error

	// AddOrder stores a placing order for the actor's organisation. If the
	// command made one already, that one is returned instead.
	AddOrder(ctx context.Context, actor hashyard.Actor, o Order) (Order, error)
	// RejectOrder ends an order that is still placing and tells that its units
	// are free; any other order is returned as it is.
	RejectOrder(ctx context.Context, id hashyard.ID, reason string, now time.Time) (Order, error)
	// NoteCancel leaves the audit row of a cancellation and returns the order.
	NoteCancel(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Order, error)
	// NoteAmend and NoteTurn audit a command to the market before it is given.
	NoteAmend(ctx context.Context, actor hashyard.Actor, id hashyard.ID, price hashyard.MilliCentsPerTH, units int64) (Order, error)
	NoteTurn(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, command, reason string) error
	// StalePlacing finds a page of the orders that have been placing since
	// before, by id; after is the last one of the page before.
	StalePlacing(ctx context.Context, before time.Time, after hashyard.ID) ([]hashyard.ID, error)
	Order(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Order, error)
	Orders(ctx context.Context, actor hashyard.Actor, q OrderQuery) ([]Order, string, error)

	Depth(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID) (Depth, error)
	Tape(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, cursor string, limit int) ([]TapeLine, string, error)
	Candles(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, step time.Duration, since time.Time, limit int) ([]Candle, error)
}

// OrderQuery selects orders, newest first.
type OrderQuery struct {
	Instrument hashyard.ID // zero: all
	State      OrderState  // empty: all
	Cursor     string
	Limit      int
}

// Depth is a book as everyone may see it.
type Depth struct {
	Instrument hashyard.ID
	Seq        int64
	Bids, Asks []book.Level
	Last       hashyard.MilliCentsPerTH // 0 before the first trade
	Halted     bool                     // orders rest without matching
	At         time.Time
}

// TapeLine is one trade without its parties.
type TapeLine struct {
	Trade hashyard.ID
	At    time.Time
	Price hashyard.MilliCentsPerTH
	Units int64
	Taker book.Side
}

// Candle is the trades of one step of time.
type Candle struct {
	At                     time.Time
	Open, High, Low, Close hashyard.MilliCentsPerTH
	Units                  int64
}

// By says for whom a trade is changed: an actor in the actor's organisation,
// or the house itself for Reason. With Event the change takes effect once per
// event, with Webhook once per webhook.
type By struct {
	Actor   hashyard.Actor
	Reason  string
	Command string // for the audit trail; empty leaves no audit row
	Event   hashyard.ID
	Webhook *RailEvent
}

// TradeStore keeps trades and all that hangs on them.
type TradeStore interface {
	Finder
	Trade(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Dossier, error)
	Trades(ctx context.Context, actor hashyard.Actor, q TradeQuery) ([]Dossier, string, error)
	// ChangeTrade loads and locks a trade, lets rule decide and writes what it
	// decided, ledger included. A nil Change writes nothing. The rule may run
	// again and must have no effects of its own.
	ChangeTrade(ctx context.Context, by By, id hashyard.ID, rule func(Dossier) (*Change, error)) (Dossier, error)
	// TradesOfUnit finds the trades a unit was sold in, newest first.
	TradesOfUnit(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]Dossier, error)
	// UnpaidSince finds a page of the trades whose payment is open since before,
	// by id; after is the last one of the page before.
	UnpaidSince(ctx context.Context, before time.Time, after hashyard.ID) ([]hashyard.ID, error)
	// ConditionsSold are the condition snapshots of a trade's units as they were
	// listed, for either party; a unit that was never read has none.
	ConditionsSold(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (map[hashyard.ID]json.RawMessage, error)

	// RailParty is who an organisation is on the rail, "" if not known yet.
	RailParty(ctx context.Context, org hashyard.ID, role RailRole) (string, error)
	PutRailParty(ctx context.Context, org hashyard.ID, role RailRole, railID string) error
}

// RailRole is the side of an organisation on the rail.
type RailRole string

// The sides.
const (
	RailCustomer RailRole = "customer" // pays
	RailAccount  RailRole = "account"  // is paid
)

// TradeQuery selects trades, newest first.
type TradeQuery struct {
	State  TradeState // empty: all
	Cursor string
	Limit  int
}

// LedgerStore keeps the ledger.
type LedgerStore interface {
	// Post writes an entry in a transaction of its own; the same entry again
	// changes nothing. With event it takes effect once per event.
	Post(ctx context.Context, reason string, event hashyard.ID, e ledger.Entry) error
	Accounts(ctx context.Context, actor hashyard.Actor) ([]Balance, error)
	Entries(ctx context.Context, actor hashyard.Actor, q EntryQuery) ([]ledger.Entry, string, error)
	TrialBalance(ctx context.Context) (TrialBalance, error)
}

// EntryQuery selects entries, newest first.
type EntryQuery struct {
	Ref    hashyard.Ref // zero: all
	Cursor string
	Limit  int
}

// Balance is what an account holds.
type Balance struct {
	ledger.Account
	Balance int64 // debit positive
}

// TrialBalance is every account, and whether the books are sound: each
// currency sums to zero, and each kept balance is the sum of its postings.
type TrialBalance struct {
	Accounts []Balance
	Totals   map[hashyard.Currency]int64
	Entries  int64
	Drift    []Balance // accounts whose balance is not the sum of their postings, with the difference
}

// Sound reports that nothing is wrong.
func (t TrialBalance) Sound() bool {
	for _, v := range t.Totals {
		if v != 0 {
			return false
		}
	}
	return len(t.Drift) == 0
}

// Market is the single writer of the books: brokerage/market.
type Market interface {
	// Terms are those that trades are made under; zero fields mean the
	// defaults.
	Terms() Terms
	Place(ctx context.Context, o Order) (Order, error)
	Cancel(ctx context.Context, o Order, command hashyard.ID) (Order, error)
	// Amend gives a resting order a price and the units it wants from now on; 0
	// leaves either.
	Amend(ctx context.Context, o Order, command hashyard.ID, price hashyard.MilliCentsPerTH, units int64) (Order, error)
	// Halt and Resume turn matching in a book off, and on with an auction.
	Halt(ctx context.Context, instrument, command hashyard.ID) error
	Resume(ctx context.Context, instrument, command hashyard.ID) error
}

// Closer is a Market that may be closed to begin with: then nothing is stored
// or reserved for an order.
type Closer interface{ Closed() error }

// Reserver holds units for orders: inventory.
type Reserver interface {
	// Reserve gives the units to the holder, all or none; asked again by the
	// same holder it succeeds.
	Reserve(ctx context.Context, actor hashyard.Actor, holder hashyard.Ref, units []hashyard.ID) ([]ReservedUnit, error)
	// Release lets go of those of the units the holder still holds.
	Release(ctx context.Context, holder hashyard.Ref, units []hashyard.ID) error
}

// Conditions tells how a unit is doing by its telemetry: fleet.
type Conditions interface {
	// Condition is a JSON snapshot; NotFound if the unit was never read.
	Condition(ctx context.Context, org, unit hashyard.ID) (json.RawMessage, error)
}

// Serials knows what machines are called. Of machines that the caller may not
// read it tells nothing.
type Serials interface {
	Serials(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) (map[hashyard.ID]string, error)
}

// Gate knows which organisations may place orders and fund trades. Its error
// says why not, and what to do.
type Gate interface {
	MayTrade(ctx context.Context, org hashyard.ID) error
}

// Orgs tells how organisations are called; they belong to others.
type Orgs interface {
	OrgNames(ctx context.Context, ids []hashyard.ID) (map[hashyard.ID]string, error)
}
