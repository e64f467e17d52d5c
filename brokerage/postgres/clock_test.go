package postgres_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/brokerage"
)

// TestClockJumps: before every step of a trade the clock of the process jumps
// by an hour. The states come in their order, the money leaves once, and
// nothing stays held.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, jumps := range map[string][]time.Duration{
		"forwards": {hour}, "backwards": {-hour}, "to and fro": {hour, -hour}, "fro and to": {-hour, hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			n := 0
			jump := func() { b.clock.pass(jumps[n%len(jumps)]); n++ }
			jump()
			d := b.matched(t, 1)
			unit := d.Units[0].Unit
			jump()
			d = b.fund(t, d.Trade.ID)
			jump()
			b.twice(t, b.svc.OnUnitsDispatched, event(t, hashyard.EvUnitsDispatched, hashyard.UnitsMoved{Trade: d.Trade.ID}))
			jump()
			// The deadline of a payment that has come is an hour early, or late.
			b.twice(t, b.svc.OnPaymentDue, b.onlyEvent(t, brokerage.EvPaymentDue))
			b.twice(t, b.svc.OnUnitsDelivered, event(t, hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: d.Trade.ID}))
			jump()
			b.prove(t, d, unit, 3000, 3000)
			jump()
			due := b.onlyEvent(t, brokerage.EvSettlementDue)
			b.twice(t, b.svc.OnSettlementDue, due)
			jump()
			b.twice(t, b.svc.OnSettlementDue, due)
			d = b.trade(t, d.Trade.ID)
			want := []brokerage.TradeState{
				brokerage.Matched, brokerage.Funded, brokerage.Shipped, brokerage.Delivered,
				brokerage.Proving, brokerage.Proven, brokerage.Released,
			}
			if diff := cmp.Diff(want, states(d)); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
			if len(b.rail.transfers) != 1 || len(b.events(t, hashyard.EvHeldReleased)) != 1 {
				t.Errorf("%d transfers, %d releases", len(b.rail.transfers), len(b.events(t, hashyard.EvHeldReleased)))
			}
			if got := b.balance(t, b.buyer.Org, "held"); got != 0 || d.Trade.Held() != 0 {
				t.Errorf("held is %d, the trade says %d", got, d.Trade.Held())
			}
			b.sound(t)
		})
	}
}

// TestClockJumpsOverTheDeadline: a clock that ran an hour fast has a trade
// cancelled; the money that comes after it was set right goes back whole.
func TestClockJumpsOverTheDeadline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.matched(t, 1)
	b.clock.pass(48*time.Hour + time.Minute)
	b.twice(t, b.svc.OnPaymentDue, b.onlyEvent(t, brokerage.EvPaymentDue))
	b.clock.pass(-time.Hour)
	b.twice(t, b.svc.OnPaymentDue, b.onlyEvent(t, brokerage.EvPaymentDue))
	d = b.trade(t, d.Trade.ID)
	if d.Trade.State != brokerage.Cancelled || d.Trade.Received != 0 || len(b.events(t, brokerage.EvTradeCancelled)) != 1 {
		t.Errorf("%+v", d.Trade)
	}
	b.twice(t, b.svc.OnTradeCancelled, b.onlyEvent(t, brokerage.EvTradeCancelled))
	if n := b.inventory.held(); n != 0 {
		t.Errorf("%d units still held", n)
	}
	b.sound(t)
}
