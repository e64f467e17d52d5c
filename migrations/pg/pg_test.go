package pg_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

type row struct {
	ID    hashyard.ID `gorm:"primaryKey"`
	OrgID hashyard.ID
	Note  string
}

func (row) TableName() string { return "things" }

// things is a tenant table made for the test alone.
func things(t *testing.T, db *pg.DB) {
	t.Helper()
	_, err := testdb.Owner(t, db).Exec(t.Context(), `
		CREATE TABLE things (id uuid PRIMARY KEY, org_id uuid NOT NULL, note text NOT NULL);
		SELECT hashyard_tenant('things')`)
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneTenantNeverSeesAnother(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	things(t, db)
	ctx, a, b := t.Context(), hashyard.NewID(), hashyard.NewID()
	insert := func(in, as hashyard.ID) error {
		return db.InOrg(ctx, hashyard.Actor{Org: in}, in, func(ctx context.Context, tx *pg.Tx) error {
			return pg.Fail(tx.Gorm().Create(&row{hashyard.NewID(), as, "x"}).Error, "insert")
		})
	}
	if err := insert(a, a); err != nil {
		t.Fatal(err)
	}
	if err := insert(b, a); err == nil {
		t.Fatal("b wrote a row of a")
	}
	count := func(org hashyard.ID) (n int64) {
		t.Helper()
		err := db.InOrg(ctx, hashyard.Actor{Org: org}, org, func(ctx context.Context, tx *pg.Tx) error {
			if err := tx.Gorm().Model(&row{}).Count(&n).Error; err != nil {
				return err
			}
			var raw int64 // raw SQL is in the same transaction
			if err := tx.Conn().QueryRow(ctx, "SELECT count(*) FROM things").Scan(&raw); err != nil {
				return err
			}
			if raw != n {
				t.Errorf("raw %d, gorm %d", raw, n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count(a) != 1 || count(b) != 0 {
		t.Fatalf("a sees %d, b sees %d", count(a), count(b))
	}
	err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error {
		var r row
		if err := tx.Gorm().Where("org_id = ?", a).First(&r).Error; err != nil {
			return pg.Fail(err, "first")
		}
		if r.OrgID != a || r.Note != "x" {
			t.Errorf("read %+v", r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRollbackUndoesGormAndRawAndEvents(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	things(t, db)
	ctx, org, boom := t.Context(), hashyard.NewID(), errors.New("boom")
	err := db.InOrg(ctx, hashyard.Actor{Org: org}, org, func(ctx context.Context, tx *pg.Tx) error {
		if err := tx.Gorm().Create(&row{hashyard.NewID(), org, "x"}).Error; err != nil {
			return err
		}
		ev, err := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner"}, time.Now(), hashyard.MinerSeen{})
		if err != nil {
			return err
		}
		if err := errors.Join(tx.Emit(ctx, ev), tx.Audit(ctx, "test", ev.Ref, nil, "x")); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	var n int
	q := "SELECT (SELECT count(*) FROM things) + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM audit)"
	if err := testdb.Owner(t, db).QueryRow(ctx, q).Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d rows left, %v", n, err)
	}
}

func TestOpenRefusesTheOwner(t *testing.T) {
	t.Parallel()
	name := testdb.Database(t)
	if _, err := pg.Open(t.Context(), pg.Config{URL: testdb.OwnerURL(name)}); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("opened as owner: %v", err)
	}
}

// TestATenantAnnouncesItsOwnDoingOnly: the application's role alone can tell
// neither of money nor in another's name.
func TestATenantAnnouncesItsOwnDoingOnly(t *testing.T) {
	t.Parallel()
	db, own, other := testdb.New(t), hashyard.NewID(), hashyard.NewID()
	actor := hashyard.Actor{User: hashyard.NewID(), Org: own, Roles: []hashyard.Role{hashyard.Owner}}
	emit := func(kind hashyard.EventKind, orgs ...hashyard.ID) error {
		ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "trade", ID: hashyard.NewID()}, time.Now(), struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		ev.Orgs = orgs
		return db.InOrg(t.Context(), actor, own, func(ctx context.Context, tx *pg.Tx) error { return tx.Emit(ctx, ev) })
	}
	for _, orgs := range [][]hashyard.ID{nil, {own}, {other, own}} {
		if err := emit(hashyard.EvUnitsPacked, orgs...); err != nil {
			t.Errorf("own doing for %v: %v", orgs, err)
		}
	}
	if emit(hashyard.EvUnitsPacked, other) == nil {
		t.Error("spoke in another organisation's name")
	}
	for _, kind := range []hashyard.EventKind{hashyard.EvTradeFunded, hashyard.EvHashrateProven, hashyard.EvHeldReleased, hashyard.EvPayoutSent, hashyard.EvEarningsSettled} {
		if emit(kind, own) == nil {
			t.Errorf("a tenant's transaction announced %s", kind)
		}
	}
}

func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	ctx := t.Context()
	err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error {
		return tx.Audit(ctx, "x", hashyard.Ref{Kind: "k", ID: hashyard.NewID()}, nil, map[string]int{"a": 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"UPDATE audit SET command = 'y'", "DELETE FROM audit"} {
		err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error {
			_, err := tx.Conn().Exec(ctx, sql)
			return err
		})
		if err == nil {
			t.Errorf("%s was allowed", sql)
		}
	}
}

func TestDispatcherDeliversOnceAndRetries(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls, effects, other atomic.Int64
	done := make(chan struct{})
	flaky := func(ctx context.Context, ev hashyard.Event) error {
		n := calls.Add(1)
		return db.AsSystem(ctx, "test.flaky", func(ctx context.Context, tx *pg.Tx) error {
			first, err := tx.Once(ctx, ev.ID, "flaky")
			if err != nil || !first {
				return err
			}
			if n == 1 {
				return errors.New("first try fails and records nothing")
			}
			effects.Add(1)
			close(done)
			return nil
		})
	}
	steady := func(ctx context.Context, ev hashyard.Event) error {
		return db.AsSystem(ctx, "test.steady", func(ctx context.Context, tx *pg.Tx) error {
			first, err := tx.Once(ctx, ev.ID, "steady")
			if first {
				other.Add(1)
			}
			return err
		})
	}
	kinds := []hashyard.EventKind{hashyard.EvMinerSeen}
	d := pg.NewDispatcher(db, []pg.Handler{{"flaky", kinds, flaky}, {"steady", kinds, steady}}, pg.DispatcherConfig{Poll: 20 * time.Millisecond})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	now := time.Now()
	ev, _ := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner"}, now, hashyard.MinerSeen{})
	late, _ := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner"}, now, hashyard.MinerSeen{})
	late.NotBefore = now.Add(time.Hour)
	if err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error { return tx.Emit(ctx, ev, late) }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("not delivered")
	}
	owner := testdb.Owner(t, db)
	var open int
	for deadline := time.Now().Add(10 * time.Second); ; {
		if err := owner.QueryRow(ctx, "SELECT count(*) FROM outbox WHERE done_at IS NULL").Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 1 || time.Now().After(deadline) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 2 || effects.Load() != 1 || other.Load() != 1 || open != 1 {
		t.Fatalf("calls %d effects %d other %d open %d, want 2 1 1 1 (the late one waits)", calls.Load(), effects.Load(), other.Load(), open)
	}
}

// TestLeaseIsRenewedWhileAHandlerRuns: a handler may take longer than a lease
// and is called once all the same; the event of a process that died with it
// comes again when the lease has run out.
func TestLeaseIsRenewedWhileAHandlerRuns(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	var calls atomic.Int64
	const lease = 300 * time.Millisecond
	slow := func(context.Context, hashyard.Event) error {
		calls.Add(1)
		time.Sleep(3 * lease) // the handler's own work
		return nil
	}
	ev, err := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner"}, time.Now(), hashyard.MinerSeen{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error { return tx.Emit(ctx, ev) }); err != nil {
		t.Fatal(err)
	}
	owner := testdb.Owner(t, db)
	// As a process leaves it that was killed after it had claimed the event.
	if _, err := owner.Exec(t.Context(), "UPDATE outbox SET leased_to = now() + interval '300 ms', attempts = 1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 2)
	for range 2 {
		d := pg.NewDispatcher(db, []pg.Handler{{"slow", []hashyard.EventKind{hashyard.EvMinerSeen}, slow}}, pg.DispatcherConfig{Poll: 20 * time.Millisecond, Lease: lease})
		go func() { ended <- d.Run(ctx) }()
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var open int
		if err := owner.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE done_at IS NULL").Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			break
		}
	}
	cancel()
	if err := errors.Join(<-ended, <-ended); err != nil || calls.Load() != 1 {
		t.Fatalf("the handler was called %d times, %v", calls.Load(), err)
	}
}

func TestLeadIsExclusive(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var inside, most, terms atomic.Int64
	ended := make(chan error, 3)
	for range 3 {
		go func() {
			ended <- db.Lead(ctx, "book", func(ctx context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				defer inside.Add(-1)
				terms.Add(1)
				time.Sleep(20 * time.Millisecond) // a term of office
				return nil
			})
		}()
	}
	for range 3 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if most.Load() != 1 || terms.Load() != 3 {
		t.Fatalf("%d at once, %d terms", most.Load(), terms.Load())
	}
}

// TestAuditFor: the house's command on a tenant's thing is in the tenant's
// trail; a tenant writes into no trail but its own.
func TestAuditFor(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	ctx, a, b := t.Context(), hashyard.NewID(), hashyard.NewID()
	ref := hashyard.Ref{Kind: "k", ID: hashyard.NewID()}
	err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error {
		return errors.Join(tx.AuditFor(ctx, a, "for a", ref, nil, 1), tx.Audit(ctx, "for nobody", ref, nil, 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	in := func(org, whose hashyard.ID) error {
		return db.InOrg(ctx, hashyard.Actor{Org: org}, org, func(ctx context.Context, tx *pg.Tx) error {
			return tx.AuditFor(ctx, whose, "own", ref, nil, 1)
		})
	}
	if err := in(a, a); err != nil {
		t.Error(err)
	}
	if in(b, a) == nil || in(b, hashyard.ID{}) == nil {
		t.Error("a tenant wrote into another's trail")
	}
	for org, want := range map[hashyard.ID]int{a: 2, b: 0} {
		err := db.InOrg(ctx, hashyard.Actor{Org: org}, org, func(ctx context.Context, tx *pg.Tx) error {
			var n int
			if err := tx.Conn().QueryRow(ctx, "SELECT count(*) FROM audit").Scan(&n); err != nil || n != want {
				t.Errorf("%d rows, want %d: %v", n, want, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
