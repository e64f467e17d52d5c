package book

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

// The kinds of commands.
const (
	placeOne = iota
	cancelOne
	replaceOne
	cancelAll
	expire
	halt
	resume
)

type command struct {
	kind  int
	order Order
	at    int64 // of expire the moment, of resume the reference price
}

func (c command) apply(b *Book) []Event {
	switch c.kind {
	case cancelOne:
		return b.Cancel(c.order.ID, c.order.Org, nil)
	case replaceOne:
		return b.Replace(c.order.ID, c.order.Org, c.order.Price, c.order.Units, nil)
	case cancelAll:
		return b.CancelAll(c.order.Org, nil)
	case expire:
		return b.Expire(c.at, nil)
	case halt:
		return b.Halt(nil)
	case resume:
		return b.Resume(hashyard.MilliCentsPerTH(c.at), nil)
	}
	return b.Place(c.order, nil)
}

// drawn makes a command of numbers that draw gives, each from 0 to n-1. Most
// orders are plain, and most commands place one.
func drawn(draw func(what string, n int) int, ids int) command {
	o := Order{
		ID:    id('o', 1+draw("order", ids)),
		Org:   id('g', 1+draw("org", 5)),
		Side:  Side(draw("side", 2)),
		TIF:   []TIF{GTC, GTC, GTC, IOC, GTD, FOK}[draw("tif", 6)],
		STP:   STP(draw("stp", 4)),
		Price: hashyard.MilliCentsPerTH(1000 * (1 + draw("price", 8))),
		Units: int64(draw("units", 13)),
	}
	if o.TIF == GTD {
		o.Expires = int64(draw("expires", 40))
	}
	switch draw("attribute", 12) {
	case 0, 1:
		o.AON = true
	case 2, 3:
		o.Min = int64(draw("min", 7))
	case 4, 5:
		o.Lot = int64(1 + draw("lot", 4))
		o.Units *= o.Lot
	case 6:
		o.PostOnly = true
	case 7:
		o.Type, o.Price = Market, 0
		o.Collar = hashyard.MilliCentsPerTH(1000 * draw("collar", 4))
	}
	c := command{order: o}
	switch k := draw("kind", 40); {
	case k < 8:
		c.kind = cancelOne
	case k < 14:
		c.kind = replaceOne
	case k == 14:
		c.kind = cancelAll
	case k == 15:
		c.kind, c.at = expire, int64(draw("at", 40))
	case k == 16:
		c.kind = halt
	case k <= 18: // oftener than halt, or most of the time nothing trades
		c.kind, c.at = resume, int64(500*draw("reference", 20))
	}
	return c
}

func TestBookEqualsNaiveBook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
		b, slow := New(), &naive{}
		var journal []command
		live := map[hashyard.ID]int64{} // units that an order still may trade
		cut := draw("cut", 60)
		var snapshot State
		n := 1 + draw("commands", 120)
		for i := range n {
			if i == cut {
				snapshot = b.State()
			}
			c := drawn(draw, 40)
			journal = append(journal, c)
			got := c.apply(b)
			if d := cmp.Diff(slow.apply(c), got); d != "" {
				t.Fatalf("command %d, %+v (-naive +book):\n%s", i, c, d)
			}
			audit(t, b, slow)
			conserve(t, live, c, got)
		}
		again(t, b, journal, 0, State{})
		if cut < n {
			again(t, b, journal, cut, snapshot)
		}
	})
}

// audit checks both sides whole after every message.
func audit(t *rapid.T, b *Book, slow *naive) {
	for _, s := range []Side{Bid, Ask} {
		if d := cmp.Diff(slow.depth(s), b.Depth(s, 1000)); d != "" {
			t.Fatalf("%s depth (-naive +book):\n%s", s, d)
		}
	}
	st := b.State()
	if len(st.Orders) != b.Len() || b.Len() != len(slow.resting) {
		t.Fatalf("%d in the snapshot, %d resting, naive %d", len(st.Orders), b.Len(), len(slow.resting))
	}
	if b.halted {
		return
	}
	var bid, ask *Order // the best without conditions
	for i, o := range st.Orders {
		switch {
		case o.conditional():
		case o.Side == Bid && bid == nil:
			bid = &st.Orders[i]
		case o.Side == Ask && ask == nil:
			ask = &st.Orders[i]
		}
	}
	if bid != nil && ask != nil && bid.Price >= ask.Price && bid.Org != ask.Org {
		t.Fatalf("crossed without conditions: %+v and %+v", *bid, *ask)
	}
	if n := b.able(); b.crossed() && n != nil {
		t.Fatalf("%s rests though it could trade", n.order.ID)
	}
}

// conserve follows what every order has left: nobody trades more than it
// entered with, and what one side of a fill loses the other loses too.
func conserve(t *rapid.T, live map[hashyard.ID]int64, c command, evs []Event) {
	if c.kind == placeOne && evs[0].Kind != Refused {
		live[c.order.ID] = c.order.Units
	}
	lose := func(id hashyard.ID, units, left int64) {
		if live[id]-units != left || left < 0 {
			t.Fatalf("%s had %d, lost %d, has %d left: %+v", id, live[id], units, left, evs)
		}
		if live[id] = left; left == 0 {
			delete(live, id)
		}
	}
	for _, e := range evs {
		switch e.Kind {
		case Filled, Reduced:
			if e.Units <= 0 {
				t.Fatalf("nothing traded: %+v", e)
			}
			lose(e.Order, e.Units, e.Left)
			lose(e.Maker, e.Units, e.MakerLeft)
		case Closed:
			lose(e.Order, e.Left, 0)
		case Replaced:
			live[e.Order] = e.Left
		case Rested:
			lose(e.Order, 0, e.Left)
		}
	}
}

// again: the journal, or a snapshot and the journal after it, give the live
// state.
func again(t interface {
	Fatal(args ...any)
	Helper()
}, b *Book, journal []command, from int, snapshot State,
) {
	t.Helper()
	replayed, err := Restore(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range journal[from:] {
		c.apply(replayed)
	}
	if replayed.Hash() != b.Hash() {
		t.Fatal("the journal from", from, "gives another book than the live one")
	}
	restored, err := Restore(b.State())
	if err != nil {
		t.Fatal(err)
	}
	if restored.Hash() != b.Hash() {
		t.Fatal("a restored book differs from the live one")
	}
}
