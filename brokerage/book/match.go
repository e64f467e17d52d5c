package book

import (
	"cmp"
	"slices"

	"hashyard"
)

func reaches(o *Order, opposite hashyard.MilliCentsPerTH) bool {
	if o.Side == Bid {
		return o.Price >= opposite
	}
	return o.Price <= opposite
}

// crosses reports whether the price of o meets the best opposite one.
func (b *Book) crosses(o *Order) bool {
	best := b.best(o.Side.Other())
	return best != nil && reaches(o, best.price)
}

// agree is how many units the conditions of a resting order and the lot of an
// entering one let them trade; what the entering one needs in sum is asked of
// willing.
func agree(taker, maker *Order) int64 {
	n := min(taker.Units, maker.Units)
	if taker.Lot > 1 || maker.Lot > 1 {
		n -= n % lcm(max(taker.Lot, 1), max(maker.Lot, 1))
	}
	if (maker.AON && n < maker.Units) || n < min(maker.Min, maker.Units) {
		return 0
	}
	return n
}

func lcm(a, b int64) int64 {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// needs is the least that o must take when it enters, to take anything.
func needs(o *Order) int64 {
	if o.AON || o.TIF == FOK {
		return o.Units
	}
	return max(min(o.Min, o.Units), 1)
}

// willing reports whether o would get what it needs. Only an order that needs
// more than one unit has to look.
func (b *Book) willing(o *Order) bool {
	n := needs(o)
	return n == 1 || b.offered(*o, n) >= n
}

// offered is what priority would give to o, or enough of it. Own orders end it
// where meeting them would close o, and give nothing otherwise.
func (b *Book) offered(o Order, enough int64) (sum int64) {
	ls := b.sides[o.Side.Other()]
	for i := len(ls) - 1; i >= 0 && reaches(&o, ls[i].price); i-- {
		for n := ls[i].head; n != nil; n = n.next {
			u := agree(&o, &n.order)
			switch {
			case u == 0:
			case n.order.Org != o.Org:
				o.Units -= u
				if sum += u; sum >= enough {
					return sum
				}
			case o.STP == CancelNewest || o.STP == CancelBoth:
				return sum
			}
		}
	}
	return sum
}

// sweep lets an entering order take what it may. It reports true when o met an
// order of its own and is to be closed for that.
func (b *Book) sweep(o *Order, out []Event) ([]Event, bool) {
	s := o.Side.Other()
	// A level that is used up goes out of the slice; those behind it were skipped.
	for i := len(b.sides[s]) - 1; i >= 0 && o.Units > 0; i-- {
		l := b.sides[s][i]
		if !reaches(o, l.price) {
			break
		}
		for n := l.head; n != nil && o.Units > 0; {
			next := n.next
			u := agree(o, &n.order)
			switch {
			case u == 0:
			case n.order.Org == o.Org:
				var met bool
				if out, met = b.prevent(o, n, u, out); met {
					return out, true
				}
			default:
				o.Units -= u
				left := b.take(n, u)
				out = append(out, Event{
					Kind: Filled, Order: o.ID, Maker: n.order.ID, Price: l.price, Units: u, Left: o.Units, MakerLeft: left,
				})
				if left == 0 {
					b.remove(n)
				}
			}
			n = next
		}
	}
	return out, false
}

// prevent does what o asks for when it would trade u units with its own
// resting n. Conditions do not survive a decrement, so there it is the older
// that goes.
func (b *Book) prevent(o *Order, n *node, u int64, out []Event) ([]Event, bool) {
	mode := o.STP
	if mode == Decrement && (o.conditional() || o.TIF == FOK || n.order.conditional()) {
		mode = CancelOldest
	}
	switch mode {
	case CancelOldest:
		return b.close(n, SelfTrade, out), false
	case CancelBoth:
		return b.close(n, SelfTrade, out), true
	case Decrement:
		o.Units -= u
		left := b.take(n, u)
		out = append(out, Event{
			Kind: Reduced, Order: o.ID, Maker: n.order.ID, Units: u, Left: o.Units, MakerLeft: left, Reason: SelfTrade,
		})
		if left == 0 {
			b.remove(n)
		}
		return out, false
	}
	return out, true
}

// settle ends every command: resting orders whose prices cross trade, if what
// the command changed lets them.
func (b *Book) settle(out []Event) []Event {
	for !b.halted && b.crossed() {
		n := b.able()
		if n == nil {
			return out
		}
		out = b.inPlace(n, out)
	}
	return out
}

func (b *Book) crossed() bool {
	bid, ask := b.best(Bid), b.best(Ask)
	return bid != nil && ask != nil && bid.price >= ask.price
}

// able is the oldest resting order that can trade with those opposite.
func (b *Book) able() *node {
	for _, n := range b.crossing() {
		o := n.order
		o.STP = CancelOldest // its own give nothing
		if need := needs(&o); b.offered(o, need) >= need {
			return n
		}
	}
	return nil
}

// crossing are the resting orders whose prices cross, oldest first.
func (b *Book) crossing() []*node {
	var out []*node
	for s := Bid; s <= Ask; s++ {
		ls := b.sides[s]
		for i := len(ls) - 1; i >= 0 && b.crosses(&ls[i].head.order); i-- {
			for n := ls[i].head; n != nil; n = n.next {
				out = append(out, n)
			}
		}
	}
	slices.SortFunc(out, func(x, y *node) int { return cmp.Compare(x.order.Seq, y.order.Seq) })
	return out
}

// inPlace lets a resting order take from those opposite without losing its
// place. Of each pair the younger is the taker, the price is the older's.
func (b *Book) inPlace(r *node, out []Event) []Event {
	s := r.order.Side.Other()
	for i := len(b.sides[s]) - 1; i >= 0 && r.order.Units > 0; i-- {
		l := b.sides[s][i]
		if !reaches(&r.order, l.price) {
			break
		}
		for n := l.head; n != nil && r.order.Units > 0; {
			next := n.next
			if u := agree(&r.order, &n.order); u > 0 && n.order.Org != r.order.Org {
				older, _ := byAge(r, n)
				out = b.trade(r, n, u, older.order.Price, out)
				if n.order.Units == 0 {
					b.remove(n)
				}
			}
			n = next
		}
	}
	if r.order.Units == 0 {
		b.remove(r)
	}
	return out
}

// trade fills u units of two resting orders, of which the younger is the taker.
// Who has none left is the caller's to remove.
func (b *Book) trade(x, y *node, u int64, price hashyard.MilliCentsPerTH, out []Event) []Event {
	b.take(x, u)
	b.take(y, u)
	maker, taker := byAge(x, y)
	return append(out, Event{
		Kind: Filled, Order: taker.order.ID, Maker: maker.order.ID, Price: price,
		Units: u, Left: taker.order.Units, MakerLeft: maker.order.Units,
	})
}

func byAge(x, y *node) (older, younger *node) {
	if x.order.Seq < y.order.Seq {
		return x, y
	}
	return y, x
}
