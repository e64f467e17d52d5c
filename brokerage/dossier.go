package brokerage

import (
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// Dossier is a trade with everything that decides about it. Rules are methods
// on it: they take the instant and give the Change, and touch nothing.
type Dossier struct {
	Trade      Trade
	Units      []TradeUnit
	Payment    *Payment    // nil before the buyer asked how to pay
	Settlement *Settlement // nil before money has to leave
}

// Change is what a rule decided: the dossier afterwards, what is told and
// what is posted, all of it in one transaction.
type Change struct {
	Dossier Dossier
	Events  []hashyard.Event
	Entries []ledger.Entry
}

// UnitIDs are the trade's machines.
func (d Dossier) UnitIDs() []hashyard.ID {
	ids := make([]hashyard.ID, len(d.Units))
	for i, u := range d.Units {
		ids[i] = u.Unit
	}
	return ids
}

// Payment is the buyer's bank transfer for a trade.
type Payment struct {
	Key          string // the rail's idempotency key, stored before the call
	RailID       string // "" until the rail answered
	Status       PaymentStatus
	Amount       hashyard.Cents
	Received     hashyard.Cents
	Instructions Instructions
	OpenedAt     time.Time
	SucceededAt  time.Time
}

// SettlementKind is where held money goes.
type SettlementKind string

// The kinds of settlements.
const (
	PaySeller   SettlementKind = "release"
	RefundBuyer SettlementKind = "refund"
)

// Settlement is the one time that held money leaves a trade. It is stored
// before the rail is called; the ledger follows when the rail has answered.
type Settlement struct {
	Kind       SettlementKind
	Key        string // the rail's idempotency key
	Amount     hashyard.Cents
	Commission hashyard.Cents
	RailID     string // transfer or refund; "" while pending
	Trouble    string // why it still waits, as far as the parties can help it
	MadeAt     time.Time
	DoneAt     time.Time
}

// Done reports that the money has left.
func (s Settlement) Done() bool { return !s.DoneAt.IsZero() }

// change starts from the dossier as it is.
func (d Dossier) change(t Trade) *Change {
	d.Trade = t
	d.Units = slices.Clone(d.Units)
	return &Change{Dossier: d}
}

// Open starts the buyer's payment.
func (d Dossier) Open(now time.Time) (*Change, error) {
	if d.Trade.State != Matched {
		return nil, hashyard.Conflict.Errorf("trade %s is %s; only a matched trade is paid for", d.Trade.Name(), d.Trade.State)
	}
	if d.Payment != nil {
		return nil, nil
	}
	c := d.change(d.Trade)
	c.Dossier.Payment = &Payment{
		Key: "trade-" + d.Trade.ID.String() + "-pay", Status: PaymentOpen,
		Amount: d.Trade.Amount, OpenedAt: now.UTC(),
	}
	return c, nil
}

// Pay takes over what the rail says of the payment now. Reports may be old
// and repeated: a payment that ended stays ended, and what was received never
// shrinks. Money for a trade that lapsed is booked and sent back.
func (d Dossier) Pay(p RailPayment, house hashyard.ID, now time.Time) (*Change, error) {
	if d.Payment == nil || p.Trade != d.Trade.ID {
		return nil, nil // not a payment we asked for
	}
	if d.Payment.RailID != "" && d.Payment.RailID != p.ID {
		return nil, hashyard.Conflict.Errorf("trade %s is paid by %s, not by %s", d.Trade.ID, d.Payment.RailID, p.ID)
	}
	if d.Payment.Status != PaymentOpen {
		return nil, nil
	}
	c := d.change(d.Trade)
	pay := *d.Payment
	pay.RailID, pay.Status = p.ID, p.Status
	pay.Received = max(pay.Received, p.Received)
	if p.Instructions != (Instructions{}) {
		pay.Instructions = p.Instructions
	}
	c.Dossier.Payment = &pay
	if p.Status != PaymentSucceeded {
		return c, nil
	}
	if p.Amount != pay.Amount {
		return nil, fmt.Errorf("trade %s: the rail took %d cents, not %d", d.Trade.ID, p.Amount, pay.Amount)
	}
	pay.Received, pay.SucceededAt = pay.Amount, now.UTC()
	return c, c.receive(house, now)
}

// receive books the whole amount as held and moves the trade on.
func (c *Change) receive(house hashyard.ID, now time.Time) error {
	t := c.Dossier.Trade
	t.Received = t.Amount
	c.Dossier.Trade = t
	c.Entries = append(c.Entries, ledger.Entry{
		Key: "trade-" + t.ID.String() + "-funded", At: now.UTC(), Memo: t.Name() + " funded", Ref: t.Ref(),
		Postings: []ledger.Posting{
			{Org: house, Currency: hashyard.USD, Purpose: ledger.StripeBalance, Amount: int64(t.Amount)},
			{Org: t.Buyer, Currency: hashyard.USD, Purpose: ledger.Held, Amount: -int64(t.Amount)},
		},
	})
	if t.State == Cancelled {
		return c.settle(RefundBuyer, now)
	}
	t, err := t.step(StepFund, now)
	if err != nil {
		return err
	}
	c.Dossier.Trade = t
	ev, err := c.Dossier.event(hashyard.EvTradeFunded, now, hashyard.TradeFunded{
		Trade: t.ID, Buyer: t.Buyer, Seller: t.Seller, Units: c.Dossier.UnitIDs(), Amount: t.Amount,
	})
	c.Events = append(c.Events, ev)
	return err
}

// settle makes the one settlement of a trade and asks for it to be carried
// out.
func (c *Change) settle(kind SettlementKind, now time.Time) error {
	t := c.Dossier.Trade
	if s := c.Dossier.Settlement; s != nil {
		return hashyard.Conflict.Errorf("trade %s already has a %s", t.Name(), s.Kind)
	}
	s := &Settlement{
		Kind: kind, Key: "trade-" + t.ID.String() + "-" + string(kind),
		Amount: t.Held(), MadeAt: now.UTC(),
	}
	if kind == PaySeller {
		s.Commission = t.Commission
	}
	c.Dossier.Settlement = s
	ev, err := c.Dossier.note(EvSettlementDue, now, string(kind))
	ev.Units = nil
	c.Events = append(c.Events, ev)
	return err
}

// Lapse cancels a trade whose payment window is over.
func (d Dossier) Lapse(now time.Time) (*Change, error) {
	if d.Trade.State != Matched || now.Before(d.Trade.PaymentDue) {
		return nil, nil
	}
	t, err := d.Trade.step(StepLapse, now)
	if err != nil {
		return nil, err
	}
	t.Reason = "not paid in time"
	c := d.change(t)
	ev, err := c.Dossier.note(EvTradeCancelled, now, t.Reason)
	c.Events = []hashyard.Event{ev}
	return c, err
}

// Move takes a step of the shipment. What happens to the machines of a trade
// that is over is no longer its matter.
func (d Dossier) Move(step Step, terms Terms, now time.Time) (*Change, error) {
	if d.Trade.State.Over() {
		return nil, nil
	}
	t, err := d.Trade.step(step, now)
	if err != nil {
		return nil, err
	}
	if t.State == d.Trade.State {
		return nil, nil
	}
	if t.State != Delivered {
		return d.change(t), nil
	}
	t.ProofDue = now.UTC().Add(terms.ProofWindow)
	c := d.change(t)
	due, err := c.Dossier.note(EvProofDue, now, "")
	due.NotBefore, due.Units = t.ProofDue, nil
	c.Events = []hashyard.Event{due}
	return c, err
}
