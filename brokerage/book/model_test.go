package book

import (
	"cmp"
	"slices"

	"hashyard"
)

// naive is the same book written the slow, obvious way: one list in time
// order, searched whole for every question, units tried one by one, and what
// would happen found out by doing it to a copy.
type naive struct {
	resting []Order
	halted  bool
	now     int64
}

func (n *naive) apply(c command) []Event {
	switch c.kind {
	case cancelOne:
		return n.cancel(c.order.ID, c.order.Org)
	case replaceOne:
		return n.replace(c.order)
	case cancelAll:
		return n.settle(n.closeAll(Cancelled, func(o Order) bool { return c.order.Org.IsZero() || o.Org == c.order.Org }))
	case expire:
		n.now = max(n.now, c.at)
		return n.settle(n.closeAll(Expired, func(o Order) bool { return o.TIF == GTD && o.Expires <= n.now }))
	case halt:
		if n.halted {
			return []Event{{Kind: Refused, Reason: InHalt}}
		}
		n.halted = true
		return []Event{{Kind: Halted}}
	case resume:
		return n.resume(hashyard.MilliCentsPerTH(c.at))
	}
	return n.place(c.order)
}

func (n *naive) index(id hashyard.ID) int {
	return slices.IndexFunc(n.resting, func(r Order) bool { return r.ID == id })
}

func (n *naive) crossesAny(o Order) bool {
	return slices.ContainsFunc(n.resting, func(r Order) bool { return r.Side != o.Side && meet(o, r) })
}

// meet tells whether prices of opposite sides cross.
func meet(x, y Order) bool {
	if x.Side == Bid {
		return x.Price >= y.Price
	}
	return x.Price <= y.Price
}

func (n *naive) place(o Order) []Event {
	refused := func(r Reason) []Event { return []Event{{Kind: Refused, Order: o.ID, Left: o.Units, Reason: r}} }
	now := o.TIF == IOC || o.TIF == FOK || o.Type == Market
	switch {
	case unsound(o) || o.Min > o.Units:
		return refused(Malformed)
	case n.index(o.ID) >= 0:
		return refused(Duplicate)
	case n.halted && now:
		return refused(InHalt)
	case o.TIF == GTD && o.Expires <= n.now:
		return refused(Expired)
	}
	if o.Type == Market && o.Price == 0 {
		best := n.opposite(o)
		if len(best) == 0 {
			return []Event{{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled}}
		}
		p := n.resting[best[0]].Price
		away := o.Collar
		if away == 0 {
			away = p / 10
		}
		if o.Side == Bid {
			o.Price = p + away
		} else {
			o.Price = max(p-away, 1)
		}
	}
	if o.PostOnly && !n.halted && n.crossesAny(o) {
		return refused(WouldTake)
	}
	return n.settle(n.enter(o, nil))
}

func unsound(o Order) bool {
	m, now := o.Type == Market, o.TIF == IOC || o.TIF == FOK
	lot := max(o.Lot, 1)
	return o.Units <= 0 || o.Units > MaxUnits || o.Price < 0 || (o.Price == 0 && !m) ||
		o.Collar < 0 || (o.Collar > 0 && (!m || o.Price > 0)) || o.Min < 0 || o.Lot < 0 ||
		o.Units%lot != 0 || o.Min%lot != 0 || (o.TIF == GTD && o.Expires == 0) || (o.TIF != GTD && o.Expires != 0) ||
		(o.PostOnly && (m || now)) || (m && o.TIF == GTD)
}

// opposite are the indexes of what could be opposite to o, in priority order;
// for a market order without a price yet, all of the other side.
func (n *naive) opposite(o Order) []int {
	var out []int
	for i, r := range n.resting {
		if r.Side != o.Side && (o.Price == 0 || meet(o, r)) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(x, y int) int {
		if o.Side == Bid {
			return cmp.Compare(n.resting[x].Price, n.resting[y].Price)
		}
		return cmp.Compare(n.resting[y].Price, n.resting[x].Price)
	})
	return out
}

// most tries all numbers of units, the greatest first.
func most(taker, maker Order) int64 {
	for u := min(taker.Units, maker.Units); u > 0; u-- {
		whole := u == maker.Units
		if u%max(taker.Lot, 1) == 0 && u%max(maker.Lot, 1) == 0 && (whole || !maker.AON && u >= maker.Min) {
			return u
		}
	}
	return 0
}

func (n *naive) enter(o Order, out []Event) []Event {
	if !n.halted && n.wouldGet(o) >= least(o) {
		var self bool
		if out, self = n.sweep(&o, out); self {
			return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: SelfTrade})
		}
	}
	if o.Units == 0 {
		return out
	}
	if o.TIF == IOC || o.TIF == FOK || o.Type == Market {
		return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled})
	}
	n.resting = append(n.resting, o)
	return append(out, Event{Kind: Rested, Order: o.ID, Price: o.Price, Left: o.Units})
}

// least is what o must get to take anything; an order without such a wish may
// get nothing, and the wish for one unit is none.
func least(o Order) int64 {
	switch {
	case o.Units == 1:
		return 0
	case o.AON || o.TIF == FOK:
		return o.Units
	case o.Min > 1:
		return min(o.Min, o.Units)
	}
	return 0
}

func (n *naive) wouldGet(o Order) (sum int64) {
	try := naive{resting: slices.Clone(n.resting), now: n.now}
	evs, _ := try.sweep(&o, nil)
	for _, e := range evs {
		if e.Kind == Filled {
			sum += e.Units
		}
	}
	return sum
}

func (n *naive) sweep(o *Order, out []Event) ([]Event, bool) {
	var makers []hashyard.ID
	for _, i := range n.opposite(*o) {
		makers = append(makers, n.resting[i].ID)
	}
	for _, id := range makers {
		i := n.index(id)
		m := &n.resting[i]
		u := most(*o, *m)
		if u == 0 {
			continue
		}
		if m.Org != o.Org {
			m.Units -= u
			o.Units -= u
			out = append(out, Event{Kind: Filled, Order: o.ID, Maker: id, Price: m.Price, Units: u, Left: o.Units, MakerLeft: m.Units})
			n.sweepUp(i)
			continue
		}
		special := o.AON || o.TIF == FOK || o.Min > 1 || o.Lot > 1 || m.AON || m.Min > 1 || m.Lot > 1
		switch {
		case o.STP == CancelNewest:
			return out, true
		case o.STP == CancelBoth:
			return append(out, n.drop(i, SelfTrade)), true
		case o.STP == CancelOldest || special:
			out = append(out, n.drop(i, SelfTrade))
		default:
			m.Units -= u
			o.Units -= u
			out = append(out, Event{Kind: Reduced, Order: o.ID, Maker: id, Units: u, Left: o.Units, MakerLeft: m.Units, Reason: SelfTrade})
			n.sweepUp(i)
		}
	}
	return out, false
}

// sweepUp takes a resting order out if nothing of it is left.
func (n *naive) sweepUp(i int) {
	if n.resting[i].Units == 0 {
		n.resting = slices.Delete(n.resting, i, i+1)
	}
}

func (n *naive) drop(i int, why Reason) Event {
	e := Event{Kind: Closed, Order: n.resting[i].ID, Left: n.resting[i].Units, Reason: why}
	n.resting = slices.Delete(n.resting, i, i+1)
	return e
}

// settle lets the oldest resting order that can trade do so, again and again.
func (n *naive) settle(out []Event) []Event {
	for again := !n.halted; again; {
		again = false
		for _, r := range n.resting {
			try := naive{resting: slices.Clone(n.resting)}
			evs := try.inPlace(r.ID)
			if n.sum(evs) > 0 && n.sum(evs) >= least(r) {
				out = append(out, n.inPlace(r.ID)...)
				again = true
				break
			}
		}
	}
	return out
}

func (n *naive) sum(evs []Event) (sum int64) {
	for _, e := range evs {
		sum += e.Units
	}
	return sum
}

func (n *naive) inPlace(id hashyard.ID) (out []Event) {
	var others []hashyard.ID
	for _, i := range n.opposite(n.resting[n.index(id)]) {
		others = append(others, n.resting[i].ID)
	}
	for _, other := range others {
		i, j := n.index(id), n.index(other)
		if i < 0 {
			break
		}
		u := most(n.resting[i], n.resting[j])
		if u == 0 || n.resting[i].Org == n.resting[j].Org {
			continue
		}
		out = append(out, n.pair(min(i, j), max(i, j), u, n.resting[min(i, j)].Price))
	}
	return out
}

// pair trades two resting orders, the older given first.
func (n *naive) pair(older, younger int, u int64, price hashyard.MilliCentsPerTH) Event {
	x, y := &n.resting[older], &n.resting[younger]
	x.Units -= u
	y.Units -= u
	e := Event{Kind: Filled, Order: y.ID, Maker: x.ID, Price: price, Units: u, Left: y.Units, MakerLeft: x.Units}
	n.sweepUp(younger)
	n.sweepUp(older)
	return e
}

func (n *naive) cancel(id, org hashyard.ID) []Event {
	i := n.index(id)
	if i < 0 || n.resting[i].Org != org {
		return []Event{{Kind: Refused, Order: id, Reason: Unknown}}
	}
	return n.settle([]Event{n.drop(i, Cancelled)})
}

func (n *naive) replace(to Order) []Event {
	i := n.index(to.ID)
	if i < 0 || n.resting[i].Org != to.Org {
		return []Event{{Kind: Refused, Order: to.ID, Reason: Unknown}}
	}
	was := n.resting[i]
	o := was
	o.Price, o.Units = to.Price, to.Units
	stays := o.Price == was.Price && o.Units <= was.Units
	switch {
	case unsound(o):
		return []Event{{Kind: Refused, Order: o.ID, Left: was.Units, Reason: Malformed}}
	case !stays && o.PostOnly && !n.halted && n.crossesAny(o):
		return []Event{{Kind: Refused, Order: o.ID, Left: was.Units, Reason: WouldTake}}
	}
	out := []Event{{Kind: Replaced, Order: o.ID, Price: o.Price, Left: o.Units}}
	if stays {
		n.resting[i] = o
		return n.settle(out)
	}
	n.resting = slices.Delete(n.resting, i, i+1)
	return n.settle(n.enter(o, out))
}

// closeAll closes bids before asks, each side in priority order.
func (n *naive) closeAll(why Reason, of func(Order) bool) (out []Event) {
	for _, id := range n.priority() {
		if i := n.index(id); of(n.resting[i]) {
			out = append(out, n.drop(i, why))
		}
	}
	return out
}

func (n *naive) priority() (ids []hashyard.ID) {
	for _, s := range []Side{Bid, Ask} {
		for _, i := range n.opposite(Order{Side: s.Other()}) {
			ids = append(ids, n.resting[i].ID)
		}
	}
	return ids
}

func (n *naive) depth(s Side) []Level {
	out := []Level{}
	for _, i := range n.opposite(Order{Side: s.Other()}) {
		r := n.resting[i]
		if len(out) == 0 || out[len(out)-1].Price != r.Price {
			out = append(out, Level{Price: r.Price})
		}
		out[len(out)-1].Units += r.Units
		out[len(out)-1].Orders++
	}
	return out
}
