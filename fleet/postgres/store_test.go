package postgres_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
	"hashyard/fleet/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// ledger is a tiny inventory: who has which serial, and what it looks like.
type ledger struct {
	mu         sync.Mutex // guards all below
	units      map[string]hashyard.ID
	custodian  map[hashyard.ID]hashyard.ID
	mismatches map[string][]string
	claims     int
	// worker counts who asked for the unit's worker last and how often: asking
	// takes it from whoever had it.
	worker map[hashyard.ID]hashyard.ID
	asks   int
	down   bool // the pool does not answer
	counts bool // the pool counts work
}

func (l *ledger) Claim(_ context.Context, org, _ hashyard.ID, s fleet.Seen) (fleet.Claimed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claims++
	if strings.Contains(s.Serial, "*") {
		return fleet.Claimed{}, hashyard.Invalid.Errorf("serial %q is no serial", s.Serial)
	}
	id, ok := l.units[s.Serial]
	if !ok {
		id = hashyard.NewID()
		l.units[s.Serial], l.custodian[id] = id, org
	}
	return fleet.Claimed{Unit: id, Foreign: l.custodian[id] != org, Mismatches: l.mismatches[s.Serial]}, nil
}

func (l *ledger) Custodian(_ context.Context, unit hashyard.ID) (hashyard.ID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.custodian[unit], nil
}

func (l *ledger) give(unit, org hashyard.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.custodian[unit] = org
}

func (l *ledger) WorkerFor(_ context.Context, unit, org hashyard.ID) (fleet.PoolTarget, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asks++
	if l.down {
		return fleet.PoolTarget{}, hashyard.Unavailable.Errorf("the pool is down")
	}
	l.worker[unit] = org
	return fleet.PoolTarget{URL: "stratum+tcp://pool:3333", User: "u." + unit.String()[24:], Password: "S" + unit.String()[24:]}, nil
}

// UnitRates counts 90 TH/s of every unit for an hour, if the pool counts at all.
func (l *ledger) UnitRates(_ context.Context, _ hashyard.Actor, units []hashyard.ID, window time.Duration) (map[hashyard.ID]fleet.Verified, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[hashyard.ID]fleet.Verified{}
	for _, u := range units {
		if l.counts {
			out[u] = fleet.Verified{Estimate: 90 * hashyard.TH, Lower: 85 * hashyard.TH, Upper: 97 * hashyard.TH, For: window}
		}
	}
	return out, nil
}

func (l *ledger) PoolURL(context.Context) (string, error) { return "stratum+tcp://pool:3333", nil }

func (l *ledger) SatPerTHDay(context.Context) (float64, error) { return 50, nil }

// yard is one test's fleet with two organisations.
type yard struct {
	db    *pg.DB
	svc   *fleet.Service
	units *ledger
	mu    sync.Mutex // guards now
	now   time.Time
	a, b  hashyard.Actor
	sites map[hashyard.ID]fleet.Site // by organisation
	// asked is how the agent of each organisation introduces itself.
	asked map[hashyard.ID]hashyard.ID
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{
		db: testdb.New(t), now: time.Now().UTC().Truncate(time.Millisecond), sites: map[hashyard.ID]fleet.Site{}, asked: map[hashyard.ID]hashyard.ID{},
		units: &ledger{units: map[string]hashyard.ID{}, custodian: map[hashyard.ID]hashyard.ID{}, mismatches: map[string][]string{}, worker: map[hashyard.ID]hashyard.ID{}},
	}
	svc, err := fleet.New(fleet.Config{
		Store: postgres.New(y.db), Units: y.units, Workers: y.units, Counted: y.units, SealKey: [32]byte{9}, Lease: time.Minute, Now: y.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	y.svc = svc
	for _, p := range []*hashyard.Actor{&y.a, &y.b} {
		*p = hashyard.Actor{User: hashyard.NewID(), Org: testdb.Org(t, y.db)}
		site := fleet.Site{
			ID: hashyard.NewID(), Org: p.Org, Name: "yard", CIDR: netip.MustParsePrefix("10.0.0.0/24"),
			ScanEvery: 5 * time.Second, ReadEvery: 5 * time.Second,
		}
		for range 2 { // seeding runs at every start
			if err := svc.SeedSite(t.Context(), site); err != nil {
				t.Fatal(err)
			}
		}
		y.sites[p.Org], y.asked[p.Org] = site, hashyard.NewID()
	}
	return y
}

func (y *yard) clock() time.Time { y.mu.Lock(); defer y.mu.Unlock(); return y.now }

func (y *yard) wait(d time.Duration) { y.mu.Lock(); defer y.mu.Unlock(); y.now = y.now.Add(d) }

func sighting(serial, address string, at time.Time) fleet.Sighting {
	rate := 100 * hashyard.TH
	return fleet.Sighting{
		At: at, Address: address, Score: 90,
		Identity: firmware.Identity{Family: "antminer", Serial: serial, MAC: "02:00:00:00:00:01", Boards: []firmware.Board{{Serial: serial + "B"}}},
		Reading:  &firmware.Reading{At: at, HashrateReported: &rate, Boards: []firmware.BoardReading{{TempsChip: []float64{61, 70}}}},
	}
}

func (y *yard) sight(t *testing.T, who hashyard.Actor, gs ...fleet.Sighting) fleet.Received {
	t.Helper()
	r, err := y.svc.Sight(t.Context(), who, fleet.Sightings{SiteID: y.sites[who.Org].ID, Sightings: gs})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (y *yard) miner(t *testing.T, who hashyard.Actor, text string) fleet.Miner {
	t.Helper()
	ms, _, err := y.svc.Miners(t.Context(), who, fleet.MinerQuery{Text: text})
	if err != nil || len(ms) != 1 {
		t.Fatalf("miners like %s: %d, %v", text, len(ms), err)
	}
	return ms[0]
}

func (y *yard) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := testdb.Owner(t, y.db).QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (y *yard) poll(t *testing.T, who hashyard.Actor, knows ...hashyard.ID) []fleet.Command {
	t.Helper()
	cs, err := y.svc.Commands(t.Context(), who, fleet.Poll{Site: y.sites[who.Org].ID, Agent: y.asked[who.Org], Knows: knows})
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// evidence is what an honest agent reports of the command.
func evidence(c fleet.Command, now time.Time) fleet.Result {
	o := c.Redirect
	old := firmware.PoolSetting{URL: "stratum+tcp://old:1", User: "old", Password: "hunter2"}
	res := fleet.Result{
		Epoch: c.Epoch, Address: o.Address, IdentityAt: now, ReadBackAt: now, SlotCount: 3,
		Identity: &firmware.Identity{Serial: o.Serial, MAC: o.MAC},
		Snapshot: []firmware.ConfiguredPool{{Slot: 0, PoolSetting: old, PasswordKnown: true}},
		Ack:      &firmware.Acknowledgement{At: now, Code: "M000"},
		Running:  []firmware.Pool{{URL: o.Slots[0].URL, User: o.Slots[0].User}},
	}
	for i := range 3 {
		s := firmware.ConfiguredPool{Slot: i, PasswordKnown: true}
		if i < len(o.Slots) {
			s.PoolSetting = o.Slots[i]
		}
		res.ReadBack = append(res.ReadBack, s)
	}
	return res
}

func TestSightings(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	t0 := y.clock()
	first := []fleet.Sighting{
		sighting("SMTT0001", "10.0.0.11", t0),
		sighting("", "10.0.0.12", t0),
		sighting("BAD*SERIAL", "10.0.0.13", t0),
		sighting("SMTT0009", "10.0.9.9", t0),
		sighting("SMTT0008", "nonsense", t0),
	}
	r := y.sight(t, y.a, first...)
	if r.Miners != 3 || len(r.Problems) != 3 {
		t.Errorf("received %+v", r)
	}
	if got := y.miner(t, y.a, "10.0.0.12"); got.Quarantine == "" || !got.Unit.IsZero() {
		t.Errorf("a machine without a serial: %+v", got)
	}
	if _, err := y.svc.RequestRedirect(ctx, y.a, y.miner(t, y.a, "10.0.0.12").ID, true); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("redirect of a machine without a serial: %v", err)
	}
	m := y.miner(t, y.a, "SMTT0001")
	// The same report again, and an older one that had waited: one more
	// reading, and the newest state stays.
	y.sight(t, y.a, first[0])
	old := sighting("SMTT0001", "10.0.0.99", t0.Add(-time.Minute))
	y.sight(t, y.a, old)
	if got := y.miner(t, y.a, "SMTT0001"); got.Address != "10.0.0.11" || !got.LastSeen.Equal(t0) {
		t.Errorf("an old report overwrote a newer one: %s, %s", got.Address, got.LastSeen)
	}
	if n := y.count(t, "SELECT count(*) FROM readings WHERE miner_id = $1", m.ID); n != 2 {
		t.Errorf("%d readings", n)
	}
	// A report without a reading keeps the last one; a clock that runs ahead is ours.
	bare := sighting("SMTT0001", "10.0.0.21", t0.Add(time.Hour))
	bare.Reading, bare.Identity.Boards = nil, nil
	y.wait(time.Second)
	y.sight(t, y.a, bare)
	got := y.miner(t, y.a, "SMTT0001")
	if got.Reading == nil || got.Address != "10.0.0.21" || got.LastSeen.After(y.clock()) || len(got.Identity.Boards) != 1 {
		t.Errorf("after a bare report: %+v", got)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'miner.seen' AND ref_id = $1", m.ID); n != 2 {
		t.Errorf("%d events: want the first sighting and the new address", n)
	}
	claims := y.units.claims
	y.wait(time.Second)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.21", y.clock()))
	if y.units.claims != claims {
		t.Error("an unchanged machine was claimed again")
	}
	y.checkSeries(t, m.Unit)
}

func (y *yard) checkSeries(t *testing.T, unit hashyard.ID) {
	t.Helper()
	ps, err := y.svc.Points(t.Context(), y.a, unit, fleet.SeriesQuery{})
	if err != nil || len(ps) == 0 || ps[0].Hashrate == nil || *ps[0].MaxTemp != 70 {
		t.Errorf("series %+v, %v", ps, err)
	}
	if ps, err := y.svc.Points(t.Context(), y.b, unit, fleet.SeriesQuery{}); err != nil || len(ps) != 0 {
		t.Errorf("another organisation's series: %d points, %v", len(ps), err)
	}
	if _, err := y.svc.Points(t.Context(), y.a, unit, fleet.SeriesQuery{Step: time.Millisecond}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a step of a millisecond: %v", err)
	}
	c, err := y.svc.Condition(t.Context(), y.a.Org, unit)
	if err != nil || !strings.Contains(string(c), `"reported_ths":100`) {
		t.Errorf("condition %s, %v", c, err)
	}
	if _, err := y.svc.Condition(t.Context(), y.b.Org, unit); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("condition for another organisation: %v", err)
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	site := y.sites[y.a.Org]
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()), sighting("SMTT0002", "10.0.0.12", y.clock()))
	y.wait(time.Second)
	gone := y.clock()
	_, err := y.svc.Sight(ctx, y.a, fleet.Sightings{SiteID: site.ID, Gone: []fleet.Gone{
		{At: gone, Address: "10.0.0.11", Serial: "smtt0001"},
		{At: gone, Address: "10.0.0.12", Serial: "SMTT0001"}, // another one is there now
	}})
	if err != nil {
		t.Fatal(err)
	}
	if since, online := y.miner(t, y.a, "SMTT0001").Offline(y.clock(), site.OfflineAfter()); online || !since.Equal(gone) {
		t.Errorf("gone: online %v since %s", online, since)
	}
	if _, online := y.miner(t, y.a, "SMTT0002").Offline(y.clock(), site.OfflineAfter()); !online {
		t.Error("the other machine is offline")
	}
	y.wait(time.Minute)
	m := y.miner(t, y.a, "SMTT0002")
	if since, online := m.Offline(y.clock(), site.OfflineAfter()); online || !since.Equal(m.LastSeen) {
		t.Errorf("silent: online %v since %s", online, since)
	}
	if _, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "offline since") {
		t.Errorf("redirect of an offline machine: %v", err)
	}
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	if _, online := y.miner(t, y.a, "SMTT0001").Offline(y.clock(), site.OfflineAfter()); !online {
		t.Error("a machine that came back is still offline")
	}
}

// delivered hands the buyer b a unit of a, and tells fleet so, twice.
func (y *yard) delivered(t *testing.T, serial string) (unit hashyard.ID) {
	t.Helper()
	y.units.mu.Lock()
	unit = y.units.units[serial]
	y.units.mu.Unlock()
	y.units.give(unit, y.b.Org)
	ev, err := hashyard.NewEvent(hashyard.EvUnitsDelivered, hashyard.Ref{Kind: "shipment", ID: hashyard.NewID()}, y.clock(),
		hashyard.UnitsMoved{Trade: hashyard.NewID(), Buyer: y.b.Org, Seller: y.a.Org, Units: []hashyard.ID{unit}, Serials: []string{serial}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := y.svc.OnUnitsDelivered(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	return unit
}

func (y *yard) redirects(t *testing.T, who hashyard.Actor, unit hashyard.ID) []fleet.Redirect {
	t.Helper()
	rs, _, err := y.svc.Redirects(t.Context(), who, fleet.RedirectQuery{Unit: unit})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestDeliveredUnitIsRedirectedWhenSeen(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	y.sight(t, y.b, sighting("SMTT0002", "10.0.0.12", y.clock()))
	unit := y.delivered(t, "SMTT0001")
	if rs := y.redirects(t, y.b, unit); len(rs) != 0 {
		t.Fatalf("redirected before it was seen: %+v", rs)
	}
	y.wait(time.Second)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock())) // a ghost at the seller's
	if rs := y.redirects(t, y.a, unit); len(rs) != 0 {
		t.Fatalf("the seller's agent redirects the buyer's unit: %+v", rs)
	}
	for range 3 {
		y.wait(time.Second)
		y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	}
	rs := y.redirects(t, y.b, unit)
	if len(rs) != 1 || !rs[0].Auto || rs[0].State != fleet.RedirectRequested {
		t.Fatalf("%+v", rs)
	}
	if other := y.redirects(t, y.a, unit); len(other) != 0 {
		t.Errorf("the seller sees the buyer's redirect")
	}
}

func TestUnitSeenBeforeItWasDelivered(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	if m := y.miner(t, y.b, "SMTT0001"); !m.Unit.IsZero() {
		t.Fatal("a machine in other hands was bound to its unit")
	}
	unit := y.delivered(t, "SMTT0001")
	if rs := y.redirects(t, y.b, unit); len(rs) != 1 || rs[0].State != fleet.RedirectRequested {
		t.Fatalf("%+v", rs)
	}
}
