// Package book is one instrument's order book: price first, then time, at the
// maker's price. It is pure and deterministic: no clock, no I/O, no map order,
// no float; the same commands give the same events and the same Hash.
//
// A Book belongs to one goroutine.
package book

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"hashyard"
)

// Order is what rests in a book, or enters it. Units are whole machines.
type Order struct {
	ID, Org hashyard.ID
	Side    Side
	TIF     TIF
	Price   hashyard.MilliCentsPerTH
	Units   int64 // still wanted or offered
}

// Book holds the resting orders of one instrument.
type Book struct {
	sides  [2][]*level // by side; best price last, so that it is popped cheaply
	orders map[hashyard.ID]*node
	nodes  *node  // free list
	levels *level // free list
}

// level is one price; its orders are in time order.
type level struct {
	price       hashyard.MilliCentsPerTH
	head, tail  *node
	units       int64
	count       int
	nextOnShelf *level
}

type node struct {
	order      Order
	level      *level
	prev, next *node
}

// New is an empty book.
func New() *Book { return &Book{orders: make(map[hashyard.ID]*node)} }

// Len is the number of resting orders.
func (b *Book) Len() int { return len(b.orders) }

// Resting finds a resting order.
func (b *Book) Resting(id hashyard.ID) (Order, bool) {
	n, ok := b.orders[id]
	if !ok {
		return Order{}, false
	}
	return n.order, true
}

// Place enters an order and appends what happened to out. A taker that meets
// an order of its own organisation stops there: what is left of it is closed,
// and the resting order keeps its place.
func (b *Book) Place(o Order, out []Event) []Event {
	if r := b.refuse(o); r != None {
		return append(out, Event{Kind: Refused, Order: o.ID, Left: o.Units, Reason: r})
	}
	for o.Units > 0 {
		l := b.best(o.Side.Other())
		if l == nil || !crosses(o, l.price) {
			break
		}
		maker := l.head
		if maker.order.Org == o.Org {
			return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: SelfTrade})
		}
		n := min(o.Units, maker.order.Units)
		o.Units -= n
		maker.order.Units -= n
		l.units -= n
		out = append(out, Event{
			Kind: Filled, Order: o.ID, Maker: maker.order.ID, Price: l.price,
			Units: n, Left: o.Units, MakerLeft: maker.order.Units,
		})
		if maker.order.Units == 0 {
			b.remove(maker)
		}
	}
	switch {
	case o.Units == 0:
		return out
	case o.TIF == IOC:
		return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled})
	}
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
	left := n.order.Units
	b.remove(n)
	return append(out, Event{Kind: Closed, Order: id, Left: left, Reason: Cancelled})
}

func (b *Book) refuse(o Order) Reason {
	switch {
	case o.Units <= 0, o.Price <= 0, o.Side > Ask, o.TIF > IOC:
		return Malformed
	case b.orders[o.ID] != nil:
		return Duplicate
	}
	return None
}

func crosses(o Order, maker hashyard.MilliCentsPerTH) bool {
	if o.Side == Bid {
		return o.Price >= maker
	}
	return o.Price <= maker
}

func (b *Book) best(s Side) *level {
	if ls := b.sides[s]; len(ls) > 0 {
		return ls[len(ls)-1]
	}
	return nil
}

// find gives the place of a price on a side, where the best price is last:
// bids ascend, asks descend.
func (b *Book) find(s Side, price hashyard.MilliCentsPerTH) (int, bool) {
	return slices.BinarySearchFunc(b.sides[s], price, func(l *level, p hashyard.MilliCentsPerTH) int {
		d := 0
		switch {
		case l.price < p:
			d = -1
		case l.price > p:
			d = 1
		}
		if s == Ask {
			return -d
		}
		return d
	})
}

func (b *Book) rest(o Order) {
	n := b.takeNode()
	n.order = o
	i, ok := b.find(o.Side, o.Price)
	var l *level
	if ok {
		l = b.sides[o.Side][i]
	} else {
		l = b.takeLevel()
		l.price = o.Price
		b.sides[o.Side] = slices.Insert(b.sides[o.Side], i, l)
	}
	n.level, n.prev = l, l.tail
	if l.tail == nil {
		l.head = n
	} else {
		l.tail.next = n
	}
	l.tail = n
	l.units += o.Units
	l.count++
	b.orders[o.ID] = n
}

func (b *Book) remove(n *node) {
	l := n.level
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	l.units -= n.order.Units
	l.count--
	s := n.order.Side
	delete(b.orders, n.order.ID)
	*n = node{next: b.nodes}
	b.nodes = n
	if l.count > 0 {
		return
	}
	i, _ := b.find(s, l.price)
	b.sides[s] = slices.Delete(b.sides[s], i, i+1)
	*l = level{nextOnShelf: b.levels}
	b.levels = l
}

func (b *Book) takeNode() *node {
	n := b.nodes
	if n == nil {
		return new(node)
	}
	b.nodes = n.next
	n.next = nil
	return n
}

func (b *Book) takeLevel() *level {
	l := b.levels
	if l == nil {
		return new(level)
	}
	b.levels = l.nextOnShelf
	l.nextOnShelf = nil
	return l
}

// Level is one price as everyone may see it.
type Level struct {
	Price  hashyard.MilliCentsPerTH `json:"price_mc"`
	Units  int64                    `json:"units"`
	Orders int                      `json:"orders"`
}

// Depth is the best n prices of a side, best first.
func (b *Book) Depth(s Side, n int) []Level {
	ls := b.sides[s]
	out := make([]Level, 0, min(n, len(ls)))
	for i := len(ls) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, Level{Price: ls[i].price, Units: ls[i].units, Orders: ls[i].count})
	}
	return out
}

// Orders are all resting orders, bids then asks, each side in priority order.
// Placing them again into an empty book in this order restores it.
func (b *Book) Orders() []Order {
	out := make([]Order, 0, len(b.orders))
	for _, s := range []Side{Bid, Ask} {
		for _, l := range slices.Backward(b.sides[s]) {
			for n := l.head; n != nil; n = n.next {
				out = append(out, n.order)
			}
		}
	}
	return out
}

// Hash names the state: equal books have equal hashes.
func (b *Book) Hash() [32]byte {
	h := sha256.New()
	var buf [49]byte
	for _, s := range []Side{Bid, Ask} {
		for _, l := range slices.Backward(b.sides[s]) {
			for n := l.head; n != nil; n = n.next {
				buf[0] = byte(s)
				copy(buf[1:17], n.order.ID[:])
				copy(buf[17:33], n.order.Org[:])
				binary.BigEndian.PutUint64(buf[33:41], uint64(n.order.Price))
				binary.BigEndian.PutUint64(buf[41:49], uint64(n.order.Units))
				h.Write(buf[:])
			}
		}
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}
