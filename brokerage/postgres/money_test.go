package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/testdb"
)

// TestWebhooksAsTheMoneyComes: early events find nothing or a part, the last
// finds all; then everything once more, backwards.
func TestWebhooksAsTheMoneyComes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	d, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID)
	if err != nil || again.Payment.RailID != d.Payment.RailID || len(b.rail.payments) != 1 {
		t.Fatalf("asked twice: %+v %v", again.Payment, err)
	}
	var bodies [][]byte
	for _, part := range []hashyard.Cents{0, 100, 5_000, d.Payment.Amount} {
		b.rail.bankSends(d.Payment.RailID, part)
		bodies = append(bodies, b.rail.webhook("payment_intent.partially_funded", d.Payment.RailID))
		if err := b.svc.Webhook(t.Context(), bodies[len(bodies)-1], "signed"); err != nil {
			t.Fatal(err)
		}
		want := brokerage.Matched
		if part == d.Payment.Amount {
			want = brokerage.Funded
		}
		if got := b.trade(t, d.Trade.ID); got.Trade.State != want {
			t.Fatalf("after %d: %s", part, got.Trade.State)
		}
	}
	for i := len(bodies) - 1; i >= 0; i-- {
		if err := b.svc.Webhook(t.Context(), bodies[i], "signed"); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.balance(t, b.buyer.Org, "held"); got != -114_200 {
		t.Errorf("held %d", got)
	}
	if err := b.svc.Webhook(t.Context(), bodies[0], "forged"); !errors.Is(err, hashyard.Unauthenticated) {
		t.Errorf("forged: %v", err)
	}
	if err := b.svc.Webhook(t.Context(), b.rail.webhook("payment_intent.succeeded", "pi_unknown"), "signed"); err != nil {
		t.Errorf("unknown payment: %v", err)
	}
}

func TestMissingWebhookIsSwept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	d, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.rail.bankSends(d.Payment.RailID, d.Payment.Amount)
	if err := b.svc.SweepPayments(t.Context()); err != nil || b.trade(t, d.Trade.ID).Trade.State != brokerage.Matched {
		t.Fatalf("swept at once: %v", err)
	}
	b.clock.pass(2 * time.Minute)
	for range 2 {
		if err := b.svc.SweepPayments(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.trade(t, d.Trade.ID).Trade.State; s != brokerage.Funded {
		t.Errorf("after the sweep: %s", s)
	}
}

// TestReleaseSurvivesALostAnswer: the transfer is made but the process never
// hears of it, again and again; the money moves once and the ledger follows.
func TestReleaseSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.proven(t)
	due := b.onlyEvent(t, brokerage.EvSettlementDue)
	b.rail.dropReply = 3
	for n := range 3 {
		if err := b.svc.OnSettlementDue(t.Context(), due); !errors.Is(err, errDropped) {
			t.Fatalf("attempt %d: %v", n, err)
		}
		got := b.trade(t, d.Trade.ID)
		if got.Trade.State != brokerage.Proven || got.Trade.Held() != d.Trade.Amount || got.Settlement.Done() {
			t.Fatalf("attempt %d: %+v", n, got.Trade)
		}
	}
	b.twice(t, b.svc.OnSettlementDue, due)
	got := b.trade(t, d.Trade.ID)
	if got.Trade.State != brokerage.Released || len(b.rail.transfers) != 1 || got.Trade.Held() != 0 {
		t.Fatalf("released: %+v, %d transfers", got.Trade, len(b.rail.transfers))
	}
	b.sound(t)
}

// proven is a trade whose held money is about to be released.
func (b *bundle) proven(t *testing.T) brokerage.Dossier {
	t.Helper()
	d := b.matched(t, 1)
	d = b.fund(t, d.Trade.ID)
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	b.prove(t, d, d.Units[0].Unit, 3000, 3000)
	return b.trade(t, d.Trade.ID)
}

func TestReleaseRacesItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.proven(t)
	due := b.onlyEvent(t, brokerage.EvSettlementDue)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { errs <- b.svc.OnSettlementDue(context.Background(), due) }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := b.trade(t, d.Trade.ID).Trade; got.State != brokerage.Released || len(b.events(t, hashyard.EvHeldReleased)) != 1 {
		t.Errorf("%+v", got)
	}
	if got := b.balance(t, b.house, "commission"); got != -1_713 {
		t.Errorf("commission %d", got)
	}
}

func TestUnpaidTradeIsCancelledAndItsUnitsFreed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 2)
	due := b.onlyEvent(t, brokerage.EvPaymentDue)
	var notBefore time.Time
	err := testdb.Owner(t, b.db).QueryRow(t.Context(), "SELECT not_before FROM outbox WHERE id = $1", due.ID).Scan(&notBefore)
	if err != nil || !notBefore.Equal(d.Trade.PaymentDue) || d.Trade.PaymentDue.Sub(d.Trade.MatchedAt) != 48*time.Hour {
		t.Fatalf("due %s, trade says %s: %v", notBefore, d.Trade.PaymentDue, err)
	}
	if d, err = b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); err != nil {
		t.Fatal(err)
	}
	b.rail.bankSends(d.Payment.RailID, 100) // part of it came
	b.clock.pass(49 * time.Hour)
	b.twice(t, b.svc.OnPaymentDue, due)
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Cancelled || d.Payment.Status != brokerage.PaymentCanceled || d.Trade.Received != 0 {
		t.Fatalf("cancelled: %+v", d)
	}
	if b.inventory.held() != 2 {
		t.Fatalf("%d units held before the event", b.inventory.held())
	}
	b.twice(t, b.svc.OnTradeCancelled, b.onlyEvent(t, brokerage.EvTradeCancelled))
	if b.inventory.held() != 0 {
		t.Errorf("%d units still held", b.inventory.held())
	}
	if _, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("fund a cancelled trade: %v", err)
	}
	b.sound(t)
}

func TestMoneyInTheLastMomentCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	d, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.rail.bankSends(d.Payment.RailID, d.Payment.Amount) // and its webhook is late
	b.twice(t, b.svc.OnPaymentDue, b.onlyEvent(t, brokerage.EvPaymentDue))
	if s := b.trade(t, d.Trade.ID).Trade.State; s != brokerage.Funded {
		t.Errorf("state %s", s)
	}
}

// TestLateMoneyIsRefunded: a rail whose cancellation lost the race.
func TestLateMoneyIsRefunded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	due := b.onlyEvent(t, brokerage.EvPaymentDue)
	b.twice(t, b.svc.OnPaymentDue, due) // nobody asked how to pay
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Cancelled {
		t.Fatalf("%+v", d.Trade)
	}
	if _, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("fund a cancelled trade: %v", err)
	}
	// Another trade, whose payment succeeds although it was cancelled.
	d = b.matched(t, 1)
	if d, _ = b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); d.Payment == nil {
		t.Fatal("no payment")
	}
	b.cancelBehindTheRail(t, d)
	b.rail.bankSends(d.Payment.RailID, d.Payment.Amount)
	if err := b.svc.Webhook(t.Context(), b.rail.webhook("payment_intent.succeeded", d.Payment.RailID), "signed"); err != nil {
		t.Fatal(err)
	}
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Cancelled || d.Trade.Held() != d.Trade.Amount || d.Settlement.Kind != brokerage.RefundBuyer {
		t.Fatalf("late money: %+v", d)
	}
	b.rail.dropReply = 1
	if err := b.svc.OnSettlementDue(t.Context(), b.onlyEvent(t, brokerage.EvSettlementDue)); err == nil {
		t.Fatal("the answer was to be lost")
	}
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	d = b.trade(t, d.Trade.ID)
	if d.Trade.Held() != 0 || len(b.rail.refunds) != 1 {
		t.Fatalf("refunded: %+v", d.Trade)
	}
	b.sound(t)
}

// cancelBehindTheRail lapses a trade whose payment the rail still takes.
func (b *bundle) cancelBehindTheRail(t *testing.T, d brokerage.Dossier) {
	t.Helper()
	_, err := b.store.ChangeTrade(t.Context(), brokerage.By{Reason: "test"}, d.Trade.ID, func(d brokerage.Dossier) (*brokerage.Change, error) {
		return d.Lapse(d.Trade.PaymentDue)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUndecidedProofGoesToTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	d = b.fund(t, d.Trade.ID)
	b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
	b.twice(t, b.svc.OnProofDue, b.onlyEvent(t, brokerage.EvProofDue))
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Disputed || d.Trade.Held() != d.Trade.Amount {
		t.Fatalf("%+v", d.Trade)
	}
	if _, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.PaySeller, "seen on the bench"); err != nil {
		t.Fatal(err)
	}
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	if d = b.trade(t, d.Trade.ID); d.Trade.State != brokerage.Released {
		t.Errorf("%+v", d.Trade)
	}
	b.sound(t)
}

func TestEarningsAreBookedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := hashyard.EarningsSettled{
		Statement: hashyard.NewID(), Org: b.buyer.Org, To: time.Now(), Gross: 1042, Fee: 21, Net: 1021, Residue: 1,
	}
	b.twice(t, b.svc.OnEarningsSettled, event(t, hashyard.EvEarningsSettled, p))
	b.twice(t, b.svc.OnEarningsSettled, event(t, hashyard.EvEarningsSettled, p)) // another event of the same statement
	for purpose, want := range map[string]int64{"fpps_expense": 1043, "pool_fee": -21, "residue": -1} {
		if got := b.balance(t, b.house, purpose); got != want {
			t.Errorf("%s: %d, want %d", purpose, got, want)
		}
	}
	if got := b.balance(t, b.buyer.Org, "earnings"); got != -1021 {
		t.Errorf("earnings: %d", got)
	}
	b.twice(t, b.svc.OnEarningsSettled, event(t, hashyard.EvEarningsSettled, hashyard.EarningsSettled{Statement: hashyard.NewID(), Org: b.buyer.Org}))
	p.Net++
	if err := b.svc.OnEarningsSettled(t.Context(), event(t, hashyard.EvEarningsSettled, p)); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the same statement with other amounts: %v", err)
	}
	if tb := b.sound(t); tb.Entries != 1 {
		t.Errorf("%d entries", tb.Entries)
	}
}

// TestReturnedTradeIsTheStoredOne: what a command answers is what is read
// afterwards, to the last field.
func TestReturnedTradeIsTheStoredOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 2)
	funding, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.trade(t, d.Trade.ID), funding, exact); diff != "" {
		t.Errorf("fund (-stored +returned):\n%s", diff)
	}
	b.rail.bankSends(funding.Payment.RailID, funding.Payment.Amount)
	if err := b.svc.Webhook(t.Context(), b.rail.webhook("payment_intent.succeeded", funding.Payment.RailID), "signed"); err != nil {
		t.Fatal(err)
	}
	disputed, err := b.svc.Dispute(t.Context(), b.buyer, d.Trade.ID, "never sent")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.trade(t, d.Trade.ID), disputed, exact); diff != "" {
		t.Errorf("dispute (-stored +returned):\n%s", diff)
	}
	decided, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.RefundBuyer, "never sent")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.trade(t, d.Trade.ID), decided, exact); diff != "" {
		t.Errorf("decide (-stored +returned):\n%s", diff)
	}
}

var exact = cmp.Comparer(func(a, b hashyard.Work) bool { return a == b })
