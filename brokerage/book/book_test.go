package book

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

// id makes a readable id for tests: one letter, one number.
func id(kind byte, n int) (out hashyard.ID) {
	out[0], out[14], out[15] = kind, byte(n>>8), byte(n)
	return out
}

func order(n, org int, s Side, price, units int64, tif TIF) Order {
	return Order{ID: id('o', n), Org: id('g', org), Side: s, Price: hashyard.MilliCentsPerTH(price), Units: units, TIF: tif}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	o := func(n int) hashyard.ID { return id('o', n) }
	tests := []struct {
		name  string
		rest  []Order
		take  Order
		want  []Event
		depth [2][]Level
	}{
		{
			name: "rests in an empty book",
			take: order(1, 1, Bid, 1000, 5, GTC),
			want: []Event{{Kind: Rested, Order: o(1), Price: 1000, Left: 5}},
			depth: [2][]Level{
				{{Price: 1000, Units: 5, Orders: 1}},
			},
		},
		{
			name: "trades at the maker's price, oldest first",
			rest: []Order{order(1, 1, Ask, 1000, 2, GTC), order(2, 1, Ask, 1000, 2, GTC), order(3, 1, Ask, 900, 1, GTC)},
			take: order(4, 2, Bid, 1200, 4, GTC),
			want: []Event{
				{Kind: Filled, Order: o(4), Maker: o(3), Price: 900, Units: 1, Left: 3},
				{Kind: Filled, Order: o(4), Maker: o(1), Price: 1000, Units: 2, Left: 1},
				{Kind: Filled, Order: o(4), Maker: o(2), Price: 1000, Units: 1, MakerLeft: 1},
			},
			depth: [2][]Level{nil, {{Price: 1000, Units: 1, Orders: 1}}},
		},
		{
			name: "stops at its own limit and rests as the best price",
			rest: []Order{order(1, 1, Ask, 1000, 1, GTC), order(2, 1, Ask, 1100, 1, GTC)},
			take: order(3, 2, Bid, 1000, 3, GTC),
			want: []Event{
				{Kind: Filled, Order: o(3), Maker: o(1), Price: 1000, Units: 1, Left: 2},
				{Kind: Rested, Order: o(3), Price: 1000, Left: 2},
			},
			depth: [2][]Level{{{Price: 1000, Units: 2, Orders: 1}}, {{Price: 1100, Units: 1, Orders: 1}}},
		},
		{
			name: "residue of immediate-or-cancel never rests",
			rest: []Order{order(1, 1, Bid, 1000, 1, GTC)},
			take: order(2, 2, Ask, 1000, 3, IOC),
			want: []Event{
				{Kind: Filled, Order: o(2), Maker: o(1), Price: 1000, Units: 1, Left: 2},
				{Kind: Closed, Order: o(2), Left: 2, Reason: Unfilled},
			},
		},
		{
			name: "meets its own organisation after a partial fill: residue does not rest",
			rest: []Order{order(1, 1, Ask, 1000, 1, GTC), order(2, 2, Ask, 1000, 1, GTC), order(3, 1, Ask, 1000, 1, GTC)},
			take: order(4, 2, Bid, 1000, 3, GTC),
			want: []Event{
				{Kind: Filled, Order: o(4), Maker: o(1), Price: 1000, Units: 1, Left: 2},
				{Kind: Closed, Order: o(4), Left: 2, Reason: SelfTrade},
			},
			depth: [2][]Level{nil, {{Price: 1000, Units: 2, Orders: 2}}},
		},
		{
			name:  "a live id again is refused",
			rest:  []Order{order(1, 1, Bid, 1000, 1, GTC)},
			take:  order(1, 1, Bid, 1100, 1, GTC),
			want:  []Event{{Kind: Refused, Order: o(1), Left: 1, Reason: Duplicate}},
			depth: [2][]Level{{{Price: 1000, Units: 1, Orders: 1}}},
		},
		{
			name: "no units",
			take: order(1, 1, Bid, 1000, 0, GTC),
			want: []Event{{Kind: Refused, Order: o(1), Reason: Malformed}},
		},
		{
			name: "no price",
			take: order(1, 1, Bid, 0, 1, GTC),
			want: []Event{{Kind: Refused, Order: o(1), Left: 1, Reason: Malformed}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := New()
			for _, r := range tt.rest {
				b.Place(r, nil)
			}
			got := b.Place(tt.take, nil)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			for _, s := range []Side{Bid, Ask} {
				want := tt.depth[s]
				if want == nil {
					want = []Level{}
				}
				if d := cmp.Diff(want, b.Depth(s, 10)); d != "" {
					t.Errorf("%s depth (-want +got):\n%s", s, d)
				}
			}
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := New()
	for n := 1; n <= 3; n++ {
		b.Place(order(n, 1, Ask, 1000, 2, GTC), nil)
	}
	if d := cmp.Diff([]Event{{Kind: Refused, Order: id('o', 2), Reason: Unknown}}, b.Cancel(id('o', 2), id('g', 9), nil)); d != "" {
		t.Errorf("another organisation cancels: %s", d)
	}
	if d := cmp.Diff([]Event{{Kind: Closed, Order: id('o', 2), Left: 2, Reason: Cancelled}}, b.Cancel(id('o', 2), id('g', 1), nil)); d != "" {
		t.Errorf("cancel of the middle: %s", d)
	}
	if d := cmp.Diff([]Event{{Kind: Refused, Order: id('o', 2), Reason: Unknown}}, b.Cancel(id('o', 2), id('g', 1), nil)); d != "" {
		t.Errorf("stale cancel: %s", d)
	}
	evs := b.Place(order(4, 2, Bid, 1000, 4, IOC), nil)
	if len(evs) != 2 || evs[0].Maker != id('o', 1) || evs[1].Maker != id('o', 3) {
		t.Errorf("sweep after cancel: %+v", evs)
	}
	if b.Len() != 0 || b.best(Ask) != nil {
		t.Error("phantom level after the sweep")
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	var s Side
	if err := s.UnmarshalText([]byte("ask")); err != nil || s != Ask {
		t.Errorf("ask: %v %v", s, err)
	}
	if err := s.UnmarshalText([]byte("sell")); err == nil {
		t.Error("sell is no side")
	}
	var f TIF
	if err := f.UnmarshalText([]byte("ioc")); err != nil || f != IOC {
		t.Errorf("ioc: %v %v", f, err)
	}
	if Kind(9).String() != "?" || Refused.String() != "refused" || SelfTrade.String() != "self-trade" {
		t.Error("words")
	}
}
