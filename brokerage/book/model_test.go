package book

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

// naive is the same book written the slow, obvious way: one list in time
// order, searched whole for every match.
type naive struct{ resting []Order }

func (n *naive) place(o Order) []Event {
	if o.Units <= 0 || o.Price <= 0 {
		return []Event{{Kind: Refused, Order: o.ID, Left: o.Units, Reason: Malformed}}
	}
	if slices.ContainsFunc(n.resting, func(r Order) bool { return r.ID == o.ID }) {
		return []Event{{Kind: Refused, Order: o.ID, Left: o.Units, Reason: Duplicate}}
	}
	var out []Event
	for o.Units > 0 {
		best := -1
		for i, r := range n.resting {
			if r.Side == o.Side || (o.Side == Bid && r.Price > o.Price) || (o.Side == Ask && r.Price < o.Price) {
				continue
			}
			if best < 0 || (o.Side == Bid && r.Price < n.resting[best].Price) || (o.Side == Ask && r.Price > n.resting[best].Price) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		m := &n.resting[best]
		if m.Org == o.Org {
			return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: SelfTrade})
		}
		u := min(m.Units, o.Units)
		m.Units -= u
		o.Units -= u
		out = append(out, Event{Kind: Filled, Order: o.ID, Maker: m.ID, Price: m.Price, Units: u, Left: o.Units, MakerLeft: m.Units})
		if m.Units == 0 {
			n.resting = slices.Delete(n.resting, best, best+1)
		}
	}
	if o.Units == 0 {
		return out
	}
	if o.TIF == IOC {
		return append(out, Event{Kind: Closed, Order: o.ID, Left: o.Units, Reason: Unfilled})
	}
	n.resting = append(n.resting, o)
	return append(out, Event{Kind: Rested, Order: o.ID, Price: o.Price, Left: o.Units})
}

func (n *naive) cancel(id, org hashyard.ID) []Event {
	for i, r := range n.resting {
		if r.ID == id && r.Org == org {
			n.resting = slices.Delete(n.resting, i, i+1)
			return []Event{{Kind: Closed, Order: id, Left: r.Units, Reason: Cancelled}}
		}
	}
	return []Event{{Kind: Refused, Order: id, Reason: Unknown}}
}

func (n *naive) depth(s Side) []Level {
	at := map[hashyard.MilliCentsPerTH]*Level{}
	var prices []hashyard.MilliCentsPerTH
	for _, r := range n.resting {
		if r.Side != s {
			continue
		}
		if at[r.Price] == nil {
			at[r.Price] = &Level{Price: r.Price}
			prices = append(prices, r.Price)
		}
		at[r.Price].Units += r.Units
		at[r.Price].Orders++
	}
	slices.Sort(prices)
	if s == Bid {
		slices.Reverse(prices)
	}
	out := []Level{}
	for _, p := range prices {
		out = append(out, *at[p])
	}
	return out
}

func (n *naive) apply(c command) []Event {
	if c.cancel {
		return n.cancel(c.order.ID, c.order.Org)
	}
	return n.place(c.order)
}

type command struct {
	order  Order
	cancel bool
}

func drawCommand(t *rapid.T, ids int) command {
	o := Order{
		ID:    id('o', rapid.IntRange(1, ids).Draw(t, "order")),
		Org:   id('g', rapid.IntRange(1, 4).Draw(t, "org")),
		Side:  Side(rapid.IntRange(0, 1).Draw(t, "side")),
		TIF:   TIF(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "tif")),
		Price: hashyard.MilliCentsPerTH(1000 * rapid.IntRange(1, 8).Draw(t, "price")),
		Units: int64(rapid.IntRange(0, 9).Draw(t, "units")),
	}
	return command{order: o, cancel: rapid.IntRange(0, 4).Draw(t, "cancel") == 0}
}

func (c command) apply(b *Book) []Event {
	if c.cancel {
		return b.Cancel(c.order.ID, c.order.Org, nil)
	}
	return b.Place(c.order, nil)
}

func TestBookEqualsNaiveBook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, slow := New(), &naive{}
		var journal []command
		entered := map[hashyard.ID]int64{} // units a live id entered with
		for range rapid.IntRange(1, 120).Draw(t, "commands") {
			c := drawCommand(t, 60)
			journal = append(journal, c)
			got := c.apply(b)
			want := slow.apply(c)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("after %d commands (-naive +book):\n%s", len(journal), d)
			}
			audit(t, b, slow)
			var filled int64
			for _, e := range got {
				if e.Kind == Filled {
					filled += e.Units
					entered[e.Maker] -= e.Units
					if entered[e.Maker] < 0 {
						t.Fatalf("%s filled beyond its units", e.Maker)
					}
				}
			}
			if filled > max(c.order.Units, 0) {
				t.Fatalf("taker filled %d of %d", filled, c.order.Units)
			}
			if r, ok := b.Resting(c.order.ID); ok && !c.cancel && got[len(got)-1].Kind == Rested {
				entered[r.ID] = r.Units
			}
		}
		replayAndRestore(t, b, journal)
	})
}

// audit checks both sides whole after every message.
func audit(t *rapid.T, b *Book, slow *naive) {
	bb, ba := b.best(Bid), b.best(Ask)
	if bb != nil && ba != nil && bb.price >= ba.price {
		t.Fatalf("crossed: bid %d, ask %d", bb.price, ba.price)
	}
	for _, s := range []Side{Bid, Ask} {
		if d := cmp.Diff(slow.depth(s), b.Depth(s, 1000)); d != "" {
			t.Fatalf("%s depth (-naive +book):\n%s", s, d)
		}
	}
	if b.Len() != len(slow.resting) {
		t.Fatalf("%d resting, naive %d", b.Len(), len(slow.resting))
	}
}

// replayAndRestore: the journal, and the resting orders alone, both give the
// live state again.
func replayAndRestore(t *rapid.T, b *Book, journal []command) {
	replayed := New()
	for _, c := range journal {
		c.apply(replayed)
	}
	if replayed.Hash() != b.Hash() {
		t.Fatal("replay of the journal differs from the live book")
	}
	restored := New()
	for _, o := range b.Orders() {
		if evs := restored.Place(o, nil); len(evs) != 1 || evs[0].Kind != Rested {
			t.Fatalf("restoring traded: %+v", evs)
		}
	}
	if restored.Hash() != b.Hash() {
		t.Fatal("restored book differs from the live book")
	}
}

// BenchmarkMatch is one resting order and one that takes it.
func BenchmarkMatch(b *testing.B) {
	bk := New()
	for i := range 1000 { // a book with some depth on both sides
		bk.Place(order(i+1, 1, Bid, int64(1000+i%50), 1, GTC), nil)
		bk.Place(order(i+2001, 1, Ask, int64(2000+i%50), 1, GTC), nil)
	}
	out := make([]Event, 0, 8)
	ask := order(60000, 2, Ask, 1500, 1, GTC)
	bid := order(60001, 3, Bid, 1500, 1, GTC)
	b.ReportAllocs()
	for b.Loop() {
		out = bk.Place(ask, out[:0])
		out = bk.Place(bid, out[:0])
	}
	if out[0].Kind != Filled {
		b.Fatal("did not match")
	}
}
