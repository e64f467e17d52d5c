package postgres_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// TestSweepGoesOnAfterAFailure: the oldest payment cannot be read; the money of
// the others is found all the same, and the failure is told.
func TestSweepGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ds []brokerage.Dossier
	for range 3 {
		d, err := b.svc.Fund(t.Context(), b.buyer, b.matched(t, 1).Trade.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.rail.bankSends(d.Payment.RailID, d.Payment.Amount)
		ds = append(ds, d)
	}
	b.rail.broken = ds[0].Payment.RailID
	b.clock.pass(2 * time.Minute)
	for range 2 {
		if err := b.svc.SweepPayments(t.Context()); !errors.Is(err, errDropped) {
			t.Errorf("sweep: %v", err)
		}
	}
	for i, want := range []brokerage.TradeState{brokerage.Matched, brokerage.Funded, brokerage.Funded} {
		if s := b.trade(t, ds[i].Trade.ID).Trade.State; s != want {
			t.Errorf("trade %d is %s, want %s", i, s, want)
		}
	}
}

// TestSweepPages: more abandoned orders than a page holds.
func TestSweepPages(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	for range 105 {
		o := brokerage.Order{
			ID: hashyard.NewID(), Command: hashyard.NewID(), Org: b.buyer.Org, Instrument: b.s19.ID, Side: book.Bid,
			Price: 1_142_000, Units: 1, State: brokerage.OrderPlacing, CreatedAt: time.Now(),
		}
		if _, err := b.store.AddOrder(t.Context(), b.buyer, o); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.pass(2 * time.Minute)
	if err := b.svc.SweepOrders(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := b.store.StalePlacing(t.Context(), b.clock.now(), hashyard.ID{})
	if err != nil || len(left) != 0 {
		t.Errorf("%d orders left placing, %v", len(left), err)
	}
}

// TestBothPartiesSeeTheCondition: each unit of a trade keeps its part of the
// ask's snapshot; a stranger sees none.
func TestBothPartiesSeeTheCondition(t *testing.T) {
	t.Parallel()
	b := setup(t)
	us := units(3)
	b.ask(t, 1_142_000, us...)
	b.bid(t, 1_142_000, 2)
	d := b.onlyTrade(t)
	for _, who := range []hashyard.Actor{b.buyer, b.seller, b.desk} {
		got, err := b.svc.ConditionsSold(t.Context(), who, d.Trade.ID)
		if err != nil || len(got) != 2 {
			t.Fatalf("%d conditions, %v", len(got), err)
		}
		for _, u := range us[:2] {
			var c struct{ Unit hashyard.ID }
			if err := json.Unmarshal(got[u], &c); err != nil || c.Unit != u {
				t.Errorf("unit %s: %s %v", u, got[u], err)
			}
		}
	}
	stranger := person(hashyard.NewID(), false, hashyard.Trader)
	if got, err := b.svc.ConditionsSold(t.Context(), stranger, d.Trade.ID); err != nil || len(got) != 0 {
		t.Errorf("a stranger sees %d, %v", len(got), err)
	}
}

// TestOnlyTheDeskDecides: other people of the house do not.
func TestOnlyTheDeskDecides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.fund(t, b.matched(t, 1).Trade.ID)
	if _, err := b.svc.Dispute(t.Context(), b.buyer, d.Trade.ID, "never sent"); err != nil {
		t.Fatal(err)
	}
	for _, who := range []hashyard.Actor{
		person(b.house, true, hashyard.Treasury), person(b.house, true, hashyard.Viewer), person(b.house, false, hashyard.Desk),
	} {
		if _, err := b.svc.Decide(t.Context(), who, d.Trade.ID, brokerage.RefundBuyer, "mine"); !errors.Is(err, hashyard.Denied) {
			t.Errorf("%v decides: %v", who.Roles, err)
		}
	}
	if _, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.RefundBuyer, "never sent"); err != nil {
		t.Error(err)
	}
}

// TestSellerWhoCannotBePaidYet: the trade says so, the event is tried again,
// and once the seller may be paid the trade is released.
func TestSellerWhoCannotBePaidYet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.proven(t)
	due := b.onlyEvent(t, brokerage.EvSettlementDue)
	b.rail.closed = true
	for range 2 {
		if err := b.svc.OnSettlementDue(t.Context(), due); !errors.Is(err, brokerage.ErrNotPayable) {
			t.Fatalf("settlement: %v", err)
		}
	}
	got := b.trade(t, d.Trade.ID)
	if got.Settlement.Trouble != "the seller cannot be paid yet" || got.Trade.State != brokerage.Proven || got.Trade.Version != d.Trade.Version+1 {
		t.Errorf("waiting: %+v %+v", got.Settlement, got.Trade)
	}
	b.rail.closed = false
	b.twice(t, b.svc.OnSettlementDue, due)
	if got = b.trade(t, d.Trade.ID); got.Trade.State != brokerage.Released || got.Settlement.Trouble != "" {
		t.Errorf("released: %+v %+v", got.Settlement, got.Trade)
	}
	b.sound(t)
}
