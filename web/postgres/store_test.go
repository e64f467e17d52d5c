package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/web"
	"hashyard/web/postgres"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func cheap() web.Cost { return web.Cost{Time: 1, MemoryKiB: 64, Threads: 1} }

func newOrg(t *testing.T, db *pg.DB, owners int) (*web.Service, web.Org, []web.User) {
	t.Helper()
	store := postgres.New(db)
	svc, err := web.NewService(web.ServiceConfig{Store: store, Cost: cheap()})
	if err != nil {
		t.Fatal(err)
	}
	org := web.Org{ID: hashyard.NewID(), Name: "North", Slug: "north"}
	if err := svc.SeedOrg(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	for i := range owners {
		if err := svc.SeedUser(t.Context(), org.ID, fmt.Sprintf("o%d@north.example", i), "Owner", "password", []hashyard.Role{hashyard.Owner}); err != nil {
			t.Fatal(err)
		}
	}
	users, err := svc.Users(t.Context(), hashyard.Actor{Org: org.ID}, hashyard.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return svc, org, users
}

// TestOneOwnerStays: however the owners demote each other at once, one stays.
func TestOneOwnerStays(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	svc, org, users := newOrg(t, db, 6)
	var wg sync.WaitGroup
	errs := make([]error, len(users))
	for i, u := range users {
		wg.Go(func() {
			actor := hashyard.Actor{User: users[(i+1)%len(users)].ID, Org: org.ID, Roles: []hashyard.Role{hashyard.Owner}}
			_, errs[i] = svc.ChangeUser(t.Context(), actor, u.ID, web.UserChange{
				Name: u.Name, Roles: []hashyard.Role{hashyard.Viewer}, Version: u.Version,
			})
		})
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if errors.Is(err, hashyard.Conflict) {
			refused++
		} else if err != nil {
			t.Errorf("change: %v", err)
		}
	}
	var owners int
	if err := testdb.Owner(t, db).QueryRow(t.Context(), "SELECT count(*) FROM users WHERE 'owner' = ANY (roles)").Scan(&owners); err != nil {
		t.Fatal(err)
	}
	if owners != 1 || refused != 1 {
		t.Errorf("%d owners are left, %d changes were refused", owners, refused)
	}
}

// TestRowsAreForced: even a statement without any WHERE sees one organisation.
func TestRowsAreForced(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	svc, org, users := newOrg(t, db, 2)
	if _, _, err := svc.AddKey(t.Context(), hashyard.Actor{Org: org.ID, User: users[0].ID}, "k", []hashyard.Role{hashyard.Viewer}, time.Hour, false); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.SignIn(t.Context(), users[0].Email, "password", "test", "", ""); err != nil {
		t.Fatal(err)
	}
	claim := web.Claim{Actor: hashyard.Actor{Org: org.ID, User: users[0].ID}, Key: "k", Operation: "x"}
	if _, _, err := postgres.New(db).Claim(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	owner := testdb.Owner(t, db)
	for _, table := range []string{"orgs", "users", "sessions", "api_keys", "idempotency_keys"} {
		count := func(as hashyard.ID) (n int) {
			err := db.InOrg(t.Context(), hashyard.Actor{Org: as}, as, func(ctx context.Context, tx *pg.Tx) error {
				return tx.Conn().QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n)
			})
			if err != nil {
				t.Errorf("%s: %v", table, err)
			}
			return n
		}
		var all int
		if err := owner.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&all); err != nil {
			t.Fatal(err)
		}
		if ours, theirs := count(org.ID), count(hashyard.NewID()); all == 0 || ours != all || theirs != 0 {
			t.Errorf("%s: %d rows, its organisation sees %d, another %d", table, all, ours, theirs)
		}
		err := db.InOrg(t.Context(), hashyard.Actor{Org: org.ID}, hashyard.NewID(), func(ctx context.Context, tx *pg.Tx) error {
			tag, err := tx.Conn().Exec(ctx, "DELETE FROM "+table)
			if err == nil && tag.RowsAffected() != 0 {
				t.Errorf("%s: another organisation deleted %d rows", table, tag.RowsAffected())
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// BenchmarkBySession is what signing in costs each request.
func BenchmarkBySession(b *testing.B) {
	db := testdb.New(b)
	store := postgres.New(db)
	svc, err := web.NewService(web.ServiceConfig{Store: store, Cost: cheap()})
	if err != nil {
		b.Fatal(err)
	}
	org := web.Org{ID: hashyard.NewID(), Name: "North", Slug: "north"}
	if err := svc.SeedOrg(b.Context(), org); err != nil {
		b.Fatal(err)
	}
	if err := svc.SeedUser(b.Context(), org.ID, "o@north.example", "O", "password", []hashyard.Role{hashyard.Owner}); err != nil {
		b.Fatal(err)
	}
	in, err := svc.SignIn(b.Context(), "o@north.example", "password", "test", "", "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := svc.BySession(b.Context(), in.Token); err != nil {
			b.Fatal(err)
		}
	}
}
