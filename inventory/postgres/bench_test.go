package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/inventory"
)

// TestBench packs, undoes and packs again; boxes, scans and shelves are told to
// who may know them.
func TestBench(t *testing.T) {
	t.Parallel()
	ctx, y := t.Context(), newYard(t)
	a, b := y.claim(t, y.seller, "SMTT0001"), y.claim(t, y.seller, "SMTT0002")
	if _, err := y.svc.Shelve(ctx, y.seller, a.ID, " 12-A upper "); err != nil {
		t.Fatal(err)
	}
	if _, err := y.svc.Shelve(ctx, y.buyer, a.ID, "mine"); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("a stranger shelves: %v", err)
	}
	s := y.sell(t, a, b)
	device := time.Now().Add(-time.Hour).Truncate(time.Second)
	for range 2 {
		if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, "SMTT0001", device); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, "SMTT9999", time.Now().Add(time.Hour)); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("a stray serial: %v", err)
	}
	bench, err := y.svc.Bench(ctx, y.seller, s.ship.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := bench.Shelves; len(got) != 1 || got[a.ID] != "12-A upper" {
		t.Errorf("shelves %v", got)
	}
	var outcomes []inventory.Outcome
	for _, c := range bench.Scans {
		outcomes = append(outcomes, c.Outcome)
	}
	if d := cmp.Diff([]inventory.Outcome{inventory.ScanWrong, inventory.ScanRepeated, inventory.ScanCounted}, outcomes); d != "" {
		t.Errorf("scans -want +got\n%s", d)
	}
	if !bench.Scans[2].DeviceAt.Equal(device) || !bench.Scans[0].DeviceAt.IsZero() {
		t.Errorf("device times %s and %s: a clock that is ahead says nothing", bench.Scans[2].DeviceAt, bench.Scans[0].DeviceAt)
	}
	if len(bench.SSCC) != 1 || bench.Shipment.Lines[0].Box != 1 || bench.Shipment.Lines[1].Box != 0 {
		t.Errorf("bench %+v", bench)
	}
	// The buyer sees the shipment, not the seller's shelves.
	theirs, err := y.svc.Bench(ctx, y.buyer, s.ship.ID)
	if err != nil || len(theirs.Shelves) != 0 {
		t.Errorf("the buyer reads %v %v", theirs.Shelves, err)
	}
	if _, err := y.svc.Bench(ctx, y.stranger, s.ship.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
	y.undo(t, s, "SMTT0001")
	y.wantState(t, a.ID, inventory.UnitSold)
	for _, serial := range []string{"SMTT0002", "SMTT0001"} {
		if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, serial, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	// Packed whole, and still to be undone until it leaves.
	y.undo(t, s, "SMTT0002")
	if _, err := y.svc.Dispatch(ctx, y.seller, s.ship.ID, "DHL", "1"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("left short: %v", err)
	}
	if _, _, err := y.svc.Scan(ctx, y.seller, s.ship.ID, inventory.ScanPack, "SMTT0002", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := y.svc.Dispatch(ctx, y.seller, s.ship.ID, "DHL", "1"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := y.svc.Undo(ctx, y.seller, s.ship.ID, "SMTT0002"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("undone on its way: %v", err)
	}
	y.checkChain(t, a.ID)
	y.checkChain(t, b.ID)
	if u := y.wantState(t, a.ID, inventory.UnitInTransit); u.Shelf != "" {
		t.Errorf("it left and is still on shelf %q", u.Shelf)
	}
}

// undo takes a scan back twice, as a queue that sends again would.
func (y *yard) undo(t *testing.T, s sale, serial string) {
	t.Helper()
	for i, want := range []inventory.Outcome{inventory.ScanUndone, inventory.ScanRepeated} {
		ship, rec, err := y.svc.Undo(t.Context(), y.seller, s.ship.ID, serial)
		if err != nil || rec.Outcome != want || ship.State != inventory.ShipmentPacking {
			t.Fatalf("undo %d of %s: %s, shipment %s, %v", i, serial, rec.Outcome, ship.State, err)
		}
	}
	if _, _, err := y.svc.Undo(t.Context(), y.buyer, s.ship.ID, serial); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the buyer undoes: %v", err)
	}
	if _, _, err := y.svc.Undo(t.Context(), y.seller, s.ship.ID, "SMTT7777"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a stray serial was undone: %v", err)
	}
}

func TestLegs(t *testing.T) {
	t.Parallel()
	ctx, y := t.Context(), newYard(t)
	s := y.sell(t, y.claim(t, y.seller, "SMTT0001"))
	at := time.Date(2026, 11, 10, 8, 0, 0, 0, time.UTC)
	plan := []inventory.Leg{
		{Kind: inventory.LegAir, Name: "Air, AMS to ORD", Carrier: "Carrier S", PlannedFrom: at, PlannedTo: at.Add(24 * time.Hour), ActualFrom: at, ActualTo: at.Add(30 * time.Hour)},
		{Kind: inventory.LegCustoms, Name: "Customs, ORD", Note: "origin statement", ActualFrom: at.Add(30 * time.Hour)},
	}
	for _, who := range []hashyard.Actor{y.seller, y.buyer} {
		if err := y.svc.PlanLegs(ctx, who, s.ship.ID, plan); err != nil {
			t.Fatal(err)
		}
	}
	b, err := y.svc.Bench(ctx, y.buyer, s.ship.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Legs {
		b.Legs[i].PlannedFrom, b.Legs[i].PlannedTo = b.Legs[i].PlannedFrom.UTC(), b.Legs[i].PlannedTo.UTC()
		b.Legs[i].ActualFrom, b.Legs[i].ActualTo = b.Legs[i].ActualFrom.UTC(), b.Legs[i].ActualTo.UTC()
	}
	if d := cmp.Diff(plan, b.Legs); d != "" {
		t.Errorf("legs -want +got\n%s", d)
	}
	if err := y.svc.PlanLegs(ctx, y.stranger, s.ship.ID, nil); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("a stranger plans: %v", err)
	}
	for name, l := range map[string]inventory.Leg{
		"no kind":           {Name: "x"},
		"no name":           {Kind: inventory.LegRoad, Name: " "},
		"ends before":       {Kind: inventory.LegRoad, Name: "x", ActualFrom: at, ActualTo: at.Add(-time.Hour)},
		"ends unbegun":      {Kind: inventory.LegRoad, Name: "x", ActualTo: at},
		"planned backwards": {Kind: inventory.LegRoad, Name: "x", PlannedFrom: at, PlannedTo: at.Add(-time.Hour)},
	} {
		if err := y.svc.PlanLegs(ctx, y.seller, s.ship.ID, []inventory.Leg{l}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := y.svc.PlanLegs(ctx, y.seller, s.ship.ID, make([]inventory.Leg, 17)); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("17 legs: %v", err)
	}
}

// TestImport takes one list in twice; what an agent sees afterwards counts more
// than what anybody listed.
func TestImport(t *testing.T) {
	t.Parallel()
	ctx, y := t.Context(), newYard(t)
	foreign := y.claim(t, y.buyer, "SMTT0009")
	list := []inventory.Entry{
		{Serial: "smtt0001", MAC: "02-00-00-00-00-01", Model: "antminer s19 100t", Shelf: "12-A"},
		{Serial: "SMTT0002"},
		{Serial: "SMTT0001"},
		{Serial: "SМTT0003"},
		{Serial: "SMTT0004", MAC: "x"},
		{Serial: "SMTT0005", Model: "Toaster"},
		{Serial: foreign.Serial},
	}
	check, err := y.svc.CheckImport(ctx, y.seller, list)
	if err != nil || check.New != 2 || check.Known != 0 || check.Wrong != 5 {
		t.Fatalf("checked %+v %v", check, err)
	}
	if us, _, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{}); err != nil || len(us) != 0 {
		t.Fatalf("the check made %d units, %v", len(us), err)
	}
	for i, want := range [][2]int{{2, 0}, {0, 2}} {
		im, err := y.svc.Import(ctx, y.seller, list)
		if err != nil || im.New != want[0] || im.Known != want[1] || im.Wrong != 5 {
			t.Fatalf("import %d: %d new, %d known, %d wrong, %v", i, im.New, im.Known, im.Wrong, err)
		}
	}
	us, _, err := y.svc.Units(ctx, y.seller, inventory.UnitQuery{})
	if err != nil || len(us) != 2 || us[0].Model != "Antminer S19 100T" || us[0].Shelf != "12-A" || !us[0].Entered {
		t.Fatalf("units %+v %v", us, err)
	}
	order := hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	if _, err := y.svc.Reserve(ctx, y.seller, order, []hashyard.ID{us[0].ID}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a machine that no agent saw was listed: %v", err)
	}
	// The seller's own agent sees the first; the buyer's the second.
	seen := y.claim(t, y.seller, us[0].Serial)
	if seen.Entered || seen.Owner != y.seller.Org {
		t.Errorf("seen by its own agent: %+v", seen)
	}
	if _, err := y.svc.Reserve(ctx, y.seller, order, []hashyard.ID{seen.ID}); err != nil {
		t.Errorf("reserve: %v", err)
	}
	found := y.claim(t, y.buyer, us[1].Serial)
	if found.Owner != y.buyer.Org || found.Custodian != y.buyer.Org || found.Entered || found.Visible(y.seller.Org) {
		t.Errorf("found by the buyer's agent: %+v", found)
	}
	y.checkChain(t, found.ID)
	if _, err := y.svc.Unit(ctx, y.seller, found.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("who had listed it still sees it: %v", err)
	}
	// Once seen it is nobody's to find.
	if again := y.claim(t, y.seller, us[1].Serial); again.Owner != y.buyer.Org {
		t.Errorf("taken back by a sighting: %+v", again)
	}
}
