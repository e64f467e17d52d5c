package postgres_test

import (
	"errors"
	"testing"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// TestOtherOrganisationsSeeNothing: a stranger reads neither orders nor
// trades nor ledger rows, and moves nothing; the parties see their own side.
func TestOtherOrganisationsSeeNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	stranger := person(hashyard.NewID(), false, hashyard.Owner)
	d := b.proven(t)
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	resting := b.ask(t, 2_000_000, units(1)...)

	for _, who := range []hashyard.Actor{stranger, b.buyer} {
		os, _, err := b.svc.Orders(ctx, who, brokerage.OrderQuery{})
		for _, o := range os {
			if o.Org != who.Org {
				t.Errorf("sees order %+v", o)
			}
		}
		if err != nil {
			t.Error(err)
		}
		if _, err := b.svc.Order(ctx, who, resting.ID); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("reads another's order: %v", err)
		}
		if _, err := b.svc.Cancel(ctx, who, resting.ID); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("cancels another's order: %v", err)
		}
	}
	ts, _, err := b.svc.Trades(ctx, stranger, brokerage.TradeQuery{})
	if err != nil || len(ts) != 0 {
		t.Errorf("stranger sees trades: %v %v", ts, err)
	}
	if _, err := b.svc.Trade(ctx, stranger, d.Trade.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("stranger reads a trade: %v", err)
	}
	if _, err := b.svc.Fund(ctx, stranger, d.Trade.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("stranger funds: %v", err)
	}
	if _, err := b.svc.Fund(ctx, b.seller, d.Trade.ID); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the seller funds: %v", err)
	}
	if _, err := b.svc.Dispute(ctx, stranger, d.Trade.ID, "no"); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("stranger disputes: %v", err)
	}
	if m, err := b.svc.UnitMoney(ctx, stranger, d.Units[0].Unit); err != nil || len(m.Moves) != 0 {
		t.Errorf("stranger sees money: %+v %v", m, err)
	}
	if as, err := b.svc.Accounts(ctx, stranger); err != nil || len(as) != 0 {
		t.Errorf("stranger sees accounts: %v %v", as, err)
	}
	if es, _, err := b.svc.Entries(ctx, stranger, brokerage.EntryQuery{}); err != nil || len(es) != 0 {
		t.Errorf("stranger sees entries: %v %v", es, err)
	}
	if _, err := b.svc.TrialBalance(ctx, stranger); !errors.Is(err, hashyard.Denied) {
		t.Errorf("stranger reads the trial balance: %v", err)
	}
	b.partiesSeeTheirSide(t, d)
}

func (b *bundle) partiesSeeTheirSide(t *testing.T, d brokerage.Dossier) {
	t.Helper()
	ctx := t.Context()
	seller, err := b.svc.Trade(ctx, b.seller, d.Trade.ID)
	if err != nil || seller.Payment != nil || seller.Settlement == nil {
		t.Errorf("seller's view: %+v %v", seller, err)
	}
	buyer := b.trade(t, d.Trade.ID)
	if buyer.Payment == nil {
		t.Error("the buyer does not see the payment")
	}
	es, _, err := b.svc.Entries(ctx, b.buyer, brokerage.EntryQuery{Ref: d.Trade.Ref()})
	if err != nil || len(es) != 2 {
		t.Fatalf("buyer's entries: %+v %v", es, err)
	}
	for _, e := range es {
		for _, p := range e.Postings {
			if p.Org != b.buyer.Org {
				t.Errorf("the buyer sees %+v", p)
			}
		}
	}
	all, _, err := b.svc.Entries(ctx, b.desk, brokerage.EntryQuery{Ref: d.Trade.Ref()})
	if err != nil || len(all) != 2 || len(all[0].Postings) != 3 {
		t.Errorf("the house's entries: %+v %v", all, err)
	}
	if ts, _, err := b.svc.Trades(ctx, b.desk, brokerage.TradeQuery{}); err != nil || len(ts) != 1 {
		t.Errorf("the desk sees %d trades: %v", len(ts), err)
	}
}

// TestBookShowsNobody: the public view carries prices, not parties.
func TestBookShowsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stranger := person(hashyard.NewID(), false, hashyard.Viewer)
	b.ask(t, 1_200_000, units(3)...)
	b.ask(t, 1_200_000, units(1)...)
	b.bid(t, 1_100_000, 5)
	if _, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Price: 1_200_000, Units: 2, Attributes: brokerage.Attributes{TIF: book.IOC}}); err != nil {
		t.Fatal(err)
	}
	d, err := b.svc.Book(t.Context(), stranger, b.s19.ID)
	if err != nil || d.Seq != 4 || d.Last != 1_200_000 || len(d.Bids) != 1 || len(d.Asks) != 1 || d.Asks[0] != (book.Level{Price: 1_200_000, Units: 2, Orders: 2}) {
		t.Errorf("book: %+v %v", d, err)
	}
	tape, _, err := b.svc.Tape(t.Context(), stranger, b.s19.ID, "", 0)
	if err != nil || len(tape) != 1 || tape[0].Units != 2 || tape[0].Taker != book.Bid {
		t.Errorf("tape: %+v %v", tape, err)
	}
	cs, err := b.svc.Candles(t.Context(), stranger, b.s19.ID, 3_600_000_000_000, b.clock.now().Add(-1e12), 0)
	if err != nil || len(cs) != 1 || cs[0].Units != 2 || cs[0].Open != 1_200_000 {
		t.Errorf("candles: %+v %v", cs, err)
	}
}
