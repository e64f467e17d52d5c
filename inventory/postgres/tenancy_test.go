package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/inventory"
)

func TestLifeLine(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a := y.claim(t, y.seller, "SMTT0001")
	file := func(kind hashyard.EventKind, orgs ...hashyard.ID) {
		ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "trade", ID: hashyard.NewID()}, time.Now(), map[string]any{"By": y.seller.User})
		if err != nil {
			t.Fatal(err)
		}
		ev.Units, ev.Orgs = []hashyard.ID{a.ID}, orgs
		for range 2 {
			if err := y.svc.OnEvent(ctx, ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	file(hashyard.EvOrderPlaced, y.seller.Org)
	file(hashyard.EvTradeMatched, y.seller.Org, y.buyer.Org)
	file(hashyard.EvWorkMeasured, y.buyer.Org)
	evs, next, err := y.svc.Events(ctx, y.seller, a.ID, "", 1)
	if err != nil || len(evs) != 1 || evs[0].Kind != hashyard.EvOrderPlaced || next == "" {
		t.Fatalf("first page: %v, %q, %v", evs, next, err)
	}
	evs, next, err = y.svc.Events(ctx, y.seller, a.ID, next, 10)
	if err != nil || len(evs) != 1 || evs[0].Kind != hashyard.EvTradeMatched || next != "" {
		t.Fatalf("second page: %v, %q, %v", evs, next, err)
	}
	if _, _, err := y.svc.Events(ctx, y.buyer, a.ID, "", 10); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("the buyer is not yet a reader: %v", err)
	}
}

// TestNobodyElseSees walks every read and every command as another
// organisation.
func TestNobodyElseSees(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a := y.claim(t, y.seller, "SMTT0001")
	s := y.sell(t, a)
	who := y.stranger
	for name, try := range map[string]func() error{
		"unit":     func() error { _, err := y.svc.Unit(ctx, who, a.ID); return err },
		"custody":  func() error { _, err := y.svc.CustodyOf(ctx, who, a.ID); return err },
		"events":   func() error { _, _, err := y.svc.Events(ctx, who, a.ID, "", 0); return err },
		"shipment": func() error { _, err := y.svc.Shipment(ctx, who, s.ship.ID); return err },
		"scan": func() error {
			_, _, err := y.svc.Scan(ctx, who, s.ship.ID, inventory.ScanPack, a.Serial, time.Time{})
			return err
		},
		"dispatch": func() error { _, err := y.svc.Dispatch(ctx, who, s.ship.ID, "DHL", "1"); return err },
		"arrive":   func() error { _, err := y.svc.Arrive(ctx, who, s.ship.ID); return err },
		"except":   func() error { _, err := y.svc.Except(ctx, who, s.ship.ID, "no"); return err },
		"reserve": func() error {
			_, err := y.svc.Reserve(ctx, who, hashyard.Ref{Kind: "order", ID: hashyard.NewID()}, []hashyard.ID{a.ID})
			return err
		},
	} {
		if err := try(); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	for _, q := range []inventory.UnitQuery{{}, {Text: "SMTT"}, {Text: "02:00"}, {IDs: []hashyard.ID{a.ID}}} {
		if us, _, err := y.svc.Units(ctx, who, q); err != nil || len(us) != 0 {
			t.Errorf("units %+v: %d, %v", q, len(us), err)
		}
	}
	// The buyer holds nothing yet, and may read what it bought.
	for _, ids := range [][]hashyard.ID{{a.ID}, {a.ID, hashyard.NewID()}} {
		if us, _, err := y.svc.Units(ctx, y.buyer, inventory.UnitQuery{IDs: ids}); err != nil || len(us) != 1 {
			t.Errorf("the buyer asks for %d units by id: %d, %v", len(ids), len(us), err)
		}
	}
	if ships, _, err := y.svc.Shipments(ctx, who, inventory.ShipmentQuery{}); err != nil || len(ships) != 0 {
		t.Errorf("shipments: %d, %v", len(ships), err)
	}
	house := hashyard.Actor{Org: hashyard.NewID(), House: true}
	if us, _, err := y.svc.Units(ctx, house, inventory.UnitQuery{}); err != nil || len(us) != 1 {
		t.Errorf("the house sees %d units, %v", len(us), err)
	}
}

func TestPagesOfUnits(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	for i := range 7 {
		y.claim(t, y.seller, fmt.Sprintf("SMTT%04d", i))
	}
	seen, cursor := map[string]bool{}, ""
	for range 5 {
		us, next, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{Cursor: cursor, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range us {
			seen[u.Serial] = true
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 7 || cursor != "" {
		t.Errorf("%d units seen, cursor %q", len(seen), cursor)
	}
	if us, _, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{Text: "tt0003"}); err != nil || len(us) != 1 {
		t.Errorf("search: %d, %v", len(us), err)
	}
	if _, _, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{Cursor: "x"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("bad cursor: %v", err)
	}
}

// TestFormerOwnersLearnNothingMore: once a machine is sold on, its former owner
// finds it by its serial and sees neither who has it, nor where, nor what
// becomes of it; custody rows are of those who took part.
func TestFormerOwnersLearnNothingMore(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	s := y.sell(t, a, b)
	y.must(t, s, y.seller, inventory.ScanPack, a, b)
	if _, err := y.svc.Dispatch(ctx, y.seller, s.ship.ID, "DHL", "JD01"); err != nil {
		t.Fatal(err)
	}
	for _, who := range []hashyard.Actor{y.seller, y.buyer} {
		if u, err := y.svc.Unit(ctx, who, a.ID); err != nil || u.Carrier != "DHL" || u.Trade != s.trade || u.Owner != y.seller.Org {
			t.Errorf("a party of the trade sees %+v, %v", u, err)
		}
	}
	y.receive(t, s, a, b) // and the buyer lists it
	want := inventory.Unit{
		ID: a.ID, Serial: a.Serial, MAC: a.MAC, Model: a.Model, ModelID: a.ModelID, Boards: a.Boards,
		NominalGHs: a.NominalGHs, RegisteredAt: a.RegisteredAt,
	}
	check := func(u inventory.Unit) {
		u.CustodySeq, u.Readers, u.Version, u.RegisteredAt = 0, nil, 0, want.RegisteredAt
		if diff := cmp.Diff(want, u); diff != "" {
			t.Errorf("a former owner sees (-want +got):\n%s", diff)
		}
	}
	u, err := y.svc.Unit(ctx, y.seller, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	check(u)
	us, _, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{Text: a.Serial})
	if err != nil || len(us) != 1 {
		t.Fatalf("%d units, %v", len(us), err)
	}
	check(us[0])
	if rows, err := y.svc.CustodyOf(ctx, y.buyer, a.ID); err != nil || len(rows) != 1 || rows[0].Seq != 3 {
		t.Errorf("the buyer's part of the chain: %+v, %v", rows, err)
	}
	if rows, err := y.svc.CustodyOf(ctx, y.seller, a.ID); err != nil || len(rows) != 3 {
		t.Errorf("the seller's part of the chain: %+v, %v", rows, err)
	}
}
