package postgres_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/brokerage/market"
)

func (b *bundle) place(t *testing.T, who hashyard.Actor, n brokerage.NewOrder) brokerage.Order {
	t.Helper()
	n.Instrument = b.s19.ID
	o, err := b.svc.Place(t.Context(), who, n)
	if err != nil {
		t.Fatalf("%+v: %v", n, err)
	}
	return o
}

func (b *bundle) state(t *testing.T, who hashyard.Actor, id hashyard.ID) brokerage.Order {
	t.Helper()
	o, err := b.svc.Order(t.Context(), who, id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestAnOrderWaitingForEnough: two asks that are too few alone are sold
// together as soon as they are enough, though neither is the order that came.
func TestAnOrderWaitingForEnough(t *testing.T) {
	t.Parallel()
	b := setup(t)
	us := units(4)
	first := b.ask(t, 1_000_000, us[:2]...)
	all := b.place(t, b.buyer, brokerage.NewOrder{Side: book.Bid, Price: 1_100_000, Units: 4, Attributes: brokerage.Attributes{AON: true}})
	if all.State != brokerage.OrderOpen || all.Filled != 0 {
		t.Fatalf("%+v", all)
	}
	second := b.ask(t, 1_050_000, us[2:]...)
	for who, ids := range map[*hashyard.Actor][]hashyard.ID{&b.seller: {first.ID, second.ID}, &b.buyer: {all.ID}} {
		for _, id := range ids {
			if o := b.state(t, *who, id); o.State != brokerage.OrderFilled {
				t.Errorf("%s is %s with %d of %d", o.Side, o.State, o.Filled, o.Units)
			}
		}
	}
	ds, _, err := b.svc.Trades(t.Context(), b.buyer, brokerage.TradeQuery{})
	if err != nil || len(ds) != 2 {
		t.Fatal(len(ds), err)
	}
	// Each pair trades at the price of whoever was there first.
	if ds[1].Trade.Price != 1_000_000 || ds[0].Trade.Price != 1_100_000 {
		t.Errorf("prices %d and %d", ds[1].Trade.Price, ds[0].Trade.Price)
	}
	b.books(t)
}

func TestAmend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bid := b.bid(t, 1_000_000, 3)
	other := b.bid(t, 1_000_000, 1)
	command := hashyard.NewID()
	for range 2 { // the same command again changes nothing more
		o, err := b.svc.Amend(t.Context(), b.buyer, bid.ID, command, 0, 2)
		if err != nil || o.Units != 2 || o.Seq != bid.Seq || o.State != brokerage.OrderOpen {
			t.Fatalf("fewer keep the place: %+v %v", o, err)
		}
	}
	o, err := b.svc.Amend(t.Context(), b.buyer, bid.ID, hashyard.NewID(), 0, 5)
	if err != nil || o.Units != 5 || o.Seq <= other.Seq {
		t.Fatalf("more lose it: %+v %v", o, err)
	}
	ask := b.ask(t, 1_200_000, units(2)...)
	if _, err := b.svc.Amend(t.Context(), b.seller, ask.ID, hashyard.NewID(), 0, 1); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("an ask of fewer machines: %v", err)
	}
	if _, err := b.svc.Amend(t.Context(), b.buyer, ask.ID, hashyard.NewID(), 1_000_000, 0); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's order: %v", err)
	}
	if _, err := b.svc.Amend(t.Context(), b.seller, ask.ID, hashyard.NewID(), 1_000_001, 0); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("off the tick: %v", err)
	}
	// Down into the bids: at their price, the one that kept its time first.
	o, err = b.svc.Amend(t.Context(), b.seller, ask.ID, hashyard.NewID(), 900_000, 0)
	if err != nil || o.State != brokerage.OrderFilled || o.Price != 900_000 {
		t.Fatalf("%+v %v", o, err)
	}
	if o := b.state(t, b.buyer, other.ID); o.State != brokerage.OrderFilled {
		t.Errorf("the older bid: %+v", o)
	}
	if o := b.state(t, b.buyer, bid.ID); o.Filled != 1 || o.Units != 5 {
		t.Errorf("the amended bid: %+v", o)
	}
	if _, err := b.svc.Amend(t.Context(), b.seller, ask.ID, hashyard.NewID(), 800_000, 0); !errors.Is(err, hashyard.Invalid) && !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a stale amendment: %v", err)
	}
	b.books(t)
}

// TestOrdersEndByThemselves: the writer closes them at their time, and tells
// that what they offered is free.
func TestOrdersEndByThemselves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	us := units(1)
	soon := b.place(t, b.seller, brokerage.NewOrder{
		Side: book.Ask, Price: 1_000_000, UnitIDs: us,
		Attributes: brokerage.Attributes{TIF: book.GTD, Expires: b.clock.now().Add(time.Minute)},
	})
	late := b.place(t, b.buyer, brokerage.NewOrder{
		Side: book.Bid, Price: 900_000, Units: 1,
		Attributes: brokerage.Attributes{TIF: book.GTD, Expires: b.clock.now().Add(time.Hour)},
	})
	_, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{
		Instrument: b.s19.ID, Side: book.Bid, Price: 900_000, Units: 1,
		Attributes: brokerage.Attributes{TIF: book.GTD, Expires: b.clock.now().Add(-time.Second)},
	})
	if !errors.Is(err, hashyard.Invalid) {
		t.Errorf("an order that is over already: %v", err)
	}
	for len(b.changes) > 0 {
		<-b.changes
	}
	b.clock.pass(2 * time.Minute)
	<-b.changes // the writer's own command
	if o := b.state(t, b.seller, soon.ID); o.State != brokerage.OrderCancelled || o.Reason != "expired" {
		t.Errorf("%+v", o)
	}
	if o := b.state(t, b.buyer, late.ID); o.State != brokerage.OrderOpen {
		t.Errorf("%+v", o)
	}
	var closed hashyard.OrderClosed
	if err := b.onlyEvent(t, hashyard.EvOrderClosed).Read(&closed); err != nil || !slices.Equal(closed.Units, us) {
		t.Errorf("freed %v", closed.Units)
	}
	b.books(t)
}

func TestMarketOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wish := brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Units: 3, Attributes: brokerage.Attributes{Type: book.Market, TIF: book.IOC}}
	if _, err := b.svc.Place(t.Context(), b.buyer, wish); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("nobody is there: %v", err)
	}
	b.ask(t, 1_000_000, units(1)...)
	b.ask(t, 1_100_000, units(1)...)
	b.ask(t, 1_110_000, units(1)...)
	o := b.place(t, b.buyer, wish)
	if o.State != brokerage.OrderCancelled || o.Reason != "unfilled" || o.Filled != 2 || o.Price != 1_100_000 {
		t.Errorf("inside 10 %%: %+v", o)
	}
	b.books(t)
}

// TestHaltAndAuction: what came while trading was halted trades at one price
// when the desk resumes, also after the writer began anew.
func TestHaltAndAuction(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	stop := b.run(t)
	turn := func(do func(actor hashyard.Actor) error) {
		t.Helper()
		if err := do(b.seller); !errors.Is(err, hashyard.Denied) {
			t.Errorf("a trader turns the market: %v", err)
		}
		if err := do(b.desk); err != nil {
			t.Fatal(err)
		}
		if err := do(b.desk); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("twice: %v", err)
		}
	}
	turn(func(a hashyard.Actor) error {
		return b.svc.Halt(t.Context(), a, b.s19.ID, hashyard.NewID(), "a rumour")
	})
	ask := b.ask(t, 1_000_000, units(2)...)
	bid := b.bid(t, 1_200_000, 2)
	if d, err := b.svc.Book(t.Context(), b.buyer, b.s19.ID); err != nil || !d.Halted || len(d.Bids) != 1 || len(d.Asks) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	if o := b.place(t, b.buyer, brokerage.NewOrder{Side: book.Bid, Price: 1_100_000, Units: 1}); o.State != brokerage.OrderOpen {
		t.Errorf("%+v", o)
	}
	stop()
	b.market = market.New(b.marketConfig(b.store))
	b.svc = b.service(b.market)
	b.run(t)
	turn(func(a hashyard.Actor) error {
		return b.svc.Resume(t.Context(), a, b.s19.ID, hashyard.NewID(), "it was none")
	})
	for who, id := range map[*hashyard.Actor]hashyard.ID{&b.seller: ask.ID, &b.buyer: bid.ID} {
		if o := b.state(t, *who, id); o.State != brokerage.OrderFilled {
			t.Errorf("%+v", o)
		}
	}
	b.books(t)
}

func TestCancelAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.bid(t, 1_000_000, 1)
	}
	b.ask(t, 1_100_000, units(1)...)
	os, err := b.svc.CancelAll(t.Context(), b.buyer, hashyard.ID{})
	if err != nil || len(os) != 3 {
		t.Fatal(len(os), err)
	}
	if os, err = b.svc.CancelAll(t.Context(), b.buyer, b.s19.ID); err != nil || len(os) != 0 {
		t.Error(len(os), err)
	}
	if d, err := b.svc.Book(t.Context(), b.buyer, b.s19.ID); err != nil || len(d.Bids) != 0 || len(d.Asks) != 1 {
		t.Errorf("%+v %v", d, err)
	}
	b.books(t)
}

// TestManyTradersWithWishes plays orders of every kind from many goroutines:
// the journal, replayed, is the book that rests.
func TestManyTradersWithWishes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(9, uint64(g)))
			who := person(hashyard.NewID(), false, hashyard.Trader)
			for range 10 {
				n := brokerage.NewOrder{
					Instrument: b.s19.ID, Side: book.Side(r.IntN(2)),
					Price: hashyard.MilliCentsPerTH(1_000_000 + 1000*r.IntN(6)), Units: int64(2 * (1 + r.IntN(3))),
				}
				a := &n.Attributes
				a.TIF, a.STP, a.AON, a.PostOnly = book.TIF(r.IntN(4)), book.STP(r.IntN(3)), r.IntN(4) == 0, r.IntN(9) == 0
				a.Lot, a.Min = int64(r.IntN(3)), int64(2*r.IntN(2))
				if a.TIF == book.GTD {
					a.Expires = b.clock.now().Add(time.Hour)
				}
				a.PostOnly = a.PostOnly && (a.TIF == book.GTC || a.TIF == book.GTD)
				if n.Side == book.Ask {
					n.UnitIDs, n.Units = units(int(n.Units)), 0
				}
				o, err := b.svc.Place(t.Context(), who, n)
				if err != nil && !errors.Is(err, hashyard.Conflict) { // post-only that would take
					t.Errorf("place %+v: %v", n, err)
					return
				}
				if err != nil || o.State != brokerage.OrderOpen {
					continue
				}
				switch r.IntN(4) {
				case 0:
					_, err = b.svc.Cancel(t.Context(), who, o.ID)
				case 1:
					_, err = b.svc.Amend(t.Context(), who, o.ID, hashyard.NewID(), o.Price+1000, 0)
				}
				if err != nil && !errors.Is(err, hashyard.Conflict) && !errors.Is(err, hashyard.Invalid) {
					t.Errorf("change: %v", err)
				}
			}
		})
	}
	wg.Wait()
	b.books(t)
}

// TestAnAmendmentMeetsAFill: what an amendment leaves alone is as the order is
// when the writer gets to it, not as it was when the amendment was asked for.
func TestAnAmendmentMeetsAFill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bid := b.bid(t, 1_000_000, 10)
	b.ask(t, 1_000_000, units(8)...) // between the trader's look and the writer
	o, err := b.market.Amend(t.Context(), bid, hashyard.NewID(), 1_010_000, 0)
	if err != nil || o.Units != 10 || o.Filled != 8 || o.Price != 1_010_000 {
		t.Errorf("%+v %v", o, err)
	}
	// More than one payment carries is refused there as well.
	if _, err := b.market.Amend(t.Context(), bid, hashyard.NewID(), 0, 9_999); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("an amendment beyond the limit: %v", err)
	}
	b.books(t)
}

// TestNobodyTradesWithWhatIsOver: the first order after another's end finds it
// gone, however long the writer was away.
func TestNobodyTradesWithWhatIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	over := b.place(t, b.seller, brokerage.NewOrder{
		Side: book.Ask, Price: 1_000_000, UnitIDs: units(1),
		Attributes: brokerage.Attributes{TIF: book.GTD, Expires: b.clock.now().Add(time.Minute)},
	})
	b.clock.pass(time.Hour)
	if o := b.bid(t, 1_000_000, 1); o.Filled != 0 || o.State != brokerage.OrderOpen {
		t.Errorf("%+v", o)
	}
	if o := b.state(t, b.seller, over.ID); o.Reason != "expired" {
		t.Errorf("%+v", o)
	}
	b.books(t)
}

// TestAHaltTwice: the same command again is the same halt, also after somebody
// resumed.
func TestAHaltTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	command := hashyard.NewID()
	for range 2 {
		if err := b.svc.Halt(t.Context(), b.desk, b.s19.ID, command, "a rumour"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.svc.Resume(t.Context(), b.desk, b.s19.ID, hashyard.NewID(), "it was none"); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.Halt(t.Context(), b.desk, b.s19.ID, command, "a rumour"); err != nil {
		t.Fatal(err)
	}
	if d, err := b.svc.Book(t.Context(), b.buyer, b.s19.ID); err != nil || d.Halted {
		t.Errorf("halted again by an old command: %+v %v", d, err)
	}
	b.books(t)
}

// TestOpenOrdersAreBounded: an organisation cannot make everybody's commands
// slow by resting orders without end.
func TestOpenOrdersAreBounded(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	cfg := b.marketConfig(b.store)
	cfg.Terms.MaxOpen = 2
	b.market = market.New(cfg)
	b.svc = b.service(b.market)
	b.run(t)
	first := b.bid(t, 1_000_000, 1)
	b.bid(t, 1_000_000, 1)
	wish := brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Price: 1_000_000, Units: 1}
	if _, err := b.svc.Place(t.Context(), b.buyer, wish); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a third: %v", err)
	}
	if _, err := b.svc.Cancel(t.Context(), b.buyer, first.ID); err != nil {
		t.Fatal(err)
	}
	b.bid(t, 1_000_000, 1)
	b.books(t)
}
