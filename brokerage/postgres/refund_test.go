package postgres_test

import (
	"errors"
	"testing"

	"hashyard"
	"hashyard/brokerage"
)

// TestRefundTellsThatTheTradeIsOver: the desk's refund cancels the trade and
// names its machines, once, to inventory; brokerage releases none of them, for
// they may have left the seller.
func TestRefundTellsThatTheTradeIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 2)
	b.fund(t, d.Trade.ID)
	if _, err := b.svc.Dispute(t.Context(), b.buyer, d.Trade.ID, "never sent"); err != nil {
		t.Fatal(err)
	}
	decide := func() error {
		_, err := b.svc.Decide(t.Context(), b.desk, d.Trade.ID, brokerage.RefundBuyer, "never sent")
		return err
	}
	// Asked for twice: the first answer was lost with its process.
	if err := errors.Join(decide(), decide()); err != nil {
		t.Fatal(err)
	}
	b.twice(t, b.svc.OnSettlementDue, b.onlyEvent(t, brokerage.EvSettlementDue))
	d = b.trade(t, d.Trade.ID)
	ev := b.onlyEvent(t, brokerage.EvTradeCancelled)
	var note hashyard.TradeNote
	if err := ev.Read(&note); err != nil || !note.Refunded || len(note.Units) != 2 || note.Trade != d.Trade.ID || note.Seller != b.seller.Org || note.Reason != "never sent" {
		t.Errorf("cancelled: %+v %v", note, err)
	}
	b.twice(t, b.svc.OnTradeCancelled, ev)
	if d.Trade.State != brokerage.Cancelled || b.inventory.held() != 2 {
		t.Errorf("%s, %d units held", d.Trade.State, b.inventory.held())
	}
	b.sound(t)
}
