package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/testdb"
)

// planOf sees n machines and starts a plan of them.
func (y *yard) planOf(t *testing.T, n int, haltPPM int64) fleet.Plan {
	t.Helper()
	p, err := y.svc.StartPlan(t.Context(), y.a, fleet.NewPlan{Kind: fleet.PlanRedirect, Miners: y.machines(t, n), HaltPPM: haltPPM})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (y *yard) machines(t *testing.T, n int) (ids []hashyard.ID) {
	t.Helper()
	var gs []fleet.Sighting
	for i := range n {
		gs = append(gs, sighting(fmt.Sprintf("SMTT%04d", i), fmt.Sprintf("10.0.0.%d", i+10), y.clock()))
	}
	y.sight(t, y.a, gs...)
	ms, _, err := y.svc.Miners(t.Context(), y.a, fleet.MinerQuery{Limit: 500})
	if err != nil || len(ms) != n {
		t.Fatalf("%d machines, %v", len(ms), err)
	}
	for _, m := range ms {
		ids = append(ids, m.ID)
	}
	return ids
}

// beat delivers every clock event of plans that is in the outbox, each twice,
// as after a crash.
func (y *yard) beat(t *testing.T) {
	t.Helper()
	y.wait(6 * time.Second)
	ms, _, err := y.svc.Miners(t.Context(), y.a, fleet.MinerQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ms { // they still answer
		y.sight(t, y.a, sighting(m.Identity.Serial, m.Address, y.clock()))
	}
	rows, err := testdb.Owner(t, y.db).Query(t.Context(), "SELECT id, payload FROM outbox WHERE kind = $1 AND orgs = '{}' AND units = '{}' ORDER BY id", string(fleet.EvPlanDue))
	if err != nil {
		t.Fatal(err)
	}
	evs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ev hashyard.Event, err error) {
		ev.Kind = fleet.EvPlanDue
		err = row.Scan(&ev.ID, &ev.Payload)
		return ev, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range evs {
		for range 2 {
			if err := y.svc.OnPlanDue(t.Context(), ev); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// work has the agent carry out what there is; bad serials fail. Good ones come
// to our pool.
func (y *yard) work(t *testing.T, bad map[string]bool) (n int) {
	t.Helper()
	for {
		cs := y.poll(t, y.a)
		if len(cs) == 0 {
			return n
		}
		for _, c := range cs {
			n++
			res := evidence(c, y.clock())
			if bad[c.Redirect.Serial] {
				res.ReadBack[1].URL = "stratum+tcp://old:3333"
			}
			r, err := y.svc.Finish(t.Context(), y.a, c.ID, res)
			if err != nil {
				t.Fatal(err)
			}
			if r.State == fleet.RedirectEqual && r.Restores.IsZero() {
				y.session(t, r)
			}
		}
	}
}

func (y *yard) session(t *testing.T, r fleet.Redirect) {
	t.Helper()
	ev, err := hashyard.NewEvent(hashyard.EvSessionOpened, hashyard.Ref{Kind: "unit", ID: r.Unit}, y.clock(), hashyard.SessionOpened{Unit: r.Unit, Org: r.Org})
	if err != nil {
		t.Fatal(err)
	}
	if err := y.svc.OnSessionOpened(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
}

func (y *yard) plan(t *testing.T, id hashyard.ID) fleet.Plan {
	t.Helper()
	p, err := y.svc.Plan(t.Context(), y.a, id)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, n := range p.Counts() {
		sum += n
	}
	if sum != len(p.Units) {
		t.Errorf("counts %v do not sum to %d", p.Counts(), len(p.Units))
	}
	return p
}

// TestPlanGoesInWaves also has every clock event delivered again and again: the
// state is in the database, so a restart is nothing but such a delivery.
func TestPlanGoesInWaves(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	p := y.planOf(t, 8, 0)
	var sizes []int
	for range 12 {
		y.beat(t)
		if n := y.work(t, nil); n > 0 {
			sizes = append(sizes, n)
		}
	}
	p = y.plan(t, p.ID)
	if fmt.Sprint(sizes) != "[1 5 2]" || p.State != fleet.PlanDone || p.Counts()[fleet.RungHashing] != 8 {
		t.Errorf("waves %v, %s, %v", sizes, p.State, p.Counts())
	}
	if n := y.count(t, "SELECT count(*) FROM redirects"); n != 8 {
		t.Errorf("%d redirects for 8 machines", n)
	}
}

func TestPlanHaltsByItselfAndIsRolledBack(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	p := y.planOf(t, 8, 100_000)
	bad := map[string]bool{"SMTT0003": true}
	for range 6 {
		y.beat(t)
		y.work(t, bad)
	}
	p = y.plan(t, p.ID)
	if p.State != fleet.PlanHalted || p.Wave != 2 || !p.HaltedBy.IsZero() || p.Counts()[fleet.RungFailed] != 1 || p.Counts()[fleet.RungPlanned] != 2 {
		t.Fatalf("%s in wave %d by %s: %v", p.State, p.Wave, p.HaltedBy, p.Counts())
	}
	var back fleet.Plan
	for range 2 {
		again, err := y.svc.RollBackPlan(ctx, y.a, p.ID)
		if err != nil || !back.ID.IsZero() && again.ID != back.ID {
			t.Fatalf("%s, %v", again.ID, err)
		}
		back = again
	}
	if len(back.Units) != 6 || back.Kind != fleet.PlanRestore {
		t.Fatalf("%d machines to restore", len(back.Units))
	}
	sizes := map[string]int{}
	for range 6 {
		y.beat(t)
		for cs := y.poll(t, y.a); len(cs) > 0; cs = y.poll(t, y.a) {
			for _, c := range cs {
				if c.Redirect.Slots[0].Password != "hunter2" {
					t.Errorf("restores %+v", c.Redirect.Slots)
				}
				sizes[c.Redirect.Serial]++
				if _, err := y.svc.Finish(ctx, y.a, c.ID, evidence(c, y.clock())); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	back = y.plan(t, back.ID)
	if back.State != fleet.PlanDone || back.Counts()[fleet.RungReadBack] != 6 || len(sizes) != 6 {
		t.Errorf("%s: %v, %v", back.State, back.Counts(), sizes)
	}
	if n := y.count(t, "SELECT count(*) FROM outbox WHERE kind = 'miner.redirected'"); n != 5 {
		t.Errorf("%d redirected events: a restore is none", n)
	}
	if got := y.plan(t, p.ID); got.State != fleet.PlanRolledBack {
		t.Errorf("the first plan is %s", got.State)
	}
}

func TestTwoHaltAtOnceAndNothingUnsentIsLeft(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	p := y.planOf(t, 3, 0)
	y.beat(t) // the canary is commanded, and no agent asked for it yet
	other := hashyard.Actor{User: hashyard.NewID(), Org: y.a.Org}
	var wg sync.WaitGroup
	for _, who := range []hashyard.Actor{y.a, other} {
		wg.Go(func() {
			if got, err := y.svc.HaltPlan(ctx, who, p.ID); err != nil || got.State != fleet.PlanHalted {
				t.Errorf("%s, %v", got.State, err)
			}
		})
	}
	wg.Wait()
	if cs := y.poll(t, y.a); len(cs) != 0 {
		t.Errorf("given out after the halt: %+v", cs)
	}
	p = y.plan(t, p.ID)
	if p.Counts()[fleet.RungPlanned] != 3 || p.HaltedBy.IsZero() {
		t.Errorf("%v by %s", p.Counts(), p.HaltedBy)
	}
	y.beat(t)
	if cs := y.poll(t, y.a); len(cs) != 0 {
		t.Errorf("a beat commands although it is halted: %+v", cs)
	}
	if _, err := y.svc.HaltPlan(ctx, y.b, p.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if _, err := y.svc.RollBackPlan(ctx, y.a, p.ID); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("nothing was written, yet: %v", err)
	}
	if _, err := y.svc.ResumePlan(ctx, y.a, p.ID); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		y.beat(t)
		y.work(t, nil)
	}
	if p = y.plan(t, p.ID); p.State != fleet.PlanDone || p.Counts()[fleet.RungHashing] != 3 {
		t.Errorf("%s, %v", p.State, p.Counts())
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	y, ctx := newYard(t), t.Context()
	ids := y.machines(t, 3)
	y.units.mismatches["SMTT0001"] = []string{"boards are X, known is Y"}
	before := y.count(t, "SELECT (SELECT count(*) FROM redirects) + (SELECT count(*) FROM redirect_plans) + (SELECT count(*) FROM outbox)")
	asks := y.units.asks
	got, err := y.svc.DryRun(ctx, y.a, fleet.NewPlan{Kind: fleet.PlanRedirect, Miners: append(ids, ids[0], hashyard.NewID())})
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	left := 0
	for _, in := range got {
		if in.LeftOut != "" {
			left++
		} else if in.Write[0].URL != "stratum+tcp://pool:3333" || in.Wave == 0 {
			t.Errorf("%+v", in)
		}
	}
	if left != 2 { // the swapped one and the unknown one
		t.Errorf("%d left out", left)
	}
	if n := y.count(t, "SELECT (SELECT count(*) FROM redirects) + (SELECT count(*) FROM redirect_plans) + (SELECT count(*) FROM outbox)"); n != before || y.units.asks != asks {
		t.Errorf("the dry run changed something: %d rows, %d asks", n-before, y.units.asks-asks)
	}
	if _, err := y.svc.DryRun(ctx, y.a, fleet.NewPlan{Kind: fleet.PlanRestore, Miners: ids}); err != nil {
		t.Error(err)
	}
	if _, err := y.svc.StartPlan(ctx, y.a, fleet.NewPlan{Kind: fleet.PlanRestore, Miners: ids}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("nothing to restore: %v", err)
	}
	for _, bad := range []fleet.NewPlan{{Kind: "x", Miners: ids}, {Kind: fleet.PlanRedirect}, {Kind: fleet.PlanRedirect, Miners: ids, HaltPPM: -1}, {Kind: fleet.PlanRedirect, Miners: make([]hashyard.ID, fleet.MaxPlan+1)}} {
		if _, err := y.svc.DryRun(ctx, y.a, bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s of %d: %v", bad.Kind, len(bad.Miners), err)
		}
	}
}
