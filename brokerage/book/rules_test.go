package book

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

// limit is a plain order of an owner named by a number; with changes it.
func limit(n, org int, s Side, price, units int64, with ...func(*Order)) Order {
	o := order(n, org, s, price, units, GTC)
	for _, f := range with {
		f(&o)
	}
	return o
}

func aon(o *Order)                { o.AON = true }
func postOnly(o *Order)           { o.PostOnly = true }
func fok(o *Order)                { o.TIF = FOK }
func ioc(o *Order)                { o.TIF = IOC }
func least2(n int64) func(*Order) { return func(o *Order) { o.Min = n } }
func lot(n int64) func(*Order)    { return func(o *Order) { o.Lot = n } }
func stp(m STP) func(*Order)      { return func(o *Order) { o.STP = m } }
func until(t int64) func(*Order)  { return func(o *Order) { o.TIF, o.Expires = GTD, t } }
func market(collar int64) func(*Order) {
	return func(o *Order) { o.Type, o.Price, o.Collar = Market, 0, hashyard.MilliCentsPerTH(collar) }
}

type step func(*Book) []Event

func put(o Order) step { return func(b *Book) []Event { return b.Place(o, nil) } }
func cxl(n, org int) step {
	return func(b *Book) []Event { return b.Cancel(id('o', n), id('g', org), nil) }
}

func repl(n, org int, price, units int64) step {
	return func(b *Book) []Event {
		return b.Replace(id('o', n), id('g', org), hashyard.MilliCentsPerTH(price), units, nil)
	}
}
func stop(b *Book) []Event { return b.Halt(nil) }
func start(ref int64) step {
	return func(b *Book) []Event { return b.Resume(hashyard.MilliCentsPerTH(ref), nil) }
}
func clock(now int64) step { return func(b *Book) []Event { return b.Expire(now, nil) } }
func cxlAll(org int) step  { return func(b *Book) []Event { return b.CancelAll(id('g', org), nil) } }

func short(evs []Event) string {
	var out []string
	for _, e := range evs {
		n := func(i hashyard.ID) int { return int(i[14])<<8 | int(i[15]) }
		switch e.Kind {
		case Filled, Reduced:
			out = append(out, fmt.Sprintf("%s %d/%d %d@%d left %d/%d", e.Kind, n(e.Order), n(e.Maker), e.Units, e.Price, e.Left, e.MakerLeft))
		case Auctioned:
			out = append(out, fmt.Sprintf("auctioned %d@%d", e.Units, e.Price))
		case Halted, Resumed:
			out = append(out, e.Kind.String())
		default:
			out = append(out, strings.TrimRight(fmt.Sprintf("%s %d left %d %s", e.Kind, n(e.Order), e.Left, e.Reason), " "))
		}
	}
	return strings.Join(out, "; ")
}

// TestRules plays a story each and looks at what its last step did.
func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []step
		want  string
		bids  string
		asks  string
	}{
		{
			"an all-or-none order is skipped in place and keeps its time",
			[]step{put(limit(1, 1, Ask, 100, 10, aon)), put(limit(2, 2, Ask, 100, 5)), put(limit(3, 3, Bid, 100, 5)), put(limit(4, 2, Ask, 100, 3)), put(limit(5, 3, Bid, 100, 11))},
			"filled 5/1 10@100 left 1/0; filled 5/4 1@100 left 0/2", "", "2@100",
		},
		{
			"an all-or-none order enters whole or not at all",
			[]step{put(limit(1, 1, Ask, 100, 3)), put(limit(2, 2, Bid, 100, 5, aon))},
			"rested 2 left 5", "5@100", "3@100",
		},
		{
			"and trades, at the elder's price, as soon as those opposite are enough",
			[]step{put(limit(1, 1, Ask, 90, 3)), put(limit(2, 2, Bid, 100, 5, aon)), put(limit(3, 1, Ask, 95, 2))},
			"rested 3 left 2; filled 2/1 3@90 left 2/0; filled 3/2 2@100 left 0/0", "", "",
		},
		{
			"minimum quantity: too few are skipped, enough are taken, what is left below it goes whole",
			[]step{put(limit(1, 1, Ask, 100, 8, least2(5))), put(limit(2, 2, Bid, 100, 4, ioc)), put(limit(3, 2, Bid, 100, 6)), put(limit(4, 2, Bid, 100, 1, ioc)), put(limit(5, 2, Bid, 100, 2))},
			"filled 5/1 2@100 left 0/0", "", "",
		},
		{
			"an entering order counts its minimum over all it takes",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 1, Ask, 101, 2)), put(limit(3, 2, Bid, 101, 9, least2(4), ioc))},
			"filled 3/1 2@100 left 7/0; filled 3/2 2@101 left 5/0; closed 3 left 5 unfilled", "", "",
		},
		{
			"lots: every trade is a multiple of both",
			[]step{put(limit(1, 1, Ask, 100, 12, lot(4))), put(limit(2, 2, Bid, 100, 9, lot(3))), put(limit(3, 2, Bid, 100, 6, ioc))},
			"filled 3/1 4@100 left 2/8; closed 3 left 2 unfilled", "9@100", "8@100",
		},
		{
			"fill or kill kills before it touches anything",
			[]step{put(limit(1, 1, Ask, 100, 3)), put(limit(2, 2, Bid, 100, 4, fok))},
			"closed 2 left 4 unfilled", "", "3@100",
		},
		{
			"fill or kill fills over several prices",
			[]step{put(limit(1, 1, Ask, 100, 3)), put(limit(2, 1, Ask, 101, 3)), put(limit(3, 2, Bid, 101, 4, fok))},
			"filled 3/1 3@100 left 1/0; filled 3/2 1@101 left 0/2", "", "2@101",
		},
		{
			"post-only never takes",
			[]step{put(limit(1, 1, Ask, 100, 3)), put(limit(2, 2, Bid, 100, 1, postOnly))},
			"refused 2 left 1 would-take", "", "3@100",
		},
		{
			"a market order stops at its collar",
			[]step{put(limit(1, 1, Ask, 100, 1)), put(limit(2, 1, Ask, 105, 1)), put(limit(3, 1, Ask, 106, 1)), put(limit(4, 2, Bid, 0, 3, market(5)))},
			"filled 4/1 1@100 left 2/0; filled 4/2 1@105 left 1/0; closed 4 left 1 unfilled", "", "1@106",
		},
		{
			"and at a tenth from the best price without one",
			[]step{put(limit(1, 1, Bid, 1000, 1)), put(limit(2, 1, Bid, 900, 1)), put(limit(3, 1, Bid, 899, 1)), put(limit(4, 2, Ask, 0, 3, market(0)))},
			"filled 4/1 1@1000 left 2/0; filled 4/2 1@900 left 1/0; closed 4 left 1 unfilled", "1@899", "",
		},
		{
			"a market order finds nobody",
			[]step{put(limit(4, 2, Ask, 0, 3, market(0)))},
			"closed 4 left 3 unfilled", "", "",
		},
		{
			"replace: fewer units keep the time",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 1, Ask, 100, 5)), repl(1, 1, 100, 2), put(limit(3, 2, Bid, 100, 3))},
			"filled 3/1 2@100 left 1/0; filled 3/2 1@100 left 0/4", "", "4@100",
		},
		{
			"replace: more units lose it",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 1, Ask, 100, 5)), repl(1, 1, 100, 6), put(limit(3, 2, Bid, 100, 6))},
			"filled 3/2 5@100 left 1/0; filled 3/1 1@100 left 0/5", "", "5@100",
		},
		{
			"replace into a cross fills at the maker's price",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 2, Bid, 90, 5)), repl(2, 2, 110, 5)},
			"replaced 2 left 5; filled 2/1 5@100 left 0/0", "", "",
		},
		{
			"a stale replace is refused",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 2, Bid, 100, 5)), repl(1, 1, 90, 5)},
			"refused 1 left 0 unknown", "", "",
		},
		{
			"a refused replace changes nothing",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 2, Bid, 90, 5, postOnly)), repl(2, 2, 100, 5)},
			"refused 2 left 5 would-take", "5@90", "5@100",
		},
		{
			"an id is free again after a fill",
			[]step{put(limit(1, 1, Ask, 100, 5)), put(limit(2, 2, Bid, 100, 5)), put(limit(1, 1, Ask, 100, 4))},
			"rested 1 left 4", "", "4@100",
		},
		{
			"self-trade: the older goes",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 2, Ask, 100, 2)), put(limit(3, 1, Bid, 100, 2, stp(CancelOldest)))},
			"closed 1 left 2 self-trade; filled 3/2 2@100 left 0/0", "", "",
		},
		{
			"self-trade: both go",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 2, Ask, 100, 2)), put(limit(3, 1, Bid, 100, 2, stp(CancelBoth)))},
			"closed 1 left 2 self-trade; closed 3 left 2 self-trade", "", "2@100",
		},
		{
			"self-trade: both are lowered",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 2, Ask, 100, 2)), put(limit(3, 1, Bid, 100, 5, stp(Decrement)))},
			"reduced 3/1 2@0 left 3/0; filled 3/2 2@100 left 1/0; rested 3 left 1", "1@100", "",
		},
		{
			"self-trade: a fill or kill that would be lowered takes the older out instead",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 2, Ask, 100, 3)), put(limit(3, 1, Bid, 100, 3, fok, stp(Decrement)))},
			"closed 1 left 2 self-trade; filled 3/2 3@100 left 0/0", "", "",
		},
		{
			"time: expired orders go, bids first",
			[]step{put(limit(1, 1, Ask, 100, 2, until(10))), put(limit(2, 1, Bid, 90, 2, until(9))), put(limit(3, 1, Bid, 90, 2, until(11))), clock(10)},
			"closed 2 left 2 expired; closed 1 left 2 expired", "2@90", "",
		},
		{
			"time: an order that would be gone already does not enter",
			[]step{clock(10), put(limit(1, 1, Ask, 100, 2, until(10)))},
			"refused 1 left 2 expired", "", "",
		},
		{
			"mass cancel takes one owner's",
			[]step{put(limit(1, 1, Ask, 100, 2)), put(limit(2, 2, Ask, 100, 2)), put(limit(3, 1, Bid, 90, 2)), cxlAll(1)},
			"closed 3 left 2 cancelled; closed 1 left 2 cancelled", "", "2@100",
		},
		{
			"cancel lets what it stood before trade",
			[]step{put(limit(1, 1, Ask, 100, 3)), put(limit(2, 1, Ask, 101, 5, aon)), put(limit(3, 1, Ask, 101, 2)), put(limit(4, 2, Bid, 101, 7, aon)), cxl(1, 1)},
			"closed 1 left 3 cancelled; filled 4/2 5@101 left 2/0; filled 4/3 2@101 left 0/0", "", "",
		},
		{
			"a halted book takes orders and does not match",
			[]step{put(limit(1, 1, Ask, 100, 3)), stop, put(limit(2, 2, Bid, 101, 4))},
			"rested 2 left 4", "4@101", "3@100",
		},
		{
			"but no immediate ones",
			[]step{stop, put(limit(2, 2, Bid, 101, 4, ioc))},
			"refused 2 left 4 halted", "", "",
		},
		{
			"the auction has the price of greatest volume, then least surplus, then nearest to the reference",
			[]step{
				stop, put(limit(1, 1, Bid, 105, 4)), put(limit(2, 2, Bid, 103, 4)), put(limit(3, 3, Ask, 100, 5)), put(limit(4, 4, Ask, 103, 3)), put(limit(5, 4, Ask, 106, 9)),
				start(104),
			},
			"resumed; auctioned 8@103; filled 3/1 4@103 left 1/0; filled 3/2 1@103 left 0/3; filled 4/2 3@103 left 0/0", "", "9@106",
		},
		{
			"of prices with the same volume the one with less surplus wins, not the nearer",
			[]step{
				stop, put(limit(1, 1, Bid, 105, 4)), put(limit(2, 2, Bid, 102, 3)), put(limit(3, 3, Ask, 100, 4)),
				start(101),
			},
			"resumed; auctioned 4@105; filled 3/1 4@105 left 0/0", "3@102", "",
		},
		{
			"orders with conditions trade after the auction",
			[]step{stop, put(limit(1, 1, Bid, 105, 4, aon)), put(limit(2, 2, Ask, 100, 5)), start(0)},
			"resumed; filled 2/1 4@105 left 1/0", "", "1@100",
		},
		{
			"resume of an open book",
			[]step{start(0)},
			"refused 0 left 0 not-halted", "", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := New()
			var evs []Event
			for _, s := range tt.steps {
				evs = s(b)
			}
			if d := cmp.Diff(tt.want, short(evs)); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			for s, want := range map[Side]string{Bid: tt.bids, Ask: tt.asks} {
				var got []string
				for _, l := range b.Depth(s, 10) {
					got = append(got, fmt.Sprintf("%d@%d", l.Units, l.Price))
				}
				if g := strings.Join(got, " "); g != want {
					t.Errorf("%s side: %q, want %q", s, g, want)
				}
			}
		})
	}
}

// TestSweepOfFiveThousand: one order takes five thousand.
func TestSweepOfFiveThousand(t *testing.T) {
	t.Parallel()
	b := New()
	for i := range 5_000 {
		b.Place(order(i+1, 1, Ask, int64(1000+i/10), 1, GTC), nil)
	}
	evs := b.Place(order(6_000, 2, Bid, 2_000, 5_001, GTC), nil)
	if len(evs) != 5_001 || evs[5_000].Kind != Rested || evs[5_000].Left != 1 || b.Len() != 1 || b.best(Ask) != nil {
		t.Errorf("%d events, %d resting", len(evs), b.Len())
	}
	for i, e := range evs[:5_000] {
		if e.Maker != id('o', i+1) || e.Price != hashyard.MilliCentsPerTH(1000+i/10) {
			t.Fatalf("fill %d: %+v", i, e)
		}
	}
}

// TestPlainHashesStay: the hash of a book of plain orders is the one that books
// had before orders had attributes; kept worlds know it.
func TestPlainHashesStay(t *testing.T) {
	t.Parallel()
	b := New()
	b.Place(order(1, 1, Bid, 1000, 5, GTC), nil)
	b.Place(order(2, 2, Ask, 1100, 7, GTC), nil)
	if got := fmt.Sprintf("%x", b.Hash()); got != "5b737b3ae0f0bd40701cba14861c5192b580cc72f469e079be62dc47f9995a7d" {
		t.Error(got)
	}
}

// TestAgeAcrossSidesIsState: where prices cross, who was first decides the
// price, so it is part of the state.
func TestAgeAcrossSidesIsState(t *testing.T) {
	t.Parallel()
	bid, ask := limit(1, 1, Bid, 101, 5, aon), limit(2, 2, Ask, 100, 4, aon)
	x, y := New(), New()
	x.Place(bid, nil)
	x.Place(ask, nil)
	y.Place(ask, nil)
	y.Place(bid, nil)
	if !x.crossed() || x.Hash() == y.Hash() {
		t.Error("two books that will trade at different prices have one hash")
	}
}

// TestRestoreRefusesWhatNeverWas: a snapshot is foreign bytes.
func TestRestoreRefusesWhatNeverWas(t *testing.T) {
	t.Parallel()
	sound := limit(1, 1, Bid, 100, 5)
	for name, orders := range map[string][]Order{
		"an order twice":       {sound, sound},
		"an immediate order":   {limit(1, 1, Bid, 100, 5, ioc)},
		"a market order":       {limit(1, 1, Bid, 100, 5, market(1))},
		"an order of no units": {limit(1, 1, Bid, 100, 0)},
	} {
		if _, err := Restore(State{Orders: orders}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
