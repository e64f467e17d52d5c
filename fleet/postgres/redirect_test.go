package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
)

func TestRedirectByHand(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	m := y.miner(t, y.a, "SMTT0001")
	r, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false)
	if err != nil || r.State != fleet.RedirectRequested || r.Auto {
		t.Fatalf("%s, %v", r.State, err)
	}
	var wg sync.WaitGroup
	for range 4 { // impatient clicks
		wg.Go(func() {
			if again, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false); err != nil || again.ID != r.ID {
				t.Errorf("%s, %v", again.ID, err)
			}
		})
	}
	wg.Wait()
	cs := y.poll(t, y.a)
	if len(cs) != 1 || cs[0].Redirect.Serial != "SMTT0001" || cs[0].Redirect.Slots[0].Password == "" || cs[0].Epoch != 1 {
		t.Fatalf("commands %+v", cs)
	}
	if n := y.count(t, "SELECT count(*) FROM agent_commands c, redirects r WHERE (r::text || c::text) LIKE '%' || $1 || '%'", cs[0].Redirect.Slots[0].Password); n != 0 {
		t.Error("the worker's secret is in the database")
	}
	y.checkLeases(t, cs[0])
	res := evidence(cs[0], y.clock())
	for range 2 {
		got, err := y.svc.Finish(ctx, y.a, cs[0].ID, res)
		if err != nil || got.State != fleet.RedirectEqual || got.Slots != 3 {
			t.Fatalf("%s %s, %v", got.State, got.Reason, err)
		}
	}
	bad := res
	bad.Identity = nil // a late result of an earlier delivery changes nothing
	if got, err := y.svc.Finish(ctx, y.a, cs[0].ID, bad); err != nil || got.State != fleet.RedirectEqual {
		t.Errorf("%s, %v", got.State, err)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'miner.redirected'"); n != 1 {
		t.Errorf("%d events", n)
	}
	if n := y.count(t, "SELECT count(*) FROM redirects r WHERE r::text LIKE '%hunter2%'"); n != 0 {
		t.Error("the old pools' password is in the open")
	}
	old, err := y.svc.OldPools(ctx, y.a, r.ID)
	if err != nil || old[0].Password != "hunter2" {
		t.Errorf("old pools %+v, %v", old, err)
	}
	if cs := y.poll(t, y.a); len(cs) != 0 {
		t.Errorf("a finished command is given out again: %+v", cs)
	}
}

// checkLeases polls as the same agent, as another, and after the lease.
func (y *yard) checkLeases(t *testing.T, c fleet.Command) {
	t.Helper()
	if cs := y.poll(t, y.a, c.ID); len(cs) != 0 {
		t.Errorf("given out again although the agent knows it: %+v", cs)
	}
	if cs := y.poll(t, y.a); len(cs) != 1 || cs[0].ID != c.ID || cs[0].Epoch != 2 {
		t.Errorf("not given out again although it got lost: %+v", cs)
	}
	me := y.asked[y.a.Org]
	y.asked[y.a.Org] = hashyard.NewID()
	if cs := y.poll(t, y.a); len(cs) != 0 {
		t.Errorf("another agent got it within the lease: %+v", cs)
	}
	y.wait(2 * time.Minute)
	if cs := y.poll(t, y.a); len(cs) != 1 || cs[0].Epoch != 3 {
		t.Errorf("another agent did not get it after the lease: %+v", cs)
	}
	y.asked[y.a.Org] = me
}

func TestSwappedPartsAreNotRedirected(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	y.units.mismatches["SMTT0001"] = []string{"boards are X, registered as Y"}
	unit := y.delivered(t, "SMTT0001")
	for range 3 {
		y.wait(time.Second)
		y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	}
	rs := y.redirects(t, y.b, unit)
	if len(rs) != 1 || rs[0].State != fleet.RedirectFailed || !strings.Contains(rs[0].Reason, "boards are X") {
		t.Fatalf("%+v", rs)
	}
	if cs := y.poll(t, y.b); len(cs) != 0 {
		t.Errorf("the agent got a command: %+v", cs)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'redirect.failed'"); n != 1 {
		t.Errorf("%d events", n)
	}
	m := y.miner(t, y.b, "SMTT0001")
	if _, err := y.svc.RequestRedirect(ctx, y.b, m.ID, false); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("by hand without a word: %v", err)
	}
	if r, err := y.svc.RequestRedirect(ctx, y.b, m.ID, true); err != nil || r.State != fleet.RedirectRequested {
		t.Errorf("by hand with open eyes: %s, %v", r.State, err)
	}
}

// TestPassingFailuresAreTriedAgain has the machine at another address each
// time; a definite failure ends it.
func TestPassingFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fail func(*fleet.Result)
		want int
	}{
		{"another machine at the address", func(r *fleet.Result) { r.Identity.Serial = "SMTT7777" }, fleet.MaxAttempts},
		{"unreachable", func(r *fleet.Result) { r.Identity, r.Transient = nil, true }, fleet.MaxAttempts},
		{"slots kept", func(r *fleet.Result) { r.ReadBack[1].URL = "stratum+tcp://old:1" }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
			unit := y.delivered(t, "SMTT0001")
			for i := range 6 {
				y.wait(time.Second)
				y.sight(t, y.b, sighting("SMTT0001", fmt.Sprintf("10.0.0.%d", 31+i), y.clock()))
				for _, c := range y.poll(t, y.b) {
					if c.Redirect.Address != fmt.Sprintf("10.0.0.%d", 31+i) {
						t.Errorf("sent to the old address %s", c.Redirect.Address)
					}
					res := evidence(c, y.clock())
					tt.fail(&res)
					r, err := y.svc.Finish(t.Context(), y.b, c.ID, res)
					if err != nil || r.State != fleet.RedirectFailed {
						t.Fatalf("%s, %v", r.State, err)
					}
				}
			}
			if rs := y.redirects(t, y.b, unit); len(rs) != tt.want {
				t.Errorf("%d redirects, want %d", len(rs), tt.want)
			}
		})
	}
}

func TestSessionBeforeTheResult(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	m := y.miner(t, y.a, "SMTT0001")
	r, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	c := y.poll(t, y.a)[0]
	ev, err := hashyard.NewEvent(hashyard.EvSessionOpened, hashyard.Ref{Kind: "unit", ID: m.Unit}, y.clock(), hashyard.SessionOpened{Unit: m.Unit, Org: y.a.Org})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := y.svc.OnSessionOpened(ctx, ev); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = y.svc.Redirect(ctx, y.a, r.ID); err != nil || r.State != fleet.RedirectSent {
		t.Fatalf("%s, %v", r.State, err)
	}
	if r, err = y.svc.Finish(ctx, y.a, c.ID, evidence(c, y.clock())); err != nil || r.State != fleet.RedirectHashing {
		t.Errorf("%s, %v", r.State, err)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'miner.redirected'"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestNobodyElseSees walks every read and every command as another
// organisation and as its agent.
func TestNobodyElseSees(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	m := y.miner(t, y.a, "SMTT0001")
	r, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	c := y.poll(t, y.a)[0]
	site := y.sites[y.a.Org].ID
	for name, try := range map[string]func() error{
		"hello":     func() error { _, err := y.svc.Hello(ctx, y.b, fleet.Hello{Site: site.String()}); return err },
		"sight":     func() error { _, err := y.svc.Sight(ctx, y.b, fleet.Sightings{SiteID: site}); return err },
		"commands":  func() error { _, err := y.svc.Commands(ctx, y.b, fleet.Poll{Site: site}); return err },
		"finish":    func() error { _, err := y.svc.Finish(ctx, y.b, c.ID, evidence(c, y.clock())); return err },
		"miner":     func() error { _, err := y.svc.Miner(ctx, y.b, m.ID); return err },
		"redirect":  func() error { _, err := y.svc.Redirect(ctx, y.b, r.ID); return err },
		"request":   func() error { _, err := y.svc.RequestRedirect(ctx, y.b, m.ID, true); return err },
		"old pools": func() error { _, err := y.svc.OldPools(ctx, y.b, r.ID); return err },
	} {
		if err := try(); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if ms, _, err := y.svc.Miners(ctx, y.b, fleet.MinerQuery{}); err != nil || len(ms) != 0 {
		t.Errorf("miners: %d, %v", len(ms), err)
	}
	if rs := y.redirects(t, y.b, hashyard.ID{}); len(rs) != 0 {
		t.Errorf("redirects: %d", len(rs))
	}
	if sites, err := y.svc.Sites(ctx, y.b); err != nil || len(sites) != 1 || sites[0].Org != y.b.Org {
		t.Errorf("sites: %+v, %v", sites, err)
	}
	house := hashyard.Actor{Org: hashyard.NewID(), House: true}
	if ms, _, err := y.svc.Miners(ctx, house, fleet.MinerQuery{}); err != nil || len(ms) != 1 {
		t.Errorf("the house sees %d miners, %v", len(ms), err)
	}
	if _, err := y.svc.RequestRedirect(ctx, house, m.ID, true); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the house redirects: %v", err)
	}
}
