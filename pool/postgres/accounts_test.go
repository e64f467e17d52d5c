package postgres_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool"
)

func TestAuthorize(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seller, buyer := h.tenant("seller"), h.tenant("buyer")
	unit := hashyard.NewID()
	old := h.machine(seller, unit)
	m := h.machine(buyer, unit) // sold: the seller's worker is void
	plain, err := h.svc.AddWorker(t.Context(), buyer.actor, "Rig_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.svc.AddWorker(t.Context(), buyer.actor, "rig_1"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("second worker of one name: %v", err)
	}
	if again, err := h.svc.AddWorkerOnce(t.Context(), buyer.actor, plain.ID, "rig_1"); err != nil || again.ID != plain.ID {
		t.Errorf("the same once more: %+v, %v", again, err)
	}
	if len(m.Password) != 20 || m.URL != "stratum+tcp://127.0.0.1:3333" || !strings.HasPrefix(m.User, "buyer.u") || len(m.User) > 40 {
		t.Errorf("target %+v", m.Target)
	}
	if again, err := h.svc.WorkerFor(t.Context(), unit, buyer.Org); err != nil || again != m.Target {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	for _, tt := range []struct {
		name, user, password string
		worker               hashyard.ID
		secret               bool
		kind                 error
	}{
		{"unit with its secret", m.User, m.Password, m.Worker, true, nil},
		{"letter case does not matter", strings.ToUpper(m.User), m.Password, m.Worker, true, nil},
		{"plain worker, any password", plain.User(), "x", plain.ID, false, nil},
		{"unit with a wrong secret", m.User, "x", hashyard.ID{}, false, hashyard.Denied},
		{"unit without a secret", m.User, "", hashyard.ID{}, false, hashyard.Denied},
		{"secret with something after it", m.User, m.Password + "X", hashyard.ID{}, false, hashyard.Denied},
		{"secret in the wrong case", m.User, strings.ToLower(m.Password), hashyard.ID{}, false, hashyard.Denied},
		{"retired with its old secret", old.User, old.Password, hashyard.ID{}, false, hashyard.Denied},
		{"another unit's secret", m.User, old.Password, hashyard.ID{}, false, hashyard.Denied},
		{"unknown worker", "buyer.rig9", "x", hashyard.ID{}, false, hashyard.NotFound},
		{"worker of another account", "seller.rig_1", "x", hashyard.ID{}, false, hashyard.NotFound},
		{"unknown account", "nobody.rig_1", "x", hashyard.ID{}, false, hashyard.NotFound},
		{"account alone", "buyer", "x", hashyard.ID{}, false, hashyard.Invalid},
		{"two dots", "buyer.a.b", "x", hashyard.ID{}, false, hashyard.Invalid},
		{"empty", "", "", hashyard.ID{}, false, hashyard.Invalid},
		{"foreign letters", "buyer.rig_é", "x", hashyard.ID{}, false, hashyard.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := h.authorize(tt.user, tt.password)
			if !errors.Is(err, tt.kind) {
				t.Fatalf("got %v, want %v", err, tt.kind)
			}
			if err != nil && tt.password != "x" && tt.password != "" && strings.Contains(err.Error(), tt.password) {
				t.Error("the error shows the password")
			}
			if g.Worker != tt.worker || g.Secret != tt.secret || g.Proof {
				t.Errorf("grant %+v", g)
			}
			if err == nil && (g.Account != buyer.ID || g.PerMinute != 12) {
				t.Errorf("grant %+v", g)
			}
		})
	}
	if !slices.Equal(h.edge.closed, []hashyard.ID{old.Worker}) {
		t.Errorf("closed sessions of %v, want of %v", h.edge.closed, old.Worker)
	}
}

// A machine that comes back gets a new secret: whoever had it meanwhile may
// have kept the old one.
func TestUnitThatReturnsHasANewSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	unit := hashyard.NewID()
	first := h.machine(a, unit)
	h.machine(b, unit)
	again := h.machine(a, unit)
	if again.User != first.User || again.Worker != first.Worker || again.Password == first.Password {
		t.Errorf("first %+v, again %+v", first.Target, again.Target)
	}
	if _, err := h.authorize(first.User, first.Password); !errors.Is(err, hashyard.Denied) {
		t.Errorf("old secret: %v", err)
	}
	if n := h.count("SELECT count(*) FROM pool_workers WHERE unit_id = $1 AND retired_at IS NULL", unit); n != 1 {
		t.Errorf("%d live workers of one unit", n)
	}
	if _, err := h.svc.WorkerFor(t.Context(), unit, hashyard.NewID()); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("organisation without account: %v", err)
	}
}

func TestSeedAccountTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	got, err := h.svc.SeedAccount(t.Context(), a.Org, "renamed")
	if err != nil {
		t.Fatal(err)
	}
	got.Created = a.Created // to the microsecond in the database
	if diff := cmp.Diff(a.Account, got); diff != "" {
		t.Error(diff)
	}
	if _, err := h.svc.SeedAccount(t.Context(), hashyard.NewID(), "alpha"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("name of another: %v", err)
	}
	if _, err := h.svc.SeedAccount(t.Context(), hashyard.NewID(), "a.b"); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("name with a dot: %v", err)
	}
}

func TestSessionIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	session := func(opened time.Time) pool.Session {
		return pool.Session{ID: hashyard.NewID(), Account: m.Account, Worker: m.Worker, Unit: m.Unit, User: m.User, Remote: "127.0.0.1:9", Opened: opened, Secret: true}
	}
	wrong := session(h.clock())
	wrong.Secret = false
	first := session(h.pass(time.Second))
	for _, s := range []pool.Session{wrong, first, first, session(h.pass(time.Second))} {
		if err := h.svc.SessionOpened(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	want := hashyard.SessionOpened{Unit: m.unit, Worker: m.Worker, Account: a.ID, Org: a.Org, Session: first.ID, User: m.User, Remote: "127.0.0.1:9"}
	if diff := cmp.Diff([]hashyard.SessionOpened{want}, events[hashyard.SessionOpened](h, hashyard.EvSessionOpened)); diff != "" {
		t.Fatal(diff)
	}
	// Pointed here once more: the session that was open already says nothing,
	// the next one is told, also when its opening could not be: Run finds it.
	stays := session(h.clock())
	h.edge.open(stays)
	h.pass(time.Second)
	if _, err := h.svc.WorkerFor(t.Context(), m.unit, a.Org); err != nil {
		t.Fatal(err)
	}
	if err := h.svc.SessionOpened(t.Context(), stays); err != nil {
		t.Fatal(err)
	}
	next := session(h.pass(time.Second))
	h.edge.open(next)
	h.run(h.svc, "the session is announced", func() bool {
		return len(events[hashyard.SessionOpened](h, hashyard.EvSessionOpened)) > 1
	})
	got := events[hashyard.SessionOpened](h, hashyard.EvSessionOpened)
	if len(got) != 2 || got[1].Session != next.ID {
		t.Errorf("announced %+v", got)
	}
}

func TestTenantsSeeTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	house := hashyard.Actor{Org: hashyard.NewID(), House: true}
	ma, mb := h.machine(a, hashyard.NewID()), h.machine(b, hashyard.NewID())
	e := h.epoch()
	h.submit(h.share(ma, e.ID, 1<<20, 0), h.share(mb, e.ID, 1<<21, 0), h.share(mb, e.ID, 1<<21, 0))
	h.edge.open(pool.Session{ID: hashyard.NewID(), Account: a.ID, Worker: ma.Worker, Unit: ma.unit})
	h.edge.open(pool.Session{ID: hashyard.NewID(), Account: b.ID, Worker: mb.Worker, Unit: mb.unit})
	h.pass(period + 12*time.Second)
	h.run(h.svc, "statements", func() bool { return h.count("SELECT count(*) FROM pool_statements") == 2 })

	ctx := t.Context()
	sees := func(actor hashyard.Actor) (workers, statements, sessions, shares int) {
		t.Helper()
		ws, _, err1 := h.svc.Workers(ctx, actor, pool.WorkerQuery{})
		sts, _, err2 := h.svc.Statements(ctx, actor, pool.Page{})
		ses, err3 := h.svc.Sessions(ctx, actor, hashyard.ID{})
		work, err4 := h.svc.Work(ctx, actor, pool.WorkQuery{Unit: mb.unit})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		for _, w := range work {
			shares += int(w.Shares)
		}
		return len(ws), len(sts), len(ses), shares
	}
	for _, tt := range []struct {
		name  string
		actor hashyard.Actor
		want  [4]int
	}{{"alpha", a.actor, [4]int{1, 1, 1, 0}}, {"beta", b.actor, [4]int{1, 1, 1, 2}}, {"house", house, [4]int{2, 2, 2, 2}}} {
		w, s, n, k := sees(tt.actor)
		if got := [4]int{w, s, n, k}; got != tt.want {
			t.Errorf("%s sees %v, want %v", tt.name, got, tt.want)
		}
	}
	st, _, err := h.svc.Statements(ctx, b.actor, pool.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.svc.Statement(ctx, a.actor, st[0].ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("statement of another: %v", err)
	}
	if _, err := h.svc.Worker(ctx, a.actor, mb.Worker); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("worker of another: %v", err)
	}
	if _, err := h.svc.Work(ctx, a.actor, pool.WorkQuery{Worker: mb.Worker}); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("work of another's worker: %v", err)
	}
	if ls, err := h.svc.UnitEarnings(ctx, a.actor, mb.unit); err != nil || len(ls) != 0 {
		t.Errorf("earnings of another's unit: %v, %v", ls, err)
	}
	if ps, err := h.svc.UnitSeries(ctx, a.actor, mb.unit, time.Time{}, 0); err != nil || len(ps) != 0 {
		t.Errorf("series of another's unit: %v, %v", ps, err)
	}
	rates, err := h.svc.UnitRates(ctx, b.actor, []hashyard.ID{ma.unit, mb.unit}, time.Hour)
	if r := rates[mb.unit]; err != nil || len(rates) != 1 || r.Estimate <= 0 || r.Lower > r.Estimate || r.Upper < r.Estimate || r.For <= 0 {
		t.Errorf("rates of one's own units only: %+v, %v", rates, err)
	}
}

// Firmware that keeps 63 characters of a username mines all the same, and no
// new name is longer.
func TestNamesThatFirmwareCuts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant(strings.Repeat("a", 32))
	fits, long := strings.Repeat("w", 30), strings.Repeat("x", 32)
	if _, err := h.svc.AddWorker(t.Context(), a.actor, long); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a name of 65 characters: %v", err)
	}
	made, err := h.svc.AddWorker(t.Context(), a.actor, fits)
	if err != nil || len(made.User()) != 63 {
		t.Fatalf("%s: %v", made.User(), err)
	}
	old := func(name string) hashyard.ID { // from before names were made to fit
		id := hashyard.NewID()
		_, err := h.owner.Exec(t.Context(), "INSERT INTO pool_workers (id, org_id, account_id, name, created_at) VALUES ($1, $2, $3, $4, now())", id, a.Org, a.ID, name)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := old(long)
	cut := a.Name + "." + long[:30]
	for user, want := range map[string]hashyard.ID{made.User(): made.ID, cut: first, a.Name + "." + long: first, cut + "x": {}, cut[:62]: {}} {
		g, err := h.authorize(user, "x")
		if g.Worker != want || want.IsZero() != errors.Is(err, hashyard.NotFound) {
			t.Errorf("%d characters: %s, %v", len(user), g.Worker, err)
		}
	}
	old(long[:31] + "y")
	if _, err := h.authorize(cut, "x"); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("the cut name of two workers: %v", err)
	}
}

// nominal is the rate of every machine, in GH/s.
type nominal hashyard.GHs

func (n nominal) NominalGHs(context.Context, hashyard.ID) (hashyard.GHs, error) {
	return hashyard.GHs(n), nil
}

// A machine's first difficulty is its model's; somebody else's worker has none.
func TestFirstDifficultyIsTheModels(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("one")
	m := h.machine(a, hashyard.NewID())
	s := h.service(func(c *pool.Config) { c.Nominals, c.Scale = nominal(200_000), 1 })
	g, err := s.Authorize(t.Context(), m.User, m.Password, "", netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	if ideal := 200e12 * 60 / g.PerMinute; float64(g.Start) < ideal/2 || float64(g.Start) > ideal*2 {
		t.Errorf("200 TH/s at %v shares a minute begin at %d, ideal is %.0f", g.PerMinute, g.Start, ideal)
	}
	plain, err := h.svc.AddWorker(t.Context(), a.actor, "rig")
	if err != nil {
		t.Fatal(err)
	}
	if g, err := s.Authorize(t.Context(), plain.User(), "", "", netip.AddrPort{}); err != nil || g.Start != 0 {
		t.Errorf("a worker without a machine begins at %d: %v", g.Start, err)
	}
}
