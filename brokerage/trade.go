package brokerage

import (
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/brokerage/book"
)

// Trade is one crossing of two orders, and all that follows from it.
type Trade struct {
	ID                    hashyard.ID
	Number                int64 // shown as T-<number>; 0 before it is stored
	Buyer, Seller         hashyard.ID
	Instrument            hashyard.ID
	BidOrder, AskOrder    hashyard.ID
	Maker                 book.Side
	Price                 hashyard.MilliCentsPerTH
	SoldGHs               hashyard.GHs // of all units
	Amount, Commission    hashyard.Cents
	Received              hashyard.Cents // from the buyer
	Paid, Kept, Refunded  hashyard.Cents // to the seller, to the house, back to the buyer
	State                 TradeState
	History               []StateAt
	Reason                string // of a dispute, a cancellation or a refutation
	MatchedAt, PaymentDue time.Time
	ProofDue              time.Time // zero before delivery
	Version               int64
}

// StateAt is when a trade came into a state.
type StateAt struct {
	State TradeState `json:"state"`
	At    time.Time  `json:"at"`
}

// TradeUnit is one machine of a trade, with how its proof stands.
type TradeUnit struct {
	Unit  hashyard.ID
	Sold  hashyard.GHs
	Proof Proof
}

// ProofState is how the proof of one unit stands.
type ProofState string

// The states of a proof.
const (
	ProofWaiting ProofState = "waiting" // not redirected yet
	ProofRunning ProofState = "running"
	ProofPassed  ProofState = "passed"
	ProofFailed  ProofState = "failed"
)

// Proof is the latest measurement of a unit against what was sold.
type Proof struct {
	State     ProofState
	StartedAt time.Time
	DecidedAt time.Time
	Decision  Decision
	Shares    int64
	Work      hashyard.Work
	From, To  time.Time
}

// Held is what the house holds of the buyer's money.
func (t Trade) Held() hashyard.Cents { return t.Received - t.Paid - t.Kept - t.Refunded }

// Name is the number as people say it.
func (t Trade) Name() string { return fmt.Sprintf("T-%d", t.Number) }

// Ref points at the trade.
func (t Trade) Ref() hashyard.Ref { return hashyard.Ref{Kind: "trade", ID: t.ID} }

// step moves the trade, remembering when. Staying is no move.
func (t Trade) step(s Step, now time.Time) (Trade, error) {
	next, err := t.State.After(s)
	if err != nil {
		return t, fmt.Errorf("trade %s: %w", t.ID, err)
	}
	if next != t.State {
		t.State = next
		t.History = append(slices.Clone(t.History), StateAt{next, now.UTC()})
	}
	return t, nil
}

// NewTrade makes the trade of a fill: units of the ask to the bid's
// organisation at the maker's price.
func NewTrade(i Instrument, bid, ask Order, maker book.Side, price hashyard.MilliCentsPerTH, units []hashyard.ID, t Terms, now time.Time) (Dossier, error) {
	ghs, err := hashyard.MulDiv(int64(i.NominalGHs), int64(len(units)), 1, hashyard.RoundDown)
	if err != nil {
		return Dossier{}, fmt.Errorf("trade of %d units: %w", len(units), err)
	}
	amount, err := price.Invoice(hashyard.GHs(ghs))
	if err != nil {
		return Dossier{}, fmt.Errorf("trade amount: %w", err)
	}
	commission, err := t.commission(amount)
	if err != nil {
		return Dossier{}, fmt.Errorf("trade commission: %w", err)
	}
	now = now.UTC()
	d := Dossier{Trade: Trade{
		ID: hashyard.NewID(), Buyer: bid.Org, Seller: ask.Org, Instrument: i.ID,
		BidOrder: bid.ID, AskOrder: ask.ID, Maker: maker, Price: price,
		SoldGHs: hashyard.GHs(ghs), Amount: amount, Commission: commission,
		State: Matched, History: []StateAt{{Matched, now}},
		MatchedAt: now, PaymentDue: now.Add(t.PaymentWindow),
	}}
	for _, u := range units {
		d.Units = append(d.Units, TradeUnit{Unit: u, Sold: i.NominalGHs, Proof: Proof{State: ProofWaiting}})
	}
	return d, nil
}

// The events that brokerage sends to itself; the kernel's are for others.
const (
	// EvPaymentDue is a clock: a trade unpaid until then is cancelled.
	EvPaymentDue hashyard.EventKind = "trade.payment_due"
	// EvProofDue is a clock: a trade undecided until then goes to the desk.
	EvProofDue hashyard.EventKind = "trade.proof_due"
	// EvSettlementDue asks for money to be sent on the rail.
	EvSettlementDue hashyard.EventKind = "trade.settlement_due"
	// EvTradeCancelled tells that a trade's units are free again.
	EvTradeCancelled = hashyard.EvTradeCancelled
	// EvTradeDisputed tells that a trade waits for the desk.
	EvTradeDisputed = hashyard.EvTradeDisputed
)

// TradeNote is the payload of brokerage's own events.
type TradeNote = hashyard.TradeNote

// event makes an event about the trade that both parties may see.
func (d Dossier) event(kind hashyard.EventKind, now time.Time, payload any) (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(kind, d.Trade.Ref(), now, payload)
	ev.Orgs, ev.Units = []hashyard.ID{d.Trade.Buyer, d.Trade.Seller}, d.UnitIDs()
	return ev, err
}

func (d Dossier) note(kind hashyard.EventKind, now time.Time, reason string) (hashyard.Event, error) {
	return d.event(kind, now, TradeNote{
		Trade: d.Trade.ID, Buyer: d.Trade.Buyer, Seller: d.Trade.Seller, AskOrder: d.Trade.AskOrder,
		Units: d.UnitIDs(), Reason: reason, Refunded: d.Trade.Refunded > 0,
	})
}

// MatchedEvents are what a new trade tells: that it exists, and the clock of
// its payment.
func (d Dossier) MatchedEvents() ([]hashyard.Event, error) {
	t := d.Trade
	matched, err := d.event(hashyard.EvTradeMatched, t.MatchedAt, hashyard.TradeMatched{
		Trade: t.ID, Buyer: t.Buyer, Seller: t.Seller, Instrument: t.Instrument,
		BidOrder: t.BidOrder, AskOrder: t.AskOrder, Maker: t.Maker.String(),
		Units: d.UnitIDs(), Price: t.Price, SoldGHs: t.SoldGHs, Amount: t.Amount,
	})
	if err != nil {
		return nil, err
	}
	due, err := d.note(EvPaymentDue, t.MatchedAt, "")
	if err != nil {
		return nil, err
	}
	due.NotBefore = t.PaymentDue
	due.Units = nil // a clock is no part of a machine's life line
	return []hashyard.Event{matched, due}, nil
}
