package fake_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/stripe"
)

func TestExactFundingIsToldTwiceAndOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := paymentRequest(w.customer("Buyer"), 1_250_000)
	p, err := w.rail.OpenTransfer(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	in := p.Instructions
	if p.Status != brokerage.PaymentOpen || p.Received != 0 || p.Trade != req.Trade || in.AccountNumber == "" || in.RoutingNumber == "" ||
		in.BankName == "" || in.Reference == "" {
		t.Fatalf("opened payment: %+v", p)
	}
	w.pay(p, 1_250_000, in.Reference)

	want := brokerage.RailPayment{ID: p.ID, Trade: req.Trade, Status: brokerage.PaymentSucceeded, Amount: 1_250_000, Received: 1_250_000}
	if diff := cmp.Diff(want, w.read(p.ID)); diff != "" {
		t.Errorf("funded payment (-want +got)\n%s", diff)
	}
	if got := w.balance(); got != (stripe.Balance{Available: 1_250_000}) {
		t.Errorf("balance %+v", got)
	}

	kinds := []string{"payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded", "charge.succeeded"}
	wait(t, "two copies of each event", func() bool {
		for _, k := range kinds {
			if len(w.inbox.times(k, p.ID)) < 2 {
				return false
			}
		}
		return true
	})
	if s, c := w.inbox.times(kinds[2], p.ID), w.inbox.times(kinds[0], p.ID); s[0] > c[0] {
		t.Errorf("succeeded arrived at %v, created at %v: in order", s, c)
	}
	byID := map[string]int{}
	for _, e := range w.inbox.got() {
		byID[e.ID]++
	}
	for id, n := range byID {
		if n > 2 {
			t.Errorf("event %s arrived %d times", id, n)
		}
	}
}

func TestPartAndOverFunding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cust := w.customer("Buyer")
	p := w.open(cust, 10_000)

	w.pay(p, 4_000, "")
	part := w.read(p.ID)
	if part.Status != brokerage.PaymentOpen || part.Received != 4_000 || part.Instructions != p.Instructions {
		t.Fatalf("after a part: %+v", part)
	}
	if got := w.balance(); got.Available != 0 {
		t.Errorf("a part is already in the platform's balance: %+v", got)
	}
	w.pay(p, 7_500, "")
	full := w.read(p.ID)
	if full.Status != brokerage.PaymentSucceeded || full.Received != 10_000 {
		t.Fatalf("after the rest: %+v", full)
	}
	cash, err := w.rail.Cash(t.Context(), cust)
	if err != nil || cash != 1_500 {
		t.Fatalf("cash left over %s, %v", cash, err)
	}
	wait(t, "the events of both", func() bool {
		return len(w.inbox.times("payment_intent.partially_funded", p.ID)) == 2 && len(w.inbox.times("payment_intent.succeeded", p.ID)) == 2
	})
	next := w.open(cust, 2_000)
	if next.Received != 1_500 || next.Status != brokerage.PaymentOpen {
		t.Errorf("the next payment starts with what lay there: %+v", next)
	}
}

func TestMoneyGoesByReferenceThenToTheOldest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cust := w.customer("Buyer")
	first, second, third := w.open(cust, 1_000), w.open(cust, 1_000), w.open(cust, 1_000)
	w.pay(second, 1_400, second.Instructions.Reference)
	got := map[string]hashyard.Cents{}
	for _, p := range []brokerage.RailPayment{first, second, third} {
		got[p.ID] = w.read(p.ID).Received
	}
	want := map[string]hashyard.Cents{first.ID: 400, second.ID: 1_000, third.ID: 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("received (-want +got)\n%s", diff)
	}
}

func TestCancelReturnsAPartToTheCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cust := w.customer("Buyer")
	p, other := w.open(cust, 5_000), w.open(cust, 1_000)
	w.pay(p, 2_000, p.Instructions.Reference)
	for range 2 { // also when it is asked again
		got, err := w.rail.CancelPayment(t.Context(), p.ID, "cancel-"+p.ID)
		if err != nil || got.Status != brokerage.PaymentCanceled || got.Received != 0 {
			t.Fatalf("cancel: %+v, %v", got, err)
		}
	}
	if got := w.read(other.ID); got.Status != brokerage.PaymentSucceeded {
		t.Errorf("the freed money did not go on to the open payment: %+v", got)
	}
	if cash, err := w.rail.Cash(t.Context(), cust); err != nil || cash != 1_000 {
		t.Errorf("cash %s, %v", cash, err)
	}
	got, err := w.rail.CancelPayment(t.Context(), other.ID, "cancel-"+other.ID)
	if err != nil || got.Status != brokerage.PaymentSucceeded {
		t.Errorf("canceling a paid one must say that it is paid: %+v, %v", got, err)
	}
}

func TestRefundAndReversal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.funded(9_000)
	acct := w.seller()
	tr, err := w.rail.Transfer(t.Context(), brokerage.TransferRequest{Trade: p.Trade, Account: acct, Amount: 6_000, Key: "release"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.rail.ReverseTransfer(t.Context(), tr, 6_000, "undo"); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for range 2 {
		id, err := w.rail.Refund(t.Context(), brokerage.RefundRequest{Trade: p.Trade, Payment: p.ID, Amount: 9_000, Key: "refund"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if ids[0] != ids[1] {
		t.Errorf("one key made two refunds: %v", ids)
	}
	if got := w.balance(); got.Available != 0 {
		t.Errorf("balance %+v", got)
	}
	wait(t, "the refund to succeed", func() bool { return w.double.Snapshot().Refunds[0].Status == "succeeded" })
	wait(t, "its events", func() bool {
		return len(w.inbox.times("charge.refunded", p.ID)) == 2 && len(w.inbox.times("charge.refund.updated", p.ID)) == 2
	})
	_, err = w.rail.Refund(t.Context(), brokerage.RefundRequest{Trade: p.Trade, Payment: p.ID, Amount: 1, Key: "again"})
	if !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a second refund: %v", err)
	}
	moves, err := w.rail.Movements(t.Context(), p.Trade.Time())
	if err != nil {
		t.Fatal(err)
	}
	var sum hashyard.Cents
	for _, m := range moves {
		sum += m.Net
	}
	if len(moves) != 4 || sum != 0 {
		t.Errorf("%d movements sum to %s: %+v", len(moves), sum, moves)
	}
}
