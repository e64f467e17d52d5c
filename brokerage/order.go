package brokerage

import (
	"encoding/json"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/book"
)

// Instrument is what is traded: machines of one model, delivered one way.
type Instrument struct {
	ID         hashyard.ID
	Name       string
	Model      string // of inventory; an ask's units must be of it
	Region     string // "EU"
	Incoterm   string // "FCA"
	Currency   hashyard.Currency
	NominalGHs hashyard.GHs // what one unit is sold as
}

// Check says what is wrong with an instrument.
func (i Instrument) Check() error {
	switch {
	case i.ID.IsZero() || i.Name == "" || i.Model == "":
		return hashyard.Invalid.Errorf("instrument %q needs an id, a name and a model", i.Name)
	case i.Currency != hashyard.USD:
		return hashyard.Invalid.Errorf("instrument %s: the book trades in USD, not %q", i.Name, i.Currency)
	case i.NominalGHs < 1000:
		return hashyard.Invalid.Errorf("instrument %s: nominal hashrate %d GH/s is below 1 TH/s", i.Name, i.NominalGHs)
	}
	return nil
}

// OrderState is where an order is.
type OrderState string

// The states of an order.
const (
	OrderPlacing   OrderState = "placing"   // accepted for entry; its units are being reserved
	OrderOpen      OrderState = "open"      // rests in the book
	OrderFilled    OrderState = "filled"    // traded whole
	OrderCancelled OrderState = "cancelled" // closed with units untraded
	OrderRejected  OrderState = "rejected"  // never entered the book
)

// orderNext says which state may follow which.
var orderNext = map[OrderState][]OrderState{
	OrderPlacing: {OrderOpen, OrderFilled, OrderCancelled, OrderRejected},
	OrderOpen:    {OrderOpen, OrderFilled, OrderCancelled},
}

// May reports whether an order may go from s to next. A partial fill leaves
// an open order open.
func (s OrderState) May(next OrderState) bool {
	for _, n := range orderNext[s] {
		if n == next {
			return true
		}
	}
	return false
}

// Attributes are what an order asks for beside side, price and units; see
// package book for the rules. The zero value is a plain limit order that rests
// until it is cancelled.
type Attributes struct {
	Type     book.Type
	TIF      book.TIF
	STP      book.STP
	PostOnly bool
	AON      bool
	Min      int64     // least units a trade
	Lot      int64     // every trade is a multiple
	Expires  time.Time // of a GTD order
}

// Check says what is wrong with the attributes of an order of units.
func (a Attributes) Check(units int64, now time.Time) error {
	rests := a.Type == book.Limit && (a.TIF == book.GTC || a.TIF == book.GTD)
	switch {
	case (a.TIF == book.GTD) != !a.Expires.IsZero():
		return hashyard.Invalid.Errorf("an order that ends by itself (gtd) says when (expires_at), and no other does")
	case a.TIF == book.GTD && !a.Expires.After(now):
		return hashyard.Invalid.Errorf("the order would end at %s, which is over", a.Expires.Format(time.RFC3339))
	case a.PostOnly && !rests:
		return hashyard.Invalid.Errorf("a post-only order rests: gtc or gtd, and no market order")
	case a.Type == book.Market && a.TIF == book.GTD:
		return hashyard.Invalid.Errorf("a market order trades at once: ioc or fok")
	case a.STP == book.Decrement:
		return hashyard.Invalid.Errorf("self-trade prevention is cancel-newest, cancel-oldest or cancel-both: machines are sold by serial, and an order is not lowered by itself")
	case a.Min < 0 || a.Min > units:
		return hashyard.Invalid.Errorf("the least units of a trade are 0 … %d, not %d", units, a.Min)
	case a.Lot < 0 || a.Lot > 1 && (units%a.Lot != 0 || a.Min%a.Lot != 0):
		return hashyard.Invalid.Errorf("units and the least of a trade are multiples of the lot of %d", a.Lot)
	}
	return nil
}

// Order is one organisation's wish to buy or sell whole units at a limit.
type Order struct {
	ID, Org, Instrument hashyard.ID
	// Command names the request that made it: repeated, it gives this order.
	Command hashyard.ID
	Side    book.Side
	Attributes
	Price     hashyard.MilliCentsPerTH // of a market order the worst it trades at
	Units     int64                    // entered with
	Filled    int64                    // traded so far
	UnitIDs   []hashyard.ID            // of an ask, in the order they are sold
	Condition json.RawMessage
	State     OrderState
	Reason    string // why it was cancelled or rejected
	Seq       int64  // of the book when it came to rest; 0 before
	CreatedAt time.Time
	ChangedAt time.Time
}

// Left is what is not traded yet.
func (o Order) Left() int64 { return o.Units - o.Filled }

// Unsold are an ask's units that are not traded yet.
func (o Order) Unsold() []hashyard.ID {
	if o.Side != book.Ask {
		return nil
	}
	return o.UnitIDs[o.Filled:]
}

// Check says what is wrong with an order for an instrument under terms.
func (o Order) Check(i Instrument, t Terms) error {
	switch {
	case o.Price <= 0:
		return hashyard.Invalid.Errorf("price must be above 0")
	case o.Price%t.Tick != 0:
		return hashyard.Invalid.Errorf("price $%s per TH is not a multiple of the tick $%s", o.Price, t.Tick)
	case o.Side == book.Ask && len(o.UnitIDs) == 0:
		return hashyard.Invalid.Errorf("an ask names the units it sells (unit_ids)")
	case o.Side == book.Ask && o.Units != int64(len(o.UnitIDs)):
		return hashyard.Invalid.Errorf("an ask of %d units names %d", o.Units, len(o.UnitIDs))
	case o.Side == book.Bid && len(o.UnitIDs) != 0:
		return hashyard.Invalid.Errorf("a bid names a number of units, not unit_ids")
	case o.Units < 1 || o.Units > t.MaxUnits:
		return hashyard.Invalid.Errorf("units must be 1 … %d, not %d", t.MaxUnits, o.Units)
	}
	seen := make(map[hashyard.ID]bool, len(o.UnitIDs))
	for _, u := range o.UnitIDs {
		if u.IsZero() || seen[u] {
			return hashyard.Invalid.Errorf("unit %s is listed twice or empty", u)
		}
		seen[u] = true
	}
	ghs, err := hashyard.MulDiv(int64(i.NominalGHs), o.Units, 1, hashyard.RoundDown)
	if err != nil {
		return hashyard.Invalid.Errorf("order of %d units: %w", o.Units, err)
	}
	amount, err := o.Price.Invoice(hashyard.GHs(ghs))
	// A fill is never worth more than its bid, so what an order within the
	// limit trades can be paid in one payment.
	if err != nil || amount > t.MaxNotional {
		return hashyard.Invalid.Errorf("the order is worth more than $%s, the most that one payment can carry: split the order", t.MaxNotional)
	}
	return nil
}

// CheckUnits says whether reserved units are what an ask of i may deliver.
func (i Instrument) CheckUnits(units []ReservedUnit) error {
	for _, u := range units {
		if u.Model != i.Model {
			return hashyard.Invalid.Errorf("unit %s is a %s; %s trades %s", u.Serial, u.Model, i.Name, i.Model)
		}
		if u.NominalGHs != 0 && u.NominalGHs < i.NominalGHs {
			return hashyard.Invalid.Errorf("unit %s has a nominal %s; %s is sold as %s", u.Serial, u.NominalGHs, i.Name, i.NominalGHs)
		}
	}
	return nil
}

// ReservedUnit is what brokerage needs to know of a unit it may sell.
type ReservedUnit struct {
	ID         hashyard.ID
	Serial     string
	Model      string
	NominalGHs hashyard.GHs
}

// maxTold bounds the condition snapshot that travels in an event; a larger one
// is read from the order.
const maxTold = 64 << 10

// PlacedEvent tells that an order enters the book, with all its units: also
// one that trades at once was listed.
func (o Order) PlacedEvent(now time.Time) (hashyard.Event, error) {
	if len(o.Condition) > maxTold {
		o.Condition = nil
	}
	ev, err := hashyard.NewEvent(hashyard.EvOrderPlaced, o.Ref(), now, hashyard.OrderPlaced{
		Order: o.ID, Org: o.Org, Instrument: o.Instrument, Side: o.Side.String(),
		Price: o.Price, Units: o.Unsold(), Condition: o.Condition,
	})
	ev.Orgs, ev.Units = []hashyard.ID{o.Org}, o.Unsold()
	return ev, err
}

// ClosedEvent tells that an order left the book, or never entered it, and
// that what it had reserved is free.
func (o Order) ClosedEvent(now time.Time) (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(hashyard.EvOrderClosed, o.Ref(), now, hashyard.OrderClosed{
		Order: o.ID, Org: o.Org, Units: o.Unsold(), Reason: o.Reason,
	})
	ev.Orgs, ev.Units = []hashyard.ID{o.Org}, o.Unsold()
	return ev, err
}

// Ref points at the order; it is also the holder of its units' reservations.
func (o Order) Ref() hashyard.Ref { return hashyard.Ref{Kind: "order", ID: o.ID} }

// To moves an order to another state.
func (o Order) To(next OrderState, reason string, now time.Time) (Order, error) {
	if !o.State.May(next) {
		return o, fmt.Errorf("order %s is %s: %w", o.ID, o.State, hashyard.Conflict.Errorf("it cannot become %s", next))
	}
	o.State, o.Reason, o.ChangedAt = next, reason, now
	return o, nil
}
