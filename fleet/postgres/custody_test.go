package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/testdb"
)

// TestASellersOpenRedirectDoesNotBlockTheBuyer sells a unit whose seller asked
// for a redirect that no agent ever fetched.
func TestASellersOpenRedirectDoesNotBlockTheBuyer(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	r, err := y.svc.RequestRedirect(ctx, y.a, y.miner(t, y.a, "SMTT0001").ID, false)
	if err != nil {
		t.Fatal(err)
	}
	unit := y.delivered(t, "SMTT0001")
	got, err := y.svc.Redirect(ctx, y.a, r.ID)
	if err != nil || got.State != fleet.RedirectFailed || !strings.Contains(got.Reason, "custody moved") || got.Transient {
		t.Errorf("the seller's redirect: %s %q, %v", got.State, got.Reason, err)
	}
	if strings.Contains(got.Reason, y.b.Org.String()) {
		t.Errorf("the seller learns who bought: %q", got.Reason)
	}
	if n := y.count(t, "SELECT count(*) FROM agent_commands WHERE redirect_id = $1 AND state = 'done'", r.ID); n != 1 {
		t.Error("the seller's command is still open")
	}
	// Delivered twice, failed once.
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'redirect.failed' AND $1 = ANY (orgs) AND NOT $2 = ANY (orgs)", y.a.Org, y.b.Org); n != 1 {
		t.Errorf("%d events of the seller's failure", n)
	}
	y.wait(time.Second)
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	if rs := y.redirects(t, y.b, unit); len(rs) != 1 || rs[0].State != fleet.RedirectRequested {
		t.Errorf("the buyer's redirects: %+v", rs)
	}
	if cs := y.poll(t, y.a); len(cs) != 0 {
		t.Errorf("the seller's agent gets %+v", cs)
	}
	if cs := y.poll(t, y.b); len(cs) != 1 {
		t.Errorf("the buyer's agent gets %d commands", len(cs))
	}
}

// TestAnOpenRedirectOfAnotherBlocksNobody has the seller's redirect open even
// after the delivery, as when its event is still on its way.
func TestAnOpenRedirectOfAnotherBlocksNobody(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	m := y.miner(t, y.a, "SMTT0001")
	if _, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false); err != nil {
		t.Fatal(err)
	}
	y.units.give(m.Unit, y.b.Org)
	y.wait(time.Second)
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	r, err := y.svc.RequestRedirect(ctx, y.b, y.miner(t, y.b, "SMTT0001").ID, false)
	if err != nil || r.Org != y.b.Org {
		t.Errorf("by the new holder: %+v, %v", r, err)
	}
}

func TestRedirectExpires(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	unit := y.delivered(t, "SMTT0001")
	y.wait(time.Second)
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	c := y.poll(t, y.b)[0]
	ev := y.due(t, c.Redirect.Redirect)
	if want := y.clock().Add(15 * time.Minute); !ev.NotBefore.Equal(want) {
		t.Errorf("due %s, want %s", ev.NotBefore, want)
	}
	y.wait(15 * time.Minute)
	for range 2 {
		if err := y.svc.OnRedirectDue(ctx, ev); err != nil {
			t.Fatal(err)
		}
	}
	rs := y.redirects(t, y.b, unit)
	if len(rs) != 1 || rs[0].State != fleet.RedirectFailed || rs[0].Reason != "no answer from the agent within 15m0s" || !rs[0].Transient {
		t.Fatalf("%+v", rs)
	}
	if cs := y.poll(t, y.b); len(cs) != 0 {
		t.Errorf("an expired command is given out: %+v", cs)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'redirect.failed'"); n != 1 {
		t.Errorf("%d events", n)
	}
	// The late result changes nothing but brings the old pools.
	got, err := y.svc.Finish(ctx, y.b, c.ID, evidence(c, y.clock()))
	if err != nil || got.State != fleet.RedirectFailed {
		t.Errorf("%s, %v", got.State, err)
	}
	if old, err := y.svc.OldPools(ctx, y.b, got.ID); err != nil || old[0].Password != "hunter2" {
		t.Errorf("old pools %+v, %v", old, err)
	}
	// A silent agent is no verdict on the machine: the next sighting tries again.
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	if rs := y.redirects(t, y.b, unit); len(rs) != 2 || rs[0].State != fleet.RedirectRequested {
		t.Errorf("%d redirects", len(rs))
	}
	c = y.poll(t, y.b)[0]
	if got, err := y.svc.Finish(ctx, y.b, c.ID, evidence(c, y.clock())); err != nil || got.State != fleet.RedirectEqual {
		t.Fatalf("%s, %v", got.State, err)
	}
	if err := y.svc.OnRedirectDue(ctx, y.due(t, c.Redirect.Redirect)); err != nil {
		t.Fatal(err)
	}
	if got := y.redirects(t, y.b, unit)[0]; got.State != fleet.RedirectEqual {
		t.Errorf("an answered redirect expired: %s", got.State)
	}
}

// due reads the redirect's clock from the outbox; nobody else may see it.
func (y *yard) due(t *testing.T, redirect hashyard.ID) (ev hashyard.Event) {
	t.Helper()
	ev.Kind = fleet.EvRedirectDue
	err := testdb.Owner(t, y.db).QueryRow(t.Context(), "SELECT id, payload, not_before FROM outbox WHERE kind = $1 AND ref_id = $2 AND orgs = '{}' AND units = '{}'", string(ev.Kind), redirect).
		Scan(&ev.ID, &ev.Payload, &ev.NotBefore)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// TestCustodyIsAskedBeforeTheWorker moves a unit while its redirect is queued
// or carried out: the former holder gets nothing and takes nothing.
func TestCustodyIsAskedBeforeTheWorker(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(t *testing.T, y *yard, move func()){
		"before it is fetched": func(t *testing.T, y *yard, move func()) {
			move()
			if cs := y.poll(t, y.a); len(cs) != 0 {
				t.Errorf("given out: %+v", cs)
			}
		},
		"before the result": func(t *testing.T, y *yard, move func()) {
			c := y.poll(t, y.a)[0]
			move()
			r, err := y.svc.Finish(t.Context(), y.a, c.ID, evidence(c, y.clock()))
			if err != nil {
				t.Fatal(err)
			}
			if old, err := y.svc.OldPools(t.Context(), y.a, r.ID); err != nil || old[0].Password != "hunter2" {
				t.Errorf("old pools %+v, %v", old, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y, ctx := newYard(t), t.Context()
			y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
			m := y.miner(t, y.a, "SMTT0001")
			r, err := y.svc.RequestRedirect(ctx, y.a, m.ID, false)
			if err != nil {
				t.Fatal(err)
			}
			at(t, y, func() {
				y.units.give(m.Unit, y.b.Org)
				if _, err := y.units.WorkerFor(context.Background(), m.Unit, y.b.Org); err != nil {
					t.Error(err)
				}
			})
			if y.units.worker[m.Unit] != y.b.Org {
				t.Error("the former holder took the worker back")
			}
			r, err = y.svc.Redirect(ctx, y.a, r.ID)
			if err != nil || r.State != fleet.RedirectFailed || !strings.Contains(r.Reason, "custody moved") {
				t.Errorf("%s %q, %v", r.State, r.Reason, err)
			}
			if n := y.count(t, "SELECT count(*) FROM agent_commands WHERE state <> 'done'"); n != 0 {
				t.Error("the command is still open")
			}
		})
	}
}

func TestUnknownSiteNamesTheKnown(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	_, err := y.svc.Hello(ctx, y.a, fleet.Hello{Site: "yrad"})
	if !errors.Is(err, hashyard.NotFound) || !strings.Contains(err.Error(), `no site "yrad"`) || !strings.Contains(err.Error(), `one of its sites: "yard"`) {
		t.Errorf("%v", err)
	}
	nobody := hashyard.Actor{Org: testdb.Org(t, y.db)}
	if _, err := y.svc.Hello(ctx, nobody, fleet.Hello{Site: "yard"}); !errors.Is(err, hashyard.NotFound) || !strings.Contains(err.Error(), "have the site made") {
		t.Errorf("%v", err)
	}
}

// TestForeignMachinesTellNothing has somebody's machine, with other parts than
// registered, answer at another organisation's site.
func TestForeignMachinesTellNothing(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
	y.units.mismatches["SMTT0001"] = []string{"mac is X, known is 02:00:5e:secret"}
	for range 2 {
		y.wait(time.Second)
		y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	}
	m := y.miner(t, y.b, "SMTT0001")
	if m.Quarantine != "not in your custody" || !m.Unit.IsZero() {
		t.Errorf("quarantine %q, unit %s", m.Quarantine, m.Unit)
	}
	for _, query := range []string{
		"SELECT count(*) FROM miners x WHERE org_id = $1 AND (x::text LIKE '%secret%' OR unit_id IS NOT NULL)",
		"SELECT count(*) FROM readings WHERE org_id = $1 AND unit_id IS NOT NULL",
		"SELECT count(*) FROM outbox x WHERE $1 = ANY (orgs) AND (cardinality(units) > 0 OR x::text LIKE '%secret%')",
	} {
		if n := y.count(t, query, y.b.Org); n != 0 {
			t.Errorf("%d rows of %s", n, query)
		}
	}
	_, err := y.svc.RequestRedirect(ctx, y.b, m.ID, true)
	if !errors.Is(err, hashyard.Conflict) || strings.Contains(err.Error(), "secret") {
		t.Errorf("redirect: %v", err)
	}
	// Received, it is the buyer's: bound, and its faults are told.
	unit := y.delivered(t, "SMTT0001")
	y.wait(time.Second)
	y.sight(t, y.b, sighting("SMTT0001", "10.0.0.31", y.clock()))
	if m := y.miner(t, y.b, "SMTT0001"); m.Unit != unit || !strings.Contains(m.Quarantine, "secret") {
		t.Errorf("after receipt: quarantine %q, unit %s", m.Quarantine, m.Unit)
	}
}
