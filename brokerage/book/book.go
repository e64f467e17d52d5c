// Package book is one instrument's order book: price first, then time, at the
// price of the order that was there first. It is pure and deterministic: no
// clock, no I/O, no map order, no float; the same commands give the same events
// and the same Hash.
//
// # Rules
//
// An order enters, takes what it may in priority order, and what is left rests
// or is closed, as its time in force says. Post-only is asked when it enters an
// open book.
//
// Conditions. An all-or-none order trades whole, in one command, or not at all.
// Min is the least a counterparty may take of an order in one command, and the
// least an entering order takes in sum; what is left of an order below Min
// trades whole. Lot makes every trade a multiple. A resting order whose
// condition an incoming one does not meet is skipped in place: it keeps its
// time, and orders behind it trade. Nothing is rearranged to meet a condition:
// an entering order with one looks at what priority would give it and takes
// that, or nothing.
//
// Crossed prices. Because orders are skipped, a bid and an ask whose prices
// cross may rest side by side. Whenever a command has made it possible for one
// of them to trade with those resting opposite, it does, the oldest such order
// first, as if it entered now, but in its place. So no order rests that could
// trade, and two orders without conditions never cross.
//
// Priority on replace. Fewer units at the same price keep their time. A new
// price, or more units, lose it: the order enters again, as a new one would.
//
// Self-trade prevention compares beneficial owners (Order.Org) and asks the
// entering order what to do when it would trade with its own; see STP. Resting
// orders of one owner never trade with each other.
//
// Halt. A halted book takes limit orders without matching, and cancels. Resume
// begins with an auction among the orders without conditions, at one price: the
// one with the greatest volume; among equals the least surplus; then the
// nearest to the reference price; then the lower. The others trade after it.
//
// A Book belongs to one goroutine.
package book

import (
	"math"

	"hashyard"
)

// MaxUnits bounds an order, so that sums and least common multiples of lots
// stay exact.
const MaxUnits = 1 << 31

// DefaultCollarPPM is how far from the best price a market order without a
// price and a collar of its own may trade: 10 %.
const DefaultCollarPPM = 100_000

// Order is what rests in a book, or enters it. Units are whole machines.
type Order struct {
	ID, Org  hashyard.ID // Org is the beneficial owner
	Side     Side
	Type     Type
	TIF      TIF
	STP      STP
	PostOnly bool // refused when its price crosses a resting one
	AON      bool // all or none
	// Price is the limit. Of a market order it is the worst price it takes; at 0
	// Collar says that.
	Price hashyard.MilliCentsPerTH
	// Collar is how far from the best opposite price a market order may trade; at
	// 0 it is DefaultCollarPPM of that price.
	Collar  hashyard.MilliCentsPerTH
	Units   int64 // still wanted or offered
	Min     int64 // least units a trade; 0 is any
	Lot     int64 // every trade is a multiple; 0 is any
	Expires int64 // of a GTD order: the first moment at which it is gone, on the clock of Expire
	// Seq is the time priority among all orders of the book; the book sets it
	// when the order comes to rest.
	Seq int64
}

// conditional orders may be skipped in place.
func (o *Order) conditional() bool { return o.AON || o.Min > 1 || o.Lot > 1 }

// Book holds the resting orders of one instrument.
type Book struct {
	sides  [2][]*level // by side; best price last, so that it is popped cheaply
	orders map[hashyard.ID]*node
	seq    int64 // of the order that came to rest last
	halted bool
	now    int64 // the latest moment Expire was told
	gtd    int   // resting orders that expire
	nodes  *node // free list
	levels *level
}

// New is an empty book, open for trading.
func New() *Book { return &Book{orders: make(map[hashyard.ID]*node)} }

// Len is the number of resting orders.
func (b *Book) Len() int { return len(b.orders) }

// Halted reports whether orders are taken without matching.
func (b *Book) Halted() bool { return b.halted }

// Now is the latest moment Expire was told.
func (b *Book) Now() int64 { return b.now }

// NextExpiry is the first moment at which a resting order is over; the greatest
// int64 if there is none. It looks at all orders only when one ends by itself.
func (b *Book) NextExpiry() int64 {
	next := int64(math.MaxInt64)
	if b.gtd == 0 {
		return next
	}
	for _, n := range b.orders { // a minimum does not depend on the order
		if n.order.TIF == GTD {
			next = min(next, n.order.Expires)
		}
	}
	return next
}

// Resting finds a resting order.
func (b *Book) Resting(id hashyard.ID) (Order, bool) {
	n, ok := b.orders[id]
	if !ok {
		return Order{}, false
	}
	return n.order, true
}

// Place enters an order and appends what happened to out.
func (b *Book) Place(o Order, out []Event) []Event {
	r := b.refuse(&o)
	if r == None && o.Type == Market {
		if o.Price = b.worst(&o); o.Price == 0 {
			return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled})
		}
	}
	if r == None && o.PostOnly && !b.halted && b.crosses(&o) {
		r = WouldTake
	}
	if r != None {
		return append(out, Event{Kind: Refused, Order: o.ID, Left: o.Units, Reason: r})
	}
	return b.settle(b.enter(o, out))
}

// enter matches an order that was found sound, and rests what is left.
func (b *Book) enter(o Order, out []Event) []Event {
	if !b.halted && b.willing(&o) {
		var met bool
		if out, met = b.sweep(&o, out); met {
			return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: SelfTrade})
		}
	}
	switch {
	case o.Units == 0:
		return out
	case o.TIF == IOC || o.TIF == FOK || o.Type == Market:
		return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled})
	}
	b.seq++
	o.Seq = b.seq
	b.rest(o)
	return append(out, Event{Kind: Rested, Order: o.ID, Price: o.Price, Left: o.Units})
}

// Cancel takes what is left of an order out of the book. An order of another
// organisation is as unknown as one that is gone.
func (b *Book) Cancel(id, org hashyard.ID, out []Event) []Event {
	n, ok := b.orders[id]
	if !ok || n.order.Org != org {
		return append(out, Event{Kind: Refused, Order: id, Reason: Unknown})
	}
	return b.settle(b.close(n, Cancelled, out))
}

// Replace gives a resting order another price and other units, which are what
// it wants from now on, beside what it has traded. A replace that is refused
// leaves the order as it was.
func (b *Book) Replace(id, org hashyard.ID, price hashyard.MilliCentsPerTH, units int64, out []Event) []Event {
	n, ok := b.orders[id]
	if !ok || n.order.Org != org {
		return append(out, Event{Kind: Refused, Order: id, Reason: Unknown})
	}
	o := n.order
	o.Price, o.Units = price, units
	r := malformed(&o)
	keeps := price == n.order.Price && units <= n.order.Units
	if r == None && !keeps && o.PostOnly && !b.halted && b.crosses(&o) {
		r = WouldTake
	}
	if r != None {
		return append(out, Event{Kind: Refused, Order: id, Left: n.order.Units, Reason: r})
	}
	out = append(out, Event{Kind: Replaced, Order: id, Price: price, Left: units})
	if keeps {
		n.level.units -= n.order.Units - units
		n.order.Units = units
		return b.settle(out)
	}
	b.remove(n)
	return b.settle(b.enter(o, out))
}

// CancelAll closes every order of an owner, bids before asks, each side in
// priority order. The zero owner means every order of the book.
func (b *Book) CancelAll(org hashyard.ID, out []Event) []Event {
	return b.settle(b.closeIf(Cancelled, out, func(o *Order) bool { return org.IsZero() || o.Org == org }))
}

// Expire closes the GTD orders whose moment is not after now. Time never runs
// backwards: an earlier now than told before does nothing.
func (b *Book) Expire(now int64, out []Event) []Event {
	b.now = max(b.now, now)
	if b.gtd == 0 {
		return out
	}
	return b.settle(b.closeIf(Expired, out, func(o *Order) bool { return o.TIF == GTD && o.Expires <= b.now }))
}

func (b *Book) closeIf(why Reason, out []Event, of func(*Order) bool) []Event {
	for s := Bid; s <= Ask; s++ {
		for i := len(b.sides[s]) - 1; i >= 0; i-- {
			for n := b.sides[s][i].head; n != nil; {
				next := n.next
				if of(&n.order) {
					out = b.close(n, why, out)
				}
				n = next
			}
		}
	}
	return out
}

func (b *Book) close(n *node, why Reason, out []Event) []Event {
	out = append(out, Event{Kind: Closed, Order: n.order.ID, Left: n.order.Units, Reason: why})
	b.remove(n)
	return out
}

func (b *Book) refuse(o *Order) Reason {
	immediate := o.TIF == IOC || o.TIF == FOK || o.Type == Market
	switch r := malformed(o); {
	case r != None:
		return r
	case o.Min > o.Units:
		return Malformed
	case b.orders[o.ID] != nil:
		return Duplicate
	case b.halted && immediate:
		return InHalt
	case o.TIF == GTD && o.Expires <= b.now:
		return Expired
	}
	return None
}

func malformed(o *Order) Reason {
	market := o.Type == Market
	switch {
	case o.ID.IsZero(), o.Side > Ask, o.Type > Market, o.TIF > FOK, o.STP > Decrement,
		o.Units <= 0, o.Units > MaxUnits,
		o.Price < 0, o.Price == 0 && !market,
		o.Collar < 0, o.Collar > 0 && (!market || o.Price > 0),
		o.Min < 0, o.Lot < 0, o.Lot > 1 && (o.Units%o.Lot != 0 || o.Min%o.Lot != 0),
		(o.TIF == GTD) != (o.Expires != 0),
		o.PostOnly && (market || o.TIF == IOC || o.TIF == FOK),
		market && o.TIF == GTD:
		return Malformed
	}
	return None
}

// worst is the last price that a market order may trade at: its own, or as far
// from the best opposite one as its collar allows; 0 when there is no opposite.
func (b *Book) worst(o *Order) hashyard.MilliCentsPerTH {
	best := b.best(o.Side.Other())
	if o.Price > 0 || best == nil {
		return o.Price
	}
	collar := o.Collar
	if collar == 0 {
		collar = best.price/1_000_000*DefaultCollarPPM + best.price%1_000_000*DefaultCollarPPM/1_000_000
	}
	if o.Side == Ask {
		return max(best.price-collar, 1)
	}
	return best.price + min(collar, maxPrice-best.price)
}

const maxPrice = hashyard.MilliCentsPerTH(1<<63 - 1)
