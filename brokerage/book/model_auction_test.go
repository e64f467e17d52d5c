package book

import (
	"slices"

	"hashyard"
)

func simple(o Order) bool { return !o.AON && o.Min <= 1 && o.Lot <= 1 }

func (n *naive) resume(reference hashyard.MilliCentsPerTH) []Event {
	if !n.halted {
		return []Event{{Kind: Refused, Reason: NotHalted}}
	}
	n.halted = false
	out := []Event{{Kind: Resumed}}
	if price, volume := n.clearing(reference); volume > 0 {
		out = append(out, Event{Kind: Auctioned, Price: price, Units: volume})
		out = n.auction(price, out)
	}
	return n.settle(out)
}

// clearing asks every price there is for its volume, and every rule in turn.
func (n *naive) clearing(reference hashyard.MilliCentsPerTH) (hashyard.MilliCentsPerTH, int64) {
	type result struct {
		price                     hashyard.MilliCentsPerTH
		volume, surplus, distance int64
	}
	var all []result
	ask := func(p hashyard.MilliCentsPerTH) {
		var demand, supply int64
		for _, r := range n.resting {
			switch {
			case !simple(r):
			case r.Side == Bid && r.Price >= p:
				demand += r.Units
			case r.Side == Ask && r.Price <= p:
				supply += r.Units
			}
		}
		res := result{price: p, volume: min(demand, supply), surplus: max(demand-supply, supply-demand)}
		if reference > 0 {
			res.distance = max(int64(p-reference), int64(reference-p))
		}
		all = append(all, res)
	}
	for _, r := range n.resting {
		ask(r.Price)
	}
	if reference > 0 {
		ask(reference)
	}
	if len(all) == 0 {
		return 0, 0
	}
	best := slices.MinFunc(all, func(x, y result) int {
		for _, d := range []int64{y.volume - x.volume, x.surplus - y.surplus, x.distance - y.distance, int64(x.price - y.price)} {
			if d != 0 {
				return int(d)
			}
		}
		return 0
	})
	return best.price, best.volume
}

// auction lets the first bid and the first ask that reach the price meet, until
// a side has none.
func (n *naive) auction(price hashyard.MilliCentsPerTH, out []Event) []Event {
	first := func(s Side) int {
		for _, i := range n.opposite(Order{Side: s.Other()}) {
			r := n.resting[i]
			if simple(r) && (s == Bid && r.Price >= price || s == Ask && r.Price <= price) {
				return i
			}
		}
		return -1
	}
	for {
		i, j := first(Bid), first(Ask)
		if i < 0 || j < 0 {
			return out
		}
		older, younger := min(i, j), max(i, j)
		x, y := &n.resting[older], &n.resting[younger]
		u := min(x.Units, y.Units)
		switch {
		case x.Org != y.Org:
			out = append(out, n.pair(older, younger, u, price))
		case y.STP == CancelNewest:
			out = append(out, n.drop(younger, SelfTrade))
		case y.STP == CancelOldest:
			out = append(out, n.drop(older, SelfTrade))
		case y.STP == CancelBoth:
			out = append(out, n.drop(younger, SelfTrade), n.drop(older, SelfTrade))
		default:
			x.Units -= u
			y.Units -= u
			out = append(out, Event{Kind: Reduced, Order: y.ID, Maker: x.ID, Units: u, Left: y.Units, MakerLeft: x.Units, Reason: SelfTrade})
			n.sweepUp(younger)
			n.sweepUp(older)
		}
	}
}
