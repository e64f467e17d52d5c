package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/inventory"
)

// refund tells that the trade's money went back to the buyer, twice.
func (y *yard) refund(t *testing.T, s sale) {
	t.Helper()
	deliver(t, y.svc.OnTradeCancelled, hashyard.EvTradeCancelled, hashyard.TradeNote{
		Trade: s.trade, Buyer: y.buyer.Org, Seller: y.seller.Org, AskOrder: s.order, Units: s.units,
		Reason: "never sent", Refunded: true,
	})
}

func (y *yard) shipment(t *testing.T, s sale, want inventory.ShipmentState) inventory.Shipment {
	t.Helper()
	ship, err := y.svc.Shipment(t.Context(), y.buyer, s.ship.ID)
	if err != nil || ship.State != want {
		t.Fatalf("shipment is %s, want %s: %v", ship.State, want, err)
	}
	return ship
}

func TestRefundBeforeDispatchFreesTheUnits(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	s := y.sell(t, a, b)
	if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, a.Serial, time.Time{}); err != nil {
		t.Fatal(err)
	}
	y.refund(t, s)
	if ship := y.shipment(t, s, inventory.ShipmentCancelled); ship.Reason != "never sent" || ship.DecidedAt.IsZero() {
		t.Errorf("cancelled: %+v", ship)
	}
	for _, u := range []inventory.Unit{a, b} {
		if u := y.wantState(t, u.ID, inventory.UnitAvailable); u.Custodian != y.seller.Org || !u.Order.IsZero() || !u.Trade.IsZero() || !u.Destined.IsZero() {
			t.Errorf("freed: %+v", u)
		}
		y.checkChain(t, u.ID)
	}
	for _, kind := range []inventory.ScanKind{inventory.ScanPack, inventory.ScanReturn} {
		if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, kind, b.Serial, time.Time{}); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("%s of a cancelled shipment: %v", kind, err)
		}
	}
	// The machines are sold again, and late events of the old trade change nothing.
	again := y.sell(t, a, b)
	y.refundedEventsComeLate(t, s)
	if u := y.wantState(t, a.ID, inventory.UnitSold); u.Trade != again.trade {
		t.Errorf("the second trade: %+v", u)
	}
}

func (y *yard) refundedEventsComeLate(t *testing.T, s sale) {
	t.Helper()
	deliver(t, y.svc.OnTradeMatched, hashyard.EvTradeMatched, hashyard.TradeMatched{
		Trade: s.trade, Buyer: y.buyer.Org, Seller: y.seller.Org, AskOrder: s.order, Units: s.units,
	})
	deliver(t, y.svc.OnTradeDisputed, hashyard.EvTradeDisputed, hashyard.TradeNote{Trade: s.trade, Units: s.units, Reason: "late"})
	if ship := y.shipment(t, s, inventory.ShipmentCancelled); ship.Stopped != "" {
		t.Errorf("a late dispute stops: %+v", ship)
	}
}

func TestRefundAfterDispatchBringsTheUnitsBack(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	s := y.sell(t, a, b)
	y.must(t, s, y.seller, inventory.ScanPack, a, b)
	if _, err := y.svc.Dispatch(ctx, y.seller, s.ship.ID, "DHL", "JD01"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanReturn, a.Serial, time.Time{}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("returned without a refund: %v", err)
	}
	if _, err := y.svc.Arrive(ctx, y.buyer, s.ship.ID); err != nil {
		t.Fatal(err)
	}
	y.must(t, s, y.buyer, inventory.ScanReceive, a) // b is still at the door
	y.refund(t, s)
	y.shipment(t, s, inventory.ShipmentReturning)
	for _, u := range []inventory.Unit{a, b} {
		if u := y.wantState(t, u.ID, inventory.UnitReturning); u.Owner != y.seller.Org || u.Destined != y.buyer.Org {
			t.Errorf("returning: %+v", u)
		}
	}
	if _, _, err := y.svc.Scan(ctx, y.buyer, s.ship.ID, inventory.ScanReceive, b.Serial, time.Time{}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the buyer still receives: %v", err)
	}
	if _, _, err := y.svc.Scan(ctx, y.buyer, s.ship.ID, inventory.ScanReturn, b.Serial, time.Time{}); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the buyer takes back: %v", err)
	}
	if _, err := y.svc.Reserve(ctx, y.seller, hashyard.Ref{Kind: "order", ID: hashyard.NewID()}, s.units); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("listed on its way back: %v", err)
	}
	y.must(t, s, y.seller, inventory.ScanReturn, a, a, b)
	if ship := y.shipment(t, s, inventory.ShipmentReturned); ship.ReturnedAt.IsZero() || ship.Progress(inventory.ScanReturn).Remaining() != 0 {
		t.Errorf("returned: %+v", ship)
	}
	for _, u := range []inventory.Unit{a, b} {
		if u := y.wantState(t, u.ID, inventory.UnitAvailable); u.Custodian != y.seller.Org || !u.Trade.IsZero() {
			t.Errorf("back: %+v", u)
		}
		y.checkChain(t, u.ID)
	}
	y.wantEvents(t, s.ship.ID, hashyard.EvUnitsPacked, hashyard.EvUnitsDispatched, hashyard.EvUnitsArrived, hashyard.EvUnitsReturned)
	y.sell(t, a, b)
}

func (y *yard) must(t *testing.T, s sale, who hashyard.Actor, kind inventory.ScanKind, units ...inventory.Unit) {
	t.Helper()
	for _, u := range units {
		if _, _, err := y.svc.Scan(t.Context(), who, s.ship.ID, kind, u.Serial, time.Time{}); err != nil {
			t.Fatalf("%s of %s: %v", kind, u.Serial, err)
		}
	}
}

func TestDisputeStopsPackingAndDispatch(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	one, two := y.sell(t, a), y.sell(t, b)
	y.must(t, two, y.seller, inventory.ScanPack, b)
	for _, s := range []sale{one, two} {
		deliver(t, y.svc.OnTradeDisputed, hashyard.EvTradeDisputed, hashyard.TradeNote{Trade: s.trade, Units: s.units, Reason: "wrong model"})
	}
	stopped := func(what string, err error) {
		if !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "wrong model") {
			t.Errorf("%s during a dispute: %v", what, err)
		}
	}
	_, _, err := y.svc.Scan(ctx, y.seller, one.ship.ID, inventory.ScanPack, a.Serial, time.Time{})
	stopped("packed", err)
	_, err = y.svc.Dispatch(ctx, y.seller, two.ship.ID, "DHL", "JD01")
	stopped("dispatched", err)
	// The desk pays the seller: the machines go on to the buyer.
	for _, s := range []sale{one, two} {
		deliver(t, y.svc.OnDisputeOver, hashyard.EvHeldReleased, hashyard.HeldReleased{Trade: s.trade, Units: s.units})
	}
	y.must(t, one, y.seller, inventory.ScanPack, a)
	if _, err = y.svc.Dispatch(ctx, y.seller, two.ship.ID, "DHL", "JD01"); err != nil {
		t.Errorf("after the decision: %v", err)
	}
	deliver(t, y.svc.OnTradeDisputed, hashyard.EvTradeDisputed, hashyard.TradeNote{Trade: one.trade, Units: one.units, Reason: "late"})
	if _, err = y.svc.Dispatch(ctx, y.seller, one.ship.ID, "DHL", "JD02"); err != nil {
		t.Errorf("a dispute told after the decision: %v", err)
	}
}

// TestEventsBeforeTheShipment: what needs the shipment waits for it; a trade
// that lapsed never had one.
func TestEventsBeforeTheShipment(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a := y.claim(t, y.seller, "SMTT0001")
	trade := hashyard.NewID()
	note := hashyard.TradeNote{Trade: trade, Units: []hashyard.ID{a.ID}, Reason: "not paid in time"}
	deliver(t, y.svc.OnTradeCancelled, hashyard.EvTradeCancelled, note)
	y.wantState(t, a.ID, inventory.UnitAvailable)
	note.Refunded = true
	ev, err := hashyard.NewEvent(hashyard.EvTradeCancelled, hashyard.Ref{Kind: "trade", ID: trade}, a.SeenAt, note)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := y.svc.OnTradeCancelled(t.Context(), ev); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("refunded before the shipment: %v", err)
		}
		if err := y.svc.OnTradeDisputed(t.Context(), ev); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("disputed before the shipment: %v", err)
		}
	}
}
