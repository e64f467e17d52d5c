package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/inventory"
	"hashyard/inventory/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// yard is one test's inventory with a seller, a buyer and a stranger.
type yard struct {
	db                      *pg.DB
	svc                     *inventory.Service
	seller, buyer, stranger hashyard.Actor
}

func newYard(t *testing.T) *yard {
	t.Helper()
	db := testdb.New(t)
	y := &yard{db: db, svc: inventory.New(inventory.Config{Store: postgres.New(db)})}
	for _, a := range []*hashyard.Actor{&y.seller, &y.buyer, &y.stranger} {
		*a = hashyard.Actor{User: hashyard.NewID(), Org: testdb.Org(t, db), Roles: []hashyard.Role{hashyard.Owner}}
	}
	if err := y.svc.SeedModels(t.Context(), inventory.StandardModels()); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *yard) claim(t *testing.T, a hashyard.Actor, serial string) inventory.Unit {
	t.Helper()
	c, err := y.svc.Claim(t.Context(), a.Org, hashyard.NewID(), inventory.Identity{
		Serial: serial, MAC: "02:00:00:00:00:01", Model: "Antminer S19", IdealHS: 100 * hashyard.TH, Boards: []string{serial + "-B1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Unit
}

// deliver hands an event to a handler twice, as the dispatcher may.
func deliver(t *testing.T, handle func(context.Context, hashyard.Event) error, kind hashyard.EventKind, payload any) {
	t.Helper()
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "test", ID: hashyard.NewID()}, time.Now(), payload)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := handle(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
}

func (y *yard) wantState(t *testing.T, id hashyard.ID, want inventory.UnitState) inventory.Unit {
	t.Helper()
	u, err := y.svc.Unit(t.Context(), hashyard.SystemActor("test"), id)
	if err != nil {
		t.Fatal(err)
	}
	if u.State != want {
		t.Fatalf("unit is %s, want %s", u.State, want)
	}
	return u
}

// checkChain holds the custody invariant on what is really stored.
func (y *yard) checkChain(t *testing.T, id hashyard.ID) {
	t.Helper()
	sys := hashyard.SystemActor("test")
	u, err := y.svc.Unit(t.Context(), sys, id)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := y.svc.CustodyOf(t.Context(), sys, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := inventory.CheckChain(u, rows); err != nil {
		t.Fatal(err)
	}
}

// sale is a trade of the seller's units.
type sale struct {
	order, trade hashyard.ID
	units        []hashyard.ID
	ship         inventory.Shipment
}

// sell takes units from the listing to a shipment ready for packing.
func (y *yard) sell(t *testing.T, units ...inventory.Unit) sale {
	t.Helper()
	s := sale{order: hashyard.NewID(), trade: hashyard.NewID()}
	for _, u := range units {
		s.units = append(s.units, u.ID)
	}
	if _, err := y.svc.Reserve(t.Context(), y.seller, hashyard.Ref{Kind: "order", ID: s.order}, s.units); err != nil {
		t.Fatal(err)
	}
	deliver(t, y.svc.OnTradeMatched, hashyard.EvTradeMatched, hashyard.TradeMatched{
		Trade: s.trade, Buyer: y.buyer.Org, Seller: y.seller.Org, AskOrder: s.order, Units: s.units,
	})
	deliver(t, y.svc.OnTradeFunded, hashyard.EvTradeFunded, hashyard.TradeFunded{
		Trade: s.trade, Buyer: y.buyer.Org, Seller: y.seller.Org, Units: s.units,
	})
	ships, _, err := y.svc.Shipments(t.Context(), y.buyer, inventory.ShipmentQuery{Trade: s.trade})
	if err != nil || len(ships) != 1 {
		t.Fatalf("shipments of the trade: %d, %v", len(ships), err)
	}
	s.ship = ships[0]
	return s
}

func TestOneMachineFromSightingToItsNewOwner(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	other := y.claim(t, y.seller, "SMTT0003")
	s := y.sell(t, a, b)
	y.wantState(t, a.ID, inventory.UnitSold)

	// Packing: a wrong serial is refused and says whose it is only to its owner.
	_, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, "smtt0003", time.Time{})
	if !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "it is yours and available") {
		t.Errorf("the seller's own other unit: %v", err)
	}
	foreign := y.claim(t, y.stranger, "SMTT0099")
	_, _, err = y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, foreign.Serial, time.Time{})
	if !errors.Is(err, hashyard.Conflict) || err.Error() != "serial SMTT0099 is not in this shipment" {
		t.Errorf("a stranger's unit: %v", err)
	}
	for i, want := range []struct {
		serial  string
		outcome inventory.Outcome
		state   inventory.ShipmentState
	}{
		{"smtt0001", inventory.ScanCounted, inventory.ShipmentPacking},
		{"SMTT0001", inventory.ScanRepeated, inventory.ShipmentPacking},
		{"SMTT0002", inventory.ScanCounted, inventory.ShipmentPacked},
		{"SMTT0002", inventory.ScanRepeated, inventory.ShipmentPacked},
	} {
		ship, rec, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, want.serial, time.Time{})
		if err != nil || rec.Outcome != want.outcome || ship.State != want.state {
			t.Fatalf("scan %d: %s, %s, %v", i, rec.Outcome, ship.State, err)
		}
	}
	if _, err := y.svc.Dispatch(ctx, y.buyer, s.ship.ID, "DHL", "1"); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the buyer dispatches: %v", err)
	}
	if _, err := y.svc.Dispatch(ctx, y.seller, s.ship.ID, "DHL", "JD0123"); err != nil {
		t.Fatal(err)
	}
	if u := y.wantState(t, a.ID, inventory.UnitInTransit); !u.Custodian.IsZero() || u.Carrier != "DHL" {
		t.Errorf("in transit, but with %s %q", u.Custodian, u.Carrier)
	}
	y.checkChain(t, a.ID)
	y.receive(t, s, a, b)
	_ = other
}

func (y *yard) receive(t *testing.T, s sale, a, b inventory.Unit) {
	t.Helper()
	ctx := t.Context()
	if _, _, err := y.svc.Scan(ctx, y.buyer, s.ship.ID, inventory.ScanReceive, a.Serial, time.Time{}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("received before it arrived: %v", err)
	}
	if _, err := y.svc.Arrive(ctx, y.buyer, s.ship.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := y.svc.Except(ctx, y.buyer, s.ship.ID, "one box is missing"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := y.svc.Scan(ctx, y.buyer, s.ship.ID, inventory.ScanReceive, a.Serial, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if u := y.wantState(t, a.ID, inventory.UnitReceived); u.Custodian != y.buyer.Org || u.Owner != y.seller.Org {
		t.Errorf("received by scan: custodian %s, owner %s", u.Custodian, u.Owner)
	}
	y.wantState(t, b.ID, inventory.UnitArrived)
	ship, _, err := y.svc.Scan(ctx, y.buyer, s.ship.ID, inventory.ScanReceive, b.Serial, time.Time{})
	if err != nil || ship.State != inventory.ShipmentReceived {
		t.Fatalf("last receiving scan: %s, %v", ship.State, err)
	}
	deliver(t, y.svc.OnHeldReleased, hashyard.EvHeldReleased, hashyard.HeldReleased{
		Trade: s.trade, Buyer: y.buyer.Org, Seller: y.seller.Org, Units: s.units,
	})
	u := y.wantState(t, a.ID, inventory.UnitAvailable)
	if u.Owner != y.buyer.Org || !u.Order.IsZero() {
		t.Errorf("after the release: owner %s, order %s", u.Owner, u.Order)
	}
	y.checkChain(t, a.ID)
	y.checkChain(t, b.ID)
	rows, err := y.svc.CustodyOf(ctx, y.seller, a.ID)
	if err != nil || len(rows) != 3 {
		t.Fatalf("custody: %d rows, %v", len(rows), err)
	}
	// The former owner still finds the unit, but not where it is.
	if u, err := y.svc.Unit(ctx, y.seller, a.ID); err != nil || !u.Site.IsZero() {
		t.Errorf("former owner sees site %s, %v", u.Site, err)
	}
	// The new owner lists it.
	if _, err := y.svc.Reserve(ctx, y.buyer, hashyard.Ref{Kind: "order", ID: hashyard.NewID()}, s.units); err != nil {
		t.Errorf("the new owner lists: %v", err)
	}
	y.wantEvents(t, s.ship.ID, hashyard.EvUnitsPacked, hashyard.EvUnitsDispatched, hashyard.EvUnitsArrived, hashyard.EvUnitsDelivered)
}

func (y *yard) wantEvents(t *testing.T, ref hashyard.ID, want ...hashyard.EventKind) {
	t.Helper()
	rows, err := testdb.Owner(t, y.db).Query(t.Context(), "SELECT kind FROM outbox WHERE ref_id = $1 ORDER BY id", ref)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []hashyard.EventKind
	for rows.Next() {
		var k hashyard.EventKind
		if err := rows.Scan(&k); err != nil {
			t.Fatal(err)
		}
		got = append(got, k)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events: %s", d)
	}
}

func TestASerialIsListedOnce(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	order := hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	if _, err := y.svc.Reserve(ctx, y.seller, order, []hashyard.ID{a.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := y.svc.Reserve(ctx, y.seller, order, []hashyard.ID{a.ID}); err != nil {
		t.Errorf("the same order again: %v", err)
	}
	_, err := y.svc.Reserve(ctx, y.seller, hashyard.Ref{Kind: "order", ID: hashyard.NewID()}, []hashyard.ID{b.ID, a.ID})
	want := fmt.Sprintf("unit SMTT0001 is already listed (order %s)", order.ID)
	if !errors.Is(err, hashyard.Conflict) || err.Error() != want {
		t.Errorf("listed twice: %v, want %q", err, want)
	}
	y.wantState(t, b.ID, inventory.UnitAvailable) // all or nothing
	if _, err := y.svc.Reserve(ctx, y.stranger, order, []hashyard.ID{b.ID}); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("a stranger lists: %v", err)
	}
	// The database refuses a second live holder even without the rule.
	_, err = testdb.Owner(t, y.db).Exec(ctx, `
		INSERT INTO reservations (id, org_id, unit_id, order_id, at) VALUES (gen_random_uuid(), $1, $2, gen_random_uuid(), now())`, y.seller.Org, a.ID)
	if err == nil || !strings.Contains(err.Error(), "reservations_one_live") {
		t.Errorf("a second live reservation: %v", err)
	}
	for range 2 {
		if err := y.svc.Release(ctx, order, []hashyard.ID{a.ID, b.ID}); err != nil {
			t.Fatal(err)
		}
		y.wantState(t, a.ID, inventory.UnitAvailable)
	}
}

func TestManyAskForOneUnit(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	var wg sync.WaitGroup
	got := make([]error, 16)
	for i := range got {
		ids := []hashyard.ID{a.ID, b.ID}
		if i%2 == 1 {
			ids = []hashyard.ID{b.ID, a.ID} // the other order must not deadlock
		}
		wg.Go(func() {
			_, got[i] = y.svc.Reserve(ctx, y.seller, hashyard.Ref{Kind: "order", ID: hashyard.NewID()}, ids)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range got {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, hashyard.Conflict):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d orders got the units", won)
	}
}

func TestClosedOrderGivesBackOnlyWhatItHolds(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a, b, c := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002"), y.claim(t, y.seller, "SMTT0003")
	s := y.sell(t, a)
	order := hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	if _, err := y.svc.Reserve(t.Context(), y.seller, order, []hashyard.ID{b.ID}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := y.svc.Scan(t.Context(), y.seller, s.ship.ID, inventory.ScanPack, a.Serial, time.Time{}); err != nil {
		t.Fatal(err)
	}
	closed := func(o hashyard.ID, units ...hashyard.ID) {
		deliver(t, y.svc.OnOrderClosed, hashyard.EvOrderClosed, hashyard.OrderClosed{Order: o, Org: y.seller.Org, Units: units})
	}
	closed(hashyard.NewID(), a.ID, b.ID, c.ID)
	y.wantState(t, b.ID, inventory.UnitListed)
	closed(order.ID, b.ID)
	y.wantState(t, b.ID, inventory.UnitAvailable)
	closed(s.order, a.ID)
	y.wantState(t, a.ID, inventory.UnitPacked) // too late: it is in the box
	// An order that was refused because it names what nobody has still ends.
	last := hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	if _, err := y.svc.Reserve(t.Context(), y.seller, last, []hashyard.ID{c.ID}); err != nil {
		t.Fatal(err)
	}
	closed(last.ID, hashyard.NewID(), c.ID)
	y.wantState(t, c.ID, inventory.UnitAvailable)
}

// TestShipmentStepsAskedAgain: the process died after the step and before its
// answer; the same step again is no change and no refusal, another one is.
func TestShipmentStepsAskedAgain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	s := y.sell(t, y.claim(t, y.seller, "SMTT0009"))
	if _, _, err := y.svc.Scan(t.Context(), y.seller, s.ship.ID, inventory.ScanPack, "SMTT0009", time.Time{}); err != nil {
		t.Fatal(err)
	}
	var first, again inventory.Shipment
	for _, step := range []func() (inventory.Shipment, error){
		func() (inventory.Shipment, error) {
			return y.svc.Dispatch(t.Context(), y.seller, s.ship.ID, "DHL", "JD 1")
		},
		func() (inventory.Shipment, error) { return y.svc.Except(t.Context(), y.buyer, s.ship.ID, "customs") },
		func() (inventory.Shipment, error) { return y.svc.Arrive(t.Context(), y.buyer, s.ship.ID) },
	} {
		var err error
		if first, err = step(); err != nil {
			t.Fatal(err)
		}
		if again, err = step(); err != nil || again.State != first.State {
			t.Fatalf("again: %s, %v", again.State, err)
		}
	}
	if _, err := y.svc.Dispatch(t.Context(), y.seller, s.ship.ID, "UPS", "JD 1"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("dispatched by another carrier: %v", err)
	}
	y.checkChain(t, s.units[0])
	if got := testdb.Owner(t, y.db); got != nil {
		var n int
		err := got.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE kind IN ('units.dispatched', 'units.arrived')").Scan(&n)
		if err != nil || n != 2 {
			t.Errorf("%d events of two steps, %v", n, err)
		}
	}
}

func TestMatchedArrivesAfterTheCancellation(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a := y.claim(t, y.seller, "SMTT0001")
	order, trade := hashyard.NewID(), hashyard.NewID()
	if _, err := y.svc.Reserve(t.Context(), y.seller, hashyard.Ref{Kind: "order", ID: order}, []hashyard.ID{a.ID}); err != nil {
		t.Fatal(err)
	}
	for _, holder := range []hashyard.Ref{{Kind: "trade", ID: trade}, {Kind: "order", ID: order}} {
		if err := y.svc.Release(t.Context(), holder, []hashyard.ID{a.ID}); err != nil {
			t.Fatal(err)
		}
	}
	deliver(t, y.svc.OnTradeMatched, hashyard.EvTradeMatched, hashyard.TradeMatched{
		Trade: trade, Buyer: y.buyer.Org, Seller: y.seller.Org, AskOrder: order, Units: []hashyard.ID{a.ID},
	})
	y.wantState(t, a.ID, inventory.UnitAvailable)
}

func TestFundedBeforeMatchedArrives(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a := y.claim(t, y.seller, "SMTT0001")
	order, trade := hashyard.NewID(), hashyard.NewID()
	if _, err := y.svc.Reserve(t.Context(), y.seller, hashyard.Ref{Kind: "order", ID: order}, []hashyard.ID{a.ID}); err != nil {
		t.Fatal(err)
	}
	funded := hashyard.TradeFunded{Trade: trade, Buyer: y.buyer.Org, Seller: y.seller.Org, Units: []hashyard.ID{a.ID}}
	deliver(t, y.svc.OnTradeFunded, hashyard.EvTradeFunded, funded)
	deliver(t, y.svc.OnTradeFunded, hashyard.EvTradeFunded, funded) // another event of the same trade
	ships, _, err := y.svc.Shipments(t.Context(), y.seller, inventory.ShipmentQuery{Trade: trade})
	if err != nil || len(ships) != 1 {
		t.Fatalf("%d shipments, %v", len(ships), err)
	}
	if _, _, err := y.svc.Scan(t.Context(), y.seller, ships[0].ID, inventory.ScanPack, a.Serial, time.Time{}); err != nil {
		t.Fatal(err)
	}
	deliver(t, y.svc.OnTradeMatched, hashyard.EvTradeMatched, hashyard.TradeMatched{
		Trade: trade, Buyer: y.buyer.Org, Seller: y.seller.Org, AskOrder: order, Units: []hashyard.ID{a.ID},
	})
	y.wantState(t, a.ID, inventory.UnitPacked)
}

func TestClaimNeverChangesTheOwner(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a := y.claim(t, y.seller, "SMTT0001")
	c, err := y.svc.Claim(ctx, y.stranger.Org, hashyard.NewID(), inventory.Identity{Serial: "smtt0001", MAC: "02:00:00:00:00:09", Boards: []string{"OTHER-BOARD"}})
	if err != nil || !c.Foreign || c.New || len(c.Mismatches) != 2 {
		t.Fatalf("a stranger's claim: %+v, %v", c, err)
	}
	u := y.wantState(t, a.ID, inventory.UnitAvailable)
	if u.Owner != y.seller.Org || u.Custodian != y.seller.Org || u.Site != a.Site {
		t.Errorf("the claim changed the unit: %+v", u)
	}
	if _, err := y.svc.Unit(ctx, y.stranger, a.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("the stranger may know the unit: %v", err)
	}
	if _, err := y.svc.Claim(ctx, y.seller.Org, hashyard.NewID(), inventory.Identity{Serial: "  "}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a blank serial: %v", err)
	}
	var wg sync.WaitGroup
	var made sync.Map
	for range 8 { // two agents see a new machine at once
		wg.Go(func() {
			c, err := y.svc.Claim(ctx, y.seller.Org, hashyard.NewID(), inventory.Identity{Serial: "SMTT7777"})
			if err != nil {
				t.Error(err)
			}
			made.Store(c.Unit.ID, c.New)
		})
	}
	wg.Wait()
	n := 0
	made.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("one serial became %d units", n)
	}
	var rows int
	if err := testdb.Owner(t, y.db).QueryRow(ctx, "SELECT count(*) FROM unit_mismatches WHERE unit_id = $1", a.ID).Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d mismatches kept, %v", rows, err)
	}
}
