package postgres_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
	"hashyard/fleet/postgres"
)

// hot is a sighting of a machine that is too hot.
func hot(serial, address string, at time.Time) fleet.Sighting {
	g := sighting(serial, address, at)
	g.Reading.Boards[0].TempsChip = []float64{93}
	return g
}

func (y *yard) alerts(t *testing.T, who hashyard.Actor, all bool) []fleet.Alert {
	t.Helper()
	as, _, _, err := y.svc.Alerts(t.Context(), who, fleet.AlertQuery{All: all})
	if err != nil {
		t.Fatal(err)
	}
	return as
}

func TestAlertsFollowReadings(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	look := func() {
		t.Helper()
		for range 2 { // looking twice changes nothing
			if err := y.svc.Watch(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	y.sight(t, y.a, hot("SMTT0001", "10.0.0.11", y.clock()), sighting("SMTT0002", "10.0.0.12", y.clock()))
	look()
	as := y.alerts(t, y.a, false)
	if len(as) != 1 || as[0].Kind != fleet.Hot || as[0].Serial != "SMTT0001" || as[0].State != fleet.AlertOpen {
		t.Fatalf("%+v", as)
	}
	for range 2 { // two clicks
		a, _, err := y.svc.AcknowledgeAlert(ctx, y.a, as[0].ID)
		if err != nil || a.State != fleet.AlertAcknowledged || a.AcknowledgedBy != y.a.User {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if _, _, err := y.svc.AcknowledgeAlert(ctx, y.b, as[0].ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if got := y.alerts(t, y.b, true); len(got) != 0 {
		t.Errorf("another organisation sees %+v", got)
	}
	if n := y.count(t, "SELECT count(*) FROM audit WHERE command = 'alert.acknowledge'"); n != 2 {
		t.Errorf("%d audit entries", n)
	}
	y.wait(5 * time.Second)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	look()
	if live := y.alerts(t, y.a, false); len(live) != 0 {
		t.Errorf("still live: %+v", live)
	}
	y.wait(time.Hour)
	look()
	if live := y.alerts(t, y.a, false); len(live) != 2 || live[0].Kind != fleet.Offline {
		t.Errorf("offline: %+v", live)
	}
	if n := y.count(t, "SELECT count(*) FROM fleet_alerts"); n != 3 {
		t.Errorf("%d alerts, want one a fault", n)
	}
}

func TestMachinesAndSummary(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.units.counts = true
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()), hot("SMTT0002", "10.0.0.60", y.clock()), sighting("SMTT0003", "10.0.0.13", y.clock()))
	var seen []string
	for cursor := ""; ; {
		ms, next, total, err := y.svc.Machines(ctx, y.a, fleet.MachineQuery{Limit: 2, Cursor: cursor})
		if err != nil || total != 3 {
			t.Fatalf("%d, %v", total, err)
		}
		for _, m := range ms {
			seen = append(seen, m.Serial)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 3 || seen[0] != "SMTT0002" {
		t.Errorf("pages: %v, want the hot one first", seen)
	}
	if all, err := y.svc.AllMachines(ctx, y.a, fleet.MachineQuery{Limit: 1}); err != nil || len(all) != 3 || all[0].Serial != "SMTT0002" {
		t.Errorf("all at once: %+v, %v", all, err)
	}
	for _, q := range []fleet.MachineQuery{{State: "hot"}, {Text: "smtt0002"}, {Rack: "R03"}, {Text: "r03-s12"}, {Attention: true}} {
		ms, _, _, err := y.svc.Machines(ctx, y.a, q)
		if err != nil || len(ms) != 1 || ms[0].Serial != "SMTT0002" {
			t.Errorf("%+v: %+v, %v", q, ms, err)
		}
	}
	if _, _, _, err := y.svc.Machines(ctx, y.a, fleet.MachineQuery{Cursor: "2; drop"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("foreign cursor: %v", err)
	}
	s, _, err := y.svc.Summary(ctx, y.a, y.sites[y.a.Org].ID)
	if err != nil || s.Machines != 3 || s.Online != 3 || s.Reported != 300*hashyard.TH || s.Verified != 270*hashyard.TH || s.Counted != 3 || s.ByState[fleet.Hot] != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, _, err := y.svc.Summary(ctx, y.b, hashyard.ID{}); err != nil || s.Machines != 0 {
		t.Errorf("another organisation: %+v, %v", s, err)
	}
}

func TestPlaceAndSite(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	m := y.miner(t, y.a, "SMTT0001")
	for range 2 {
		if err := y.svc.Put(ctx, y.a, m.ID, fleet.Place{Rack: "B2-R37", Shelf: 29}); err != nil {
			t.Fatal(err)
		}
	}
	y.wait(time.Second)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	ms, _, _, err := y.svc.Machines(ctx, y.a, fleet.MachineQuery{Rack: "B2-R37"})
	if err != nil || len(ms) != 1 || ms[0].Place.Shelf != 29 {
		t.Errorf("%+v, %v", ms, err)
	}
	if err := y.svc.Put(ctx, y.b, m.ID, fleet.Place{Rack: "X", Shelf: 1}); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's machine: %v", err)
	}
	site := fleet.Site{ID: hashyard.NewID(), Name: "south", CIDR: netip.MustParsePrefix("10.9.0.0/24")}
	if _, err := y.svc.AddSite(ctx, y.a, site); err != nil {
		t.Fatal(err)
	}
	site.ID = hashyard.NewID()
	if _, err := y.svc.AddSite(ctx, y.a, site); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the name again: %v", err)
	}
	for _, bad := range []string{"169.254.169.0/24", "8.8.8.0/24", "::ffff:10.0.0.0/120", "0.0.0.0/16", "224.0.0.0/24"} {
		site := fleet.Site{ID: hashyard.NewID(), Name: bad, CIDR: netip.MustParsePrefix(bad)}
		if _, err := y.svc.AddSite(ctx, y.a, site); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestReadingsAreThinned(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	start := y.clock().Truncate(time.Hour)
	for i := range 6 {
		y.mu.Lock()
		y.now = start.Add(time.Duration(i) * 20 * time.Minute)
		y.mu.Unlock()
		y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	}
	unit := y.miner(t, y.a, "SMTT0001").Unit
	store := postgres.New(y.db)
	for range 3 { // two readings at once, then one, then none
		if _, err := store.Thin(ctx, start.Add(time.Hour), start.Add(-time.Hour), 2); err != nil {
			t.Fatal(err)
		}
	}
	if n := y.count(t, "SELECT count(*) FROM readings"); n != 3 {
		t.Errorf("%d readings left", n)
	}
	ps, err := y.svc.Points(ctx, y.a, unit, fleet.SeriesQuery{Since: start, Step: time.Hour})
	if err != nil || len(ps) != 2 || ps[0].Readings != 3 || *ps[0].Hashrate != 100*hashyard.TH || ps[1].Readings != 3 {
		t.Errorf("%+v, %v", ps, err)
	}
	if _, err := store.Thin(ctx, start.Add(time.Hour), start.Add(2*time.Hour), 2); err != nil {
		t.Fatal(err)
	}
	if n := y.count(t, "SELECT count(*) FROM reading_hours"); n != 0 {
		t.Errorf("%d hours left", n)
	}
}
