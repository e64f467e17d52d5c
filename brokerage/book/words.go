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
)

var tifWords = words{"gtc", "ioc"}

// String is "gtc" or "ioc".
func (t TIF) String() string { return tifWords.of(uint8(t)) }

// MarshalText writes the word.
func (t TIF) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the word.
func (t *TIF) UnmarshalText(b []byte) error {
	v, err := tifWords.find("time in force", string(b))
	*t = TIF(v)
	return err
}

// Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	Rested  Kind = iota // Order waits in the book with Left units
	Filled              // Order took Units from Maker at Price
	Closed              // Order is out of the book with Left units untraded
	Refused             // nothing changed
)

var kindWords = words{"rested", "filled", "closed", "refused"}

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
	Unfilled         // immediate-or-cancel, and nothing more to take
	SelfTrade        // it met an order of its own organisation
	Duplicate        // an order with this id rests already
	Unknown          // no such order rests
	Malformed        // no units or no price
)

var reasonWords = words{"", "cancelled", "unfilled", "self-trade", "duplicate", "unknown", "malformed"}

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
