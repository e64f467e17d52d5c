package treasury

import (
	"context"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// Store keeps the treasury. Each method is one transaction; rules are pure and
// may run again.
type Store interface {
	// Head is how far was scanned; NotFound before Adopt.
	Head(ctx context.Context) (Head, error)
	// Adopt makes the script of h the treasury's, or takes its limits over. A
	// treasury of another script is a Conflict.
	Adopt(ctx context.Context, h Head) (Head, error)
	// Connect takes the block after the head in; Conflict if the head is
	// another one by now.
	Connect(ctx context.Context, b Block, rule func(Known) (Connected, error)) (Head, error)
	// Disconnect takes the head's block out again and reverses what it posted.
	Disconnect(ctx context.Context, at Place, rule func([]Payout, []ledger.Entry) ([]Payout, []ledger.Entry, error)) (Head, error)
	// Balances are coins, payouts under way and the ledger at one instant.
	Balances(ctx context.Context) (Balances, error)
	Coins(ctx context.Context) ([]Coin, error)

	// Due finds who is owed at least threshold, has an address, no open payout,
	// and none refused to that address since.
	Due(ctx context.Context, threshold hashyard.Sats, refusedSince time.Time) ([]Due, error)
	// Owed checks that the books owe an organisation so much, and that all of it
	// has its reason: statements less signed payouts, entry by entry. Conflict
	// says what does not fit.
	Owed(ctx context.Context, org hashyard.ID, amount hashyard.Sats) error
	// AddPayout stores a requested payout, unless the organisation has an open
	// one or is owed less by now: then it reports false. It checks like Owed.
	AddPayout(ctx context.Context, p Payout) (bool, error)
	// SignedSince sums the amounts and fees of payouts signed since.
	SignedSince(ctx context.Context, since time.Time) (hashyard.Sats, error)
	OpenPayouts(ctx context.Context) ([]Payout, error)
	// ReservePayout lets rule choose from the free coins; deposits count with
	// that many confirmations.
	ReservePayout(ctx context.Context, id hashyard.ID, confirmations int64, rule func(Payout, []Coin) (Move, error)) (Payout, error)
	MovePayout(ctx context.Context, id hashyard.ID, rule func(Payout) (Move, error)) (Payout, error)
	// NotePayout says why a payout waits; it changes nothing else.
	NotePayout(ctx context.Context, id hashyard.ID, reason string) error
	Payout(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Payout, error)
	Payouts(ctx context.Context, actor hashyard.Actor, q Query) ([]Payout, string, error)
	// FindPayouts finds payouts by the beginning of their transaction's id.
	FindPayouts(ctx context.Context, actor hashyard.Actor, txid string, limit int) ([]Payout, error)
	// Stuck are payouts that wait for a person: refused with nothing after them,
	// or with a reason why they do not go on. With one, only that organisation's.
	Stuck(ctx context.Context, one hashyard.ID, limit int) ([]Payout, error)

	Freeze(ctx context.Context) (Freeze, error)
	// PutFreeze turns the switch, audited, unless it was turned since was.
	PutFreeze(ctx context.Context, actor hashyard.Actor, was, f Freeze) error
	// Books are everything that is compared, of one moment.
	Books(ctx context.Context) (Books, error)
	// PutReconciliation stores a comparison; one that the clock asked for is
	// stored once per event and sets the next time.
	PutReconciliation(ctx context.Context, event hashyard.ID, r Reconciliation, next time.Time) error
	Reconciliations(ctx context.Context, limit int) ([]Reconciliation, error)
	// ArmReconcile emits the clock's event unless one waits.
	ArmReconcile(ctx context.Context, at time.Time) error

	Address(ctx context.Context, actor hashyard.Actor) (Address, error)
	PutAddress(ctx context.Context, actor hashyard.Actor, a Address) error
	// Addresses are those of organisations that the caller may know.
	Addresses(ctx context.Context, orgs []hashyard.ID) (map[hashyard.ID]Address, error)
}

// Move is what a rule decided about a payout.
type Move struct {
	Payout  Payout
	Hold    []Coin // coins the payout holds from now on
	Release bool   // the coins it holds are free again
	Events  []hashyard.Event
	Entries []ledger.Entry
}

// Due is an organisation that is to be paid.
type Due struct {
	Org      hashyard.ID
	Address  string
	Earnings hashyard.Sats
}

// Query selects payouts, newest first.
type Query struct {
	State  State // empty: all
	Cursor string
	Limit  int
}

// Address is where an organisation is paid.
type Address struct {
	Org     hashyard.ID
	Address string
	SetAt   time.Time
}

// Balances are the treasury's coins beside its books.
type Balances struct {
	Head      Place
	Spendable hashyard.Sats // unspent and mature at the scanned height
	Immature  hashyard.Sats
	Held      hashyard.Sats // of the spendable, by payouts
	InFlight  hashyard.Sats // amounts and fees signed and not mined
	// As the ledger has them: debit positive.
	LedgerCoins, LedgerInFlight hashyard.Sats
}

// Difference is ledger less coins; anything but zero stops all payouts.
func (b Balances) Difference() hashyard.Sats {
	if d := b.LedgerCoins - b.Spendable; d != 0 {
		return d
	}
	return b.LedgerInFlight + b.InFlight
}
