package book

import (
	"hashyard"
)

// Side is the side of an order.
type Side uint8

// The sides.
const (
	Bid Side = iota // buys
	Ask             // sells
)

// Other is the opposite side.
func (s Side) Other() Side { return s ^ 1 }

var sideWords = words{"bid", "ask"}

// String is "bid" or "ask".
func (s Side) String() string { return sideWords.of(uint8(s)) }

// MarshalText writes the word.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *Side) UnmarshalText(b []byte) error {
	v, err := sideWords.find("side", string(b))
	*s = Side(v)
	return err
}

// TIF says how long an order stays.
type TIF uint8

// The times in force.
const (
	GTC TIF = iota // rests until filled or cancelled
	IOC            // what does not trade at once is closed
	GTD            // rests until its Expires
	FOK            // trades whole at once, or is closed
)

var tifWords = words{"gtc", "ioc", "gtd", "fok"}

// String is "gtc", "ioc", "gtd" or "fok".
func (t TIF) String() string { return tifWords.of(uint8(t)) }

// MarshalText writes the word.
func (t TIF) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the word.
func (t *TIF) UnmarshalText(b []byte) error {
	v, err := tifWords.find("time in force", string(b))
	*t = TIF(v)
	return err
}

// Type says how an order is priced.
type Type uint8

// The types of orders.
const (
	Limit  Type = iota // trades at Price or better
	Market             // trades at what is there, inside its collar; never rests
)

var typeWords = words{"limit", "market"}

// String is "limit" or "market".
func (t Type) String() string { return typeWords.of(uint8(t)) }

// MarshalText writes the word.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the word.
func (t *Type) UnmarshalText(b []byte) error {
	v, err := typeWords.find("order type", string(b))
	*t = Type(v)
	return err
}

// STP is what an entering order asks for when it would trade with its own.
type STP uint8

// The modes of self-trade prevention.
const (
	CancelNewest STP = iota // what is left of the entering order is closed
	CancelOldest            // the resting order is closed, the entering one goes on
	CancelBoth              // both are closed
	// Decrement lowers both by what they would have traded. Where one of them has a
	// condition, or the entering one is FOK, it is CancelOldest.
	Decrement
)

var stpWords = words{"cancel-newest", "cancel-oldest", "cancel-both", "decrement"}

// String is the word for m.
func (m STP) String() string { return stpWords.of(uint8(m)) }

// MarshalText writes the word.
func (m STP) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the word.
func (m *STP) UnmarshalText(b []byte) error {
	v, err := stpWords.find("self-trade prevention", string(b))
	*m = STP(v)
	return err
}

// Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	Rested    Kind = iota // Order waits in the book with Left units
	Filled                // Order took Units from Maker, which is older, at Price; without units left an order is gone
	Closed                // Order is out of the book with Left units untraded
	Refused               // nothing changed
	Replaced              // Order has another Price or other units, Left
	Reduced               // Order and Maker, both of one owner, lost Units without a trade
	Halted                // the book takes orders without matching
	Resumed               // the book matches again
	Auctioned             // the opening auction is at Price, for Units by its curves
)

var kindWords = words{"rested", "filled", "closed", "refused", "replaced", "reduced", "halted", "resumed", "auctioned"}

// String is the word for k.
func (k Kind) String() string { return kindWords.of(uint8(k)) }

// MarshalText writes the word.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the word.
func (k *Kind) UnmarshalText(b []byte) error {
	v, err := kindWords.find("event kind", string(b))
	*k = Kind(v)
	return err
}

// Reason says why an order was closed or refused.
type Reason uint8

// The reasons.
const (
	None      Reason = iota
	Cancelled        // its owner took it back
	Unfilled         // it may not rest, and there is nothing more to take
	SelfTrade        // it met an order of its own owner
	Duplicate        // an order with this id rests already
	Unknown          // no such order rests
	Malformed        // attributes that make no sense, alone or together
	Expired          // its time is over
	WouldTake        // post-only, and its price crosses a resting one
	InHalt           // the book is halted
	NotHalted        // the book is open
)

var reasonWords = words{
	"", "cancelled", "unfilled", "self-trade", "duplicate", "unknown", "malformed",
	"expired", "would-take", "halted", "not-halted",
}

// String is the word for r.
func (r Reason) String() string { return reasonWords.of(uint8(r)) }

// MarshalText writes the word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the word.
func (r *Reason) UnmarshalText(b []byte) error {
	v, err := reasonWords.find("reason", string(b))
	*r = Reason(v)
	return err
}

// Event is one thing that happened in the book.
type Event struct {
	Kind      Kind                     `json:"kind"`
	Order     hashyard.ID              `json:"order"`
	Maker     hashyard.ID              `json:"maker,omitzero"`
	Price     hashyard.MilliCentsPerTH `json:"price_mc,omitempty"`
	Units     int64                    `json:"units,omitempty"`
	Left      int64                    `json:"left"`
	MakerLeft int64                    `json:"maker_left,omitempty"`
	Reason    Reason                   `json:"reason,omitzero"`
}

// words are the texts of an enumeration.
type words []string

func (w words) of(i uint8) string {
	if int(i) < len(w) {
		return w[i]
	}
	return "?"
}

func (w words) find(what, s string) (uint8, error) {
	for i, v := range w {
		if v == s {
			return uint8(i), nil
		}
	}
	return 0, hashyard.Invalid.Errorf("%s %.20q is unknown", what, s)
}
