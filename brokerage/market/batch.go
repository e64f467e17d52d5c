package market

import (
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// The kinds of commands.
const (
	place  = "place"
	cancel = "cancel"
)

// command is what the journal keeps of a request.
type command struct {
	ID    hashyard.ID
	Kind  string
	Order brokerage.Order
}

// Book is a book as the last commit left it.
type Book struct {
	Instrument brokerage.Instrument
	Seq        int64
	Hash       [32]byte // meaningless at Seq 0
	Last       hashyard.MilliCentsPerTH
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
	ID    hashyard.ID              `json:"id"`
	Org   hashyard.ID              `json:"org"`
	Side  book.Side                `json:"side"`
	TIF   book.TIF                 `json:"tif"`
	Price hashyard.MilliCentsPerTH `json:"price_mc"`
	Units int64                    `json:"units"`
}

// BookStep moves a book from one sequence number to another.
type BookStep struct {
	Instrument hashyard.ID
	From, To   int64
	Hash       [32]byte
	Bids, Asks []book.Level
	Last       hashyard.MilliCentsPerTH
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
	if r.Kind == cancel {
		return b.Cancel(r.Order.ID, r.Order.Org, nil)
	}
	o := r.Order
	return b.Place(book.Order{ID: o.ID, Org: o.Org, Side: o.Side, TIF: o.TIF, Price: o.Price, Units: o.Units}, nil)
}
