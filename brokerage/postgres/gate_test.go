package postgres_test

import (
	"context"
	"errors"
	"testing"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// gate lets through everyone but the stopped.
type gate struct{ stopped map[hashyard.ID]bool }

func (g *gate) MayTrade(_ context.Context, org hashyard.ID) error {
	if g.stopped[org] {
		return hashyard.Conflict.Errorf("your organisation is not verified yet")
	}
	return nil
}

// TestUnverifiedDoesNotTrade: neither by an order nor by funding a trade that
// was made before.
func TestUnverifiedDoesNotTrade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := &gate{stopped: map[hashyard.ID]bool{}}
	svc := brokerage.New(brokerage.Config{
		House: b.house, Orders: b.store, Trades: b.store, Ledger: b.store, Market: b.market, Gate: g,
		Rail: b.rail, Reserver: b.inventory, Conditions: conditions{}, Now: b.clock.now,
	})
	bid := brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Attributes: brokerage.Attributes{TIF: book.GTC}, Price: 1_000_000, Units: 1}
	g.stopped[b.buyer.Org] = true
	if _, err := svc.Place(t.Context(), b.buyer, bid); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("placed: %v", err)
	}
	if os, _, err := svc.Orders(t.Context(), b.buyer, brokerage.OrderQuery{Limit: 10}); err != nil || len(os) != 0 {
		t.Errorf("a refused order left %d rows, %v", len(os), err)
	}
	delete(g.stopped, b.buyer.Org)
	if _, err := svc.Place(t.Context(), b.buyer, bid); err != nil {
		t.Fatal(err)
	}
	ask := brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Ask, Attributes: brokerage.Attributes{TIF: book.GTC}, Price: 1_000_000, UnitIDs: []hashyard.ID{hashyard.NewID()}}
	if _, err := svc.Place(t.Context(), b.seller, ask); err != nil {
		t.Fatal(err)
	}
	trades, _, err := svc.Trades(t.Context(), b.buyer, brokerage.TradeQuery{Limit: 10})
	if err != nil || len(trades) != 1 {
		t.Fatalf("%d trades, %v", len(trades), err)
	}
	g.stopped[b.buyer.Org] = true
	if _, err := svc.Fund(t.Context(), b.buyer, trades[0].Trade.ID); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("funded: %v", err)
	}
	delete(g.stopped, b.buyer.Org)
	if _, err := svc.Fund(t.Context(), b.buyer, trades[0].Trade.ID); err != nil {
		t.Errorf("not funded: %v", err)
	}
}

// TestSuspendedLeavesTheBooks: what rests in the books is taken out, once the
// gate says so and not before.
func TestSuspendedLeavesTheBooks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := &gate{stopped: map[hashyard.ID]bool{}}
	svc := brokerage.New(brokerage.Config{
		House: b.house, Orders: b.store, Trades: b.store, Ledger: b.store, Market: b.market, Gate: g,
		Rail: b.rail, Reserver: b.inventory, Conditions: conditions{}, Now: b.clock.now,
	})
	b.ask(t, 1_142_000, units(2)...)
	b.ask(t, 1_150_000, units(1)...)
	other := b.bid(t, 1_000_000, 1)
	open := func() int {
		os, _, err := svc.Orders(t.Context(), b.seller, brokerage.OrderQuery{State: brokerage.OrderOpen, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(os)
	}
	if err := svc.WithdrawOrders(t.Context(), b.seller.Org); err != nil || open() != 2 {
		t.Errorf("orders of one that may trade: %d are left, %v", open(), err)
	}
	g.stopped[b.seller.Org] = true
	for range 2 {
		if err := svc.WithdrawOrders(t.Context(), b.seller.Org); err != nil || open() != 0 {
			t.Errorf("%d orders are left, %v", open(), err)
		}
	}
	if o, err := svc.Order(t.Context(), b.buyer, other.ID); err != nil || o.State != brokerage.OrderOpen {
		t.Errorf("another's order is %s, %v", o.State, err)
	}
	d, err := svc.Book(t.Context(), b.buyer, b.s19.ID)
	if err != nil || len(d.Asks) != 0 || len(d.Bids) != 1 {
		t.Errorf("the book: %+v, %v", d, err)
	}
}
