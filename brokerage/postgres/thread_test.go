package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// TestThread walks one machine from the ask to the released money, every
// handler twice.
func TestThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	unit := hashyard.NewID()
	ask := b.ask(t, 1_142_000, unit)
	if ask.State != brokerage.OrderOpen || ask.Seq != 1 || len(ask.Condition) == 0 {
		t.Fatalf("ask: %+v", ask)
	}
	if _, err := b.svc.Place(ctx, b.seller, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Ask, Price: 1_200_000, UnitIDs: []hashyard.ID{unit}}); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("listed twice: %v", err)
	}
	bid := b.bid(t, 1_200_000, 1)
	if bid.State != brokerage.OrderFilled {
		t.Fatalf("bid: %+v", bid)
	}
	d := b.onlyTrade(t)
	if d.Trade.Price != 1_142_000 || d.Trade.Amount != 114_200 || d.Trade.Maker != book.Ask || d.Units[0].Unit != unit || d.Trade.Number != 1 {
		t.Fatalf("trade: %+v", d)
	}
	d = b.fund(t, d.Trade.ID)
	b.twice(t, b.svc.OnUnitsDispatched, event(t, hashyard.EvUnitsDispatched, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	b.prove(t, d, unit, 3000, 3000)
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Proven || d.Settlement == nil || d.Trade.Held() != 114_200 {
		t.Fatalf("proven: %+v", d)
	}
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	d = b.trade(t, d.Trade.ID)
	want := []brokerage.TradeState{
		brokerage.Matched, brokerage.Funded, brokerage.Shipped, brokerage.Delivered,
		brokerage.Proving, brokerage.Proven, brokerage.Released,
	}
	if diff := cmp.Diff(want, states(d)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	var rel hashyard.HeldReleased
	if err := b.onlyEvent(t, hashyard.EvHeldReleased).Read(&rel); err != nil || rel.Paid != 112_487 || rel.Commission != 1_713 {
		t.Errorf("released: %+v %v", rel, err)
	}
	if len(b.rail.transfers) != 1 || b.rail.transfers[rel.Transfer].Amount != 112_487 {
		t.Errorf("transfers: %+v", b.rail.transfers)
	}
	for purpose, want := range map[string]int64{"stripe_balance": 1_713, "commission": -1_713} {
		if got := b.balance(t, b.house, purpose); got != want {
			t.Errorf("%s is %d, want %d", purpose, got, want)
		}
	}
	if got := b.balance(t, b.buyer.Org, "held"); got != 0 {
		t.Errorf("held is %d", got)
	}
	b.sound(t)
	for _, who := range []hashyard.Actor{b.buyer, b.seller, b.desk} {
		m, err := b.svc.UnitMoney(ctx, who, unit)
		if err != nil || m.Held != 0 || len(m.Moves) != 3 || m.Moves[0].Amount != 114_200 || m.Moves[1].Amount != -112_487 || m.Moves[2].Amount != -1_713 {
			t.Errorf("money of the unit: %+v %v", m, err)
		}
	}
}

func (b *bundle) onlyTrade(t *testing.T) brokerage.Dossier {
	t.Helper()
	ds, _, err := b.svc.Trades(t.Context(), b.buyer, brokerage.TradeQuery{})
	if err != nil || len(ds) != 1 {
		t.Fatalf("%d trades, %v", len(ds), err)
	}
	return ds[0]
}

// fund pays a trade whole by bank transfer.
func (b *bundle) fund(t *testing.T, id hashyard.ID) brokerage.Dossier {
	t.Helper()
	d, err := b.svc.Fund(t.Context(), b.buyer, id)
	if err != nil || d.Payment.Instructions.Reference == "" {
		t.Fatalf("fund: %+v %v", d.Payment, err)
	}
	b.rail.bankSends(d.Payment.RailID, d.Payment.Amount)
	if err := b.svc.Webhook(t.Context(), b.rail.webhook("payment_intent.succeeded", d.Payment.RailID), "signed"); err != nil {
		t.Fatalf("webhook: %v", err)
	}
	d = b.trade(t, id)
	if d.Trade.State != brokerage.Funded || d.Trade.Received != d.Trade.Amount {
		t.Fatalf("funded: %+v", d.Trade)
	}
	return d
}

// prove redirects a unit and measures it.
func (b *bundle) prove(t *testing.T, d brokerage.Dossier, unit hashyard.ID, shares uint64, seconds float64) {
	t.Helper()
	b.twice(t, b.svc.OnMinerRedirected, event(t, hashyard.EvMinerRedirected, hashyard.MinerRedirected{Unit: unit, Org: b.buyer.Org}))
	started := b.trade(t, d.Trade.ID)
	if started.Trade.State != brokerage.Proving {
		t.Fatalf("proving: %+v", started.Trade)
	}
	b.twice(t, b.svc.OnWorkMeasured, event(t, hashyard.EvWorkMeasured, b.work(t, started, unit, shares, seconds)))
}

// work is so many equal shares, one a second being what was sold.
func (b *bundle) work(t *testing.T, d brokerage.Dossier, unit hashyard.ID, shares uint64, seconds float64) hashyard.WorkMeasured {
	t.Helper()
	const each = hashyard.Difficulty(100_000_000_000_000 * 65535 / 65536)
	w, err := hashyard.WorkOf(each).Times(shares)
	if err != nil {
		t.Fatal(err)
	}
	sq, err := hashyard.WorkOf(each).Times(uint64(each))
	if err != nil {
		t.Fatal(err)
	}
	if sq, err = sq.Times(shares); err != nil {
		t.Fatal(err)
	}
	from := b.clock.now()
	for _, u := range d.Units {
		if u.Unit == unit && u.Proof.StartedAt.After(from) {
			from = u.Proof.StartedAt
		}
	}
	return hashyard.WorkMeasured{
		Unit: unit, Org: b.buyer.Org, From: from, To: from.Add(time.Duration(seconds * 1e9)),
		Work: w, SumSquares: sq, Shares: int64(shares), Scale: 1,
	}
}

func (b *bundle) twice(t *testing.T, handle func(context.Context, hashyard.Event) error, ev hashyard.Event) {
	t.Helper()
	for range 2 {
		if err := handle(t.Context(), ev); err != nil {
			t.Fatalf("%s: %v", ev.Kind, err)
		}
	}
}

func TestSeventyPercentIsRefutedAndHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	d = b.fund(t, d.Trade.ID)
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	b.prove(t, d, d.Units[0].Unit, 700, 1000)
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Refuted || d.Trade.Held() != d.Trade.Amount || len(b.rail.transfers) != 0 {
		t.Fatalf("refuted: %+v", d.Trade)
	}
	if len(b.events(t, hashyard.EvHashrateRefuted)) != 1 || len(b.events(t, brokerage.EvSettlementDue)) != 0 {
		t.Error("events of the refutation")
	}
	p := d.Units[0].Proof
	if p.State != brokerage.ProofFailed || p.Decision.Upper >= p.Decision.Floor || p.Shares != 700 {
		t.Errorf("proof: %+v", p)
	}
	// The desk sends the money back.
	if _, err := b.svc.Decide(t.Context(), b.buyer, d.Trade.ID, brokerage.RefundBuyer, "mine"); !errors.Is(err, hashyard.Denied) {
		t.Errorf("a party decides: %v", err)
	}
	if _, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.RefundBuyer, "hashes 70 %"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.PaySeller, "or not"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("decided twice: %v", err)
	}
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Cancelled || d.Trade.Refunded != d.Trade.Amount || len(b.rail.refunds) != 1 {
		t.Errorf("refund: %+v", d.Trade)
	}
	b.sound(t)
}

func TestManyUnitsAreProvenEach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 3)
	d = b.fund(t, d.Trade.ID)
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	for i, u := range d.Units {
		if i > 0 && b.trade(t, d.Trade.ID).Trade.State != brokerage.Proving {
			t.Fatalf("after %d of 3 units: %s", i, b.trade(t, d.Trade.ID).Trade.State)
		}
		b.prove(t, d, u.Unit, 3000, 3000)
	}
	if s := b.trade(t, d.Trade.ID).Trade.State; s != brokerage.Proven {
		t.Errorf("all proven: %s", s)
	}
	if n := len(b.events(t, hashyard.EvHashrateProven)); n != 3 {
		t.Errorf("%d proven events", n)
	}
}

func TestRedirectsThatProveNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	unit := d.Units[0].Unit
	redirected := func(org hashyard.ID) error {
		return b.svc.OnMinerRedirected(t.Context(), event(t, hashyard.EvMinerRedirected, hashyard.MinerRedirected{Unit: unit, Org: org}))
	}
	if err := redirected(b.seller.Org); err != nil {
		t.Errorf("the seller's own redirect: %v", err)
	}
	if err := redirected(b.buyer.Org); err != nil {
		t.Errorf("before the money: %v", err)
	}
	b.fund(t, d.Trade.ID)
	if err := redirected(b.buyer.Org); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("before the delivery, to be tried again: %v", err)
	}
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	if err := redirected(b.seller.Org); err != nil || b.trade(t, d.Trade.ID).Trade.State != brokerage.Delivered {
		t.Errorf("another organisation's redirect starts the proof: %v", err)
	}
}
