package postgres_test

import (
	"errors"
	"testing"

	"hashyard"
	"hashyard/brokerage"
)

// TestFrozenPayoutsHoldTheRailToo: a decided settlement waits while payouts are
// frozen, says so to both parties, and goes once when they are open again.
func TestFrozenPayoutsHoldTheRailToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	if d, _ = b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); d.Payment == nil {
		t.Fatal("no payment")
	}
	b.cancelBehindTheRail(t, d)
	b.rail.bankSends(d.Payment.RailID, d.Payment.Amount)
	if err := b.svc.Webhook(t.Context(), b.rail.webhook("payment_intent.succeeded", d.Payment.RailID), "signed"); err != nil {
		t.Fatal(err)
	}
	due := b.onlyEvent(t, brokerage.EvSettlementDue)
	b.frozen = hashyard.Conflict.Errorf("payouts are frozen: drill")
	for range 2 {
		if err := b.svc.OnSettlementDue(t.Context(), due); !errors.Is(err, hashyard.Conflict) {
			t.Fatalf("while frozen: %v", err)
		}
	}
	d = b.trade(t, d.Trade.ID)
	if len(b.rail.refunds) != 0 || d.Settlement.Trouble != "payouts are frozen" {
		t.Fatalf("%d refunds, trouble %q", len(b.rail.refunds), d.Settlement.Trouble)
	}
	b.frozen = nil
	b.twice(t, b.svc.OnSettlementDue, due)
	if d = b.trade(t, d.Trade.ID); d.Trade.Held() != 0 || len(b.rail.refunds) != 1 || d.Settlement.Trouble != "" {
		t.Fatalf("after: held %d, %d refunds, trouble %q", d.Trade.Held(), len(b.rail.refunds), d.Settlement.Trouble)
	}
	b.sound(t)
}
