package postgres_test

import (
	"errors"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/postgres"
)

func newStore(db *pg.DB) *postgres.Store { return postgres.New(db) }

func TestTermsAreDated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	desk := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), House: true, Roles: []hashyard.Role{hashyard.Desk}}
	ctx := t.Context()
	later := pool.Terms{ID: hashyard.NewID(), Account: a.ID, From: h.clock().Add(time.Hour), FeePPM: 10_000, Method: fpps.DayTrim, Note: "a year's contract"}
	for range 2 { // the same again changes nothing
		if got, err := h.svc.SetTerms(ctx, desk, later); err != nil || got.FeePPM != 10_000 || got.SetBy != desk.User || got.Org != a.Org {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := h.count("SELECT count(*) FROM audit WHERE command = 'pool.terms.set' AND org_id IN ($1, $2)", a.Org, desk.Org); n != 2 {
		t.Errorf("%d entries in the trails of both", n)
	}
	v, err := h.svc.AccountOf(ctx, a.actor, a.ID)
	if err != nil || v.Now.FeePPM != 20_000 || v.Now.Method != fpps.SMA || len(v.History) != 1 {
		t.Errorf("before: %+v, %v", v, err)
	}
	h.pass(time.Hour)
	if v, err = h.svc.AccountOf(ctx, a.actor, a.ID); err != nil || v.Now.FeePPM != 10_000 || v.Now.Method != fpps.DayTrim {
		t.Errorf("after: %+v, %v", v, err)
	}
	for name, bad := range map[string]pool.Terms{
		"passed": {ID: hashyard.NewID(), Account: a.ID, From: h.clock().Add(-time.Hour), Method: fpps.SMA},
		"fee":    {ID: hashyard.NewID(), Account: a.ID, FeePPM: fpps.MaxPPM + 1, Method: fpps.SMA},
		"method": {ID: hashyard.NewID(), Account: a.ID, Method: "sma/2"},
	} {
		if _, err := h.svc.SetTerms(ctx, desk, bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.svc.AccountOf(ctx, b.actor, a.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's account: %v", err)
	}
	if as, _, err := h.svc.Accounts(ctx, b.actor, pool.Page{}); err != nil || len(as) != 1 || as[0].ID != b.ID {
		t.Errorf("accounts of one tenant: %+v, %v", as, err)
	}
	if as, _, err := h.svc.Accounts(ctx, desk, pool.Page{}); err != nil || len(as) != 2 {
		t.Errorf("accounts for the house: %+v, %v", as, err)
	}
}

func TestStatedPrices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	desk := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), House: true}
	if s, err := h.svc.Status(ctx); err != nil || s.Dollar != nil {
		t.Fatalf("dollars without a price: %+v, %v", s.Dollar, err)
	}
	d := pool.Dollar{ID: hashyard.NewID(), At: h.clock().Add(-time.Hour), CentsPerBTC: 6_002_800, Source: "fix of a bank"}
	for range 2 {
		if _, err := h.svc.SetDollar(ctx, desk, d); err != nil {
			t.Fatal(err)
		}
	}
	s, err := h.svc.Status(ctx)
	if err != nil || s.Dollar == nil || s.Dollar.Source != d.Source || !s.Dollar.At.Equal(d.At) || s.Dollar.USD(1e8) != 60_028 {
		t.Errorf("status %+v, %v", s.Dollar, err)
	}
	if n := h.count("SELECT count(*) FROM audit WHERE command = 'pool.price.set'"); n != 1 {
		t.Errorf("%d entries in the trail", n)
	}
	for _, bad := range []pool.Dollar{{CentsPerBTC: 1}, {Source: "x"}, {CentsPerBTC: 1, Source: "x", At: h.clock().Add(time.Hour)}} {
		if _, err := h.svc.SetDollar(ctx, desk, bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	h.epoch()
	ps, err := h.svc.Hashprices(ctx, "24h")
	if err != nil || len(ps) != 1 || ps[0].Dollar == nil || ps[0].Hashprice < 2900 {
		t.Errorf("hashprices %+v, %v", ps, err)
	}
}

func TestRotatedSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	m := h.machine(a, hashyard.NewID())
	ctx := t.Context()
	if _, _, err := h.svc.RotateSecret(ctx, b.actor, m.Worker, 1, 0); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's worker: %v", err)
	}
	var next pool.Target
	for range 2 { // a retry gives the same secret
		w, got, err := h.svc.RotateSecret(ctx, a.actor, m.Worker, 1, time.Hour)
		if err != nil || w.Generation != 2 || got.Password == m.Password || next.Password != "" && got != next {
			t.Fatalf("%+v, %+v, %v", w, got, err)
		}
		next = got
	}
	may := func(password string) bool {
		_, err := h.authorize(m.User, password)
		return err == nil
	}
	if !may(m.Password) || !may(next.Password) || len(h.edge.closed) != 0 {
		t.Error("both secrets must be good while the old one is kept")
	}
	if again, err := h.svc.WorkerFor(ctx, m.unit, a.Org); err != nil || again.Password != next.Password {
		t.Errorf("a redirect writes %+v, %v", again, err)
	}
	h.pass(time.Hour + time.Second)
	if may(m.Password) || !may(next.Password) {
		t.Error("the old secret must be void by now")
	}
	if _, _, err := h.svc.RotateSecret(ctx, a.actor, m.Worker, 1, 0); err != nil {
		t.Errorf("the first rotation's retry: %v", err)
	}
	if _, _, err := h.svc.RotateSecret(ctx, a.actor, m.Worker, 7, 0); !errors.Is(err, hashyard.Stale) {
		t.Errorf("a generation that is not there: %v", err)
	}
	h.edge.closed = nil
	if _, got, err := h.svc.RotateSecret(ctx, a.actor, m.Worker, 2, 0); err != nil || may(next.Password) || !may(got.Password) || len(h.edge.closed) != 1 {
		t.Errorf("at once: %v, closed %v", err, h.edge.closed)
	}
	if _, _, err := h.svc.RotateSecret(ctx, a.actor, m.Worker, 3, 8*24*time.Hour); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("kept too long: %v", err)
	}
	plain, err := h.svc.AddWorker(ctx, a.actor, "plain")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.svc.RotateSecret(ctx, a.actor, plain.ID, 1, 0); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a worker without a secret: %v", err)
	}
}

func TestWatchLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	ctx := t.Context()
	want := pool.WatchLink{ID: hashyard.NewID(), Name: "the bank", Workers: true, Expires: h.clock().Add(time.Hour)}
	l, token, err := h.svc.AddWatchLink(ctx, a.actor, want)
	if err != nil || len(token) != 43 || l.Org != a.Org || l.CreatedBy != a.actor.User {
		t.Fatalf("%+v, %q, %v", l, token, err)
	}
	if again, none, err := h.svc.AddWatchLink(ctx, a.actor, want); err != nil || again.ID != l.ID || none != "" {
		t.Errorf("again: %+v, %q, %v", again, none, err)
	}
	var kept []byte
	if err := h.owner.QueryRow(ctx, "SELECT token_hash FROM pool_watch_links").Scan(&kept); err != nil || string(kept) == token {
		t.Errorf("kept %x, %v", kept, err)
	}
	w, err := h.svc.OpenWatchLink(ctx, token)
	if err != nil || w.Account.ID != a.ID || w.Actor.House || w.Actor.Org != a.Org || len(w.Actor.Roles) != 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	if o, err := h.svc.Overview(ctx, w.Actor); err != nil || o.Workers != 0 {
		t.Errorf("reading through a link: %+v, %v", o, err)
	}
	closed := func(token, why string) {
		t.Helper()
		if _, err := h.svc.OpenWatchLink(ctx, token); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("%s: %v", why, err)
		}
	}
	closed(token+"A", "longer")
	closed("A"+token[1:], "another")
	closed("", "none")
	if _, err := h.svc.RevokeWatchLink(ctx, b.actor, l.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's link: %v", err)
	}
	if ls, _, err := h.svc.WatchLinks(ctx, b.actor, pool.Page{}); err != nil || len(ls) != 0 {
		t.Errorf("another's links: %v, %v", ls, err)
	}
	h.pass(time.Hour)
	closed(token, "ended")
	second, token, err := h.svc.AddWatchLink(ctx, a.actor, pool.WatchLink{ID: hashyard.NewID(), Name: "x", Expires: h.clock().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := h.svc.RevokeWatchLink(ctx, a.actor, second.ID); err != nil || got.Revoked.IsZero() {
			t.Errorf("revoke: %+v, %v", got, err)
		}
	}
	closed(token, "revoked")
	if ls, _, err := h.svc.WatchLinks(ctx, a.actor, pool.Page{}); err != nil || len(ls) != 2 || ls[0].ID != second.ID || ls[1].Used.IsZero() {
		t.Errorf("links %+v, %v", ls, err)
	}
	for _, bad := range []pool.WatchLink{{Expires: h.clock().Add(time.Hour)}, {Name: "x"}, {Name: "x", Expires: h.clock().Add(400 * 24 * time.Hour)}} {
		if _, _, err := h.svc.AddWatchLink(ctx, a.actor, bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
