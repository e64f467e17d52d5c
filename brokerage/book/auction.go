package book

import (
	"slices"

	"hashyard"
)

// Halt stops matching: limit orders rest as they come, cancels work.
func (b *Book) Halt(out []Event) []Event {
	if b.halted {
		return append(out, Event{Kind: Refused, Reason: InHalt})
	}
	b.halted = true
	return append(out, Event{Kind: Halted})
}

// Resume opens a halted book with an auction at one price. The reference, which
// is usually the last price, decides between prices that do equally well; 0 is
// none. Self-trade prevention is the younger order's.
func (b *Book) Resume(reference hashyard.MilliCentsPerTH, out []Event) []Event {
	if !b.halted {
		return append(out, Event{Kind: Refused, Reason: NotHalted})
	}
	b.halted = false
	out = append(out, Event{Kind: Resumed})
	if price, units := b.clearing(reference); units > 0 {
		out = append(out, Event{Kind: Auctioned, Price: price, Units: units})
		out = b.auction(price, out)
	}
	return b.settle(out)
}

// clearing finds the price of an auction and its volume.
func (b *Book) clearing(reference hashyard.MilliCentsPerTH) (best hashyard.MilliCentsPerTH, volume int64) {
	prices := make([]hashyard.MilliCentsPerTH, 0, len(b.sides[Bid])+len(b.sides[Ask])+1)
	for s := Bid; s <= Ask; s++ {
		for _, l := range b.sides[s] {
			prices = append(prices, l.price)
		}
	}
	if reference > 0 {
		prices = append(prices, reference)
	}
	slices.Sort(prices)
	prices = slices.Compact(prices)
	demand, supply := b.curve(Bid, prices), b.curve(Ask, prices)
	var surplus int64
	for i, p := range prices { // ascending: the lower of equals is met first
		v, d := min(demand[i], supply[i]), abs(demand[i]-supply[i])
		switch {
		case v < volume, v == 0:
			continue
		case v == volume && d > surplus,
			v == volume && d == surplus && (reference == 0 || abs(int64(p-reference)) >= abs(int64(best-reference))):
			continue
		}
		best, volume, surplus = p, v, d
	}
	return best, volume
}

// curve is how many units of a side trade at each of the ascending prices.
func (b *Book) curve(s Side, prices []hashyard.MilliCentsPerTH) []int64 {
	out := make([]int64, len(prices))
	for _, l := range b.sides[s] {
		i, _ := slices.BinarySearch(prices, l.price)
		for n := l.head; n != nil; n = n.next {
			if !n.order.conditional() {
				out[i] += n.order.Units
			}
		}
	}
	if s == Ask {
		for i := 1; i < len(out); i++ {
			out[i] += out[i-1]
		}
		return out
	}
	for i := len(out) - 2; i >= 0; i-- {
		out[i] += out[i+1]
	}
	return out
}

// auction trades the orders that reach price, in priority order, at it.
func (b *Book) auction(price hashyard.MilliCentsPerTH, out []Event) []Event {
	bids, asks := b.reaching(Bid, price), b.reaching(Ask, price)
	for len(bids) > 0 && len(asks) > 0 {
		x, y := bids[0], asks[0]
		u := min(x.order.Units, y.order.Units)
		if x.order.Org == y.order.Org {
			out = b.preventResting(x, y, u, out)
		} else {
			out = b.trade(x, y, u, price, out)
		}
		if x.order.Units == 0 {
			b.remove(x)
			bids = bids[1:]
		}
		if y.order.Units == 0 {
			b.remove(y)
			asks = asks[1:]
		}
	}
	return out
}

// preventResting does what the younger of two own orders asks for. Orders that
// are to go are left without units.
func (b *Book) preventResting(x, y *node, u int64, out []Event) []Event {
	older, younger := byAge(x, y)
	gone := []*node{younger}
	switch younger.order.STP {
	case CancelOldest:
		gone[0] = older
	case CancelBoth:
		gone = append(gone, older)
	case Decrement:
		b.take(x, u)
		b.take(y, u)
		return append(out, Event{
			Kind: Reduced, Order: younger.order.ID, Maker: older.order.ID, Units: u,
			Left: younger.order.Units, MakerLeft: older.order.Units, Reason: SelfTrade,
		})
	}
	for _, n := range gone {
		out = append(out, Event{Kind: Closed, Order: n.order.ID, Left: n.order.Units, Reason: SelfTrade})
		b.take(n, n.order.Units)
	}
	return out
}

// reaching are the orders without conditions that trade at price, in priority.
func (b *Book) reaching(s Side, price hashyard.MilliCentsPerTH) []*node {
	var out []*node
	ls := b.sides[s]
	for i := len(ls) - 1; i >= 0 && reaches(&ls[i].head.order, price); i-- {
		for n := ls[i].head; n != nil; n = n.next {
			if !n.order.conditional() {
				out = append(out, n)
			}
		}
	}
	return out
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
