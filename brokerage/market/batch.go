package market

import (
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// The kinds of commands.
const (
	place  = "place"
	cancel = "cancel"
	amend  = "replace"
	expire = "expire" // the writer's own
	halt   = "halt"
	resume = "resume"
)

// command is what the journal keeps of a request.
type command struct {
	ID         hashyard.ID
	Kind       string
	Instrument hashyard.ID
	Order      brokerage.Order
	// Of an amend: the price, and the units that are wanted from now on; 0 leaves
	// either as it is when the writer gets to it.
	Price hashyard.MilliCentsPerTH
	Units int64
}

// String is for errors.
func (c command) String() string {
	if c.Order.ID.IsZero() {
		return fmt.Sprintf("%s of instrument %s", c.Kind, c.Instrument)
	}
	return fmt.Sprintf("%s of order %s", c.Kind, c.Order.ID)
}

// Book is a book as the last commit left it.
type Book struct {
	Instrument brokerage.Instrument
	Seq        int64
	Hash       [32]byte // meaningless at Seq 0
	Last       hashyard.MilliCentsPerTH
	Halted     bool
	Clock      int64             // ms since 1970 of the last expiry
	Resting    []brokerage.Order // in the order they came to rest
}

// Batch is what one commit writes.
type Batch struct {
	Epoch  int64
	At     time.Time
	Rows   []Row
	Books  []BookStep
	Orders []OrderStep
	Trades []brokerage.Dossier
	Fills  []Fill
	Events []hashyard.Event
}

// Row is one command in the journal.
type Row struct {
	Instrument hashyard.ID
	Seq        int64
	Command    hashyard.ID
	Kind       string
	Order      Entered
	Events     []book.Event
}

// Entered is what a replay needs of a command.
type Entered struct {
	ID       hashyard.ID              `json:"id,omitzero"`
	Org      hashyard.ID              `json:"org,omitzero"`
	Side     book.Side                `json:"side"`
	Type     book.Type                `json:"type,omitzero"`
	TIF      book.TIF                 `json:"tif"`
	STP      book.STP                 `json:"stp,omitzero"`
	PostOnly bool                     `json:"post_only,omitempty"`
	AON      bool                     `json:"aon,omitempty"`
	Price    hashyard.MilliCentsPerTH `json:"price_mc"` // of a resume the reference
	Units    int64                    `json:"units"`
	Min      int64                    `json:"min,omitempty"`
	Lot      int64                    `json:"lot,omitempty"`
	Expires  int64                    `json:"expires_ms,omitempty"` // of an order, or the moment of an expire
}

// entered is an order as the book takes it, with the units that are left.
func entered(o brokerage.Order) Entered {
	e := Entered{
		ID: o.ID, Org: o.Org, Side: o.Side, Type: o.Type, TIF: o.TIF, STP: o.STP, PostOnly: o.PostOnly, AON: o.AON,
		Price: o.Price, Units: o.Left(), Min: o.Min, Lot: o.Lot,
	}
	if !o.Expires.IsZero() {
		e.Expires = o.Expires.UnixMilli()
	}
	return e
}

func (e Entered) order() book.Order {
	return book.Order{
		ID: e.ID, Org: e.Org, Side: e.Side, Type: e.Type, TIF: e.TIF, STP: e.STP, PostOnly: e.PostOnly, AON: e.AON,
		Price: e.Price, Units: e.Units, Min: e.Min, Lot: e.Lot, Expires: e.Expires,
	}
}

// Resting is an open order as the book restores it.
func Resting(o brokerage.Order) book.Order {
	out := entered(o).order()
	out.Seq = o.Seq
	return out
}

// BookStep moves a book from one sequence number to another.
type BookStep struct {
	Instrument hashyard.ID
	From, To   int64
	Hash       [32]byte
	Bids, Asks []book.Level
	Last       hashyard.MilliCentsPerTH
	Halted     bool
	Clock      int64
}

// OrderStep moves an order; the row must be as in Before.
type OrderStep struct {
	Before, After brokerage.Order
}

// Fill is a line of the tape.
type Fill struct {
	Trade, Instrument hashyard.ID
	Seq               int64
	At                time.Time
	Price             hashyard.MilliCentsPerTH
	Units             int64
	Taker             book.Side
}

// Replay carries out a journalled command on a book.
func (r Row) Replay(b *book.Book) []book.Event {
	e := r.Order
	switch r.Kind {
	case cancel:
		return b.Cancel(e.ID, e.Org, nil)
	case amend:
		return b.Replace(e.ID, e.Org, e.Price, e.Units, nil)
	case expire:
		return b.Expire(e.Expires, nil)
	case halt:
		return b.Halt(nil)
	case resume:
		return b.Resume(e.Price, nil)
	}
	return b.Place(e.order(), nil)
}
