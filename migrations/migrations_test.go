package migrations_test

import (
	"sync"
	"testing"

	"hashyard/migrations"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// TestEveryTableForcesRowLevelSecurity finds a table that a tenant could read
// whole because somebody forgot the guard.
func TestEveryTableForcesRowLevelSecurity(t *testing.T) {
	t.Parallel()
	owner := testdb.Owner(t, testdb.New(t))
	rows, err := owner.Query(t.Context(), `
		SELECT relname, relrowsecurity AND relforcerowsecurity,
		       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
		FROM pg_class c
		WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var name string
		var forced bool
		var policies int
		if err := rows.Scan(&name, &forced, &policies); err != nil {
			t.Fatal(err)
		}
		tables++
		if !forced || policies == 0 {
			t.Errorf("table %s: row-level security forced: %v, policies: %d; call hashyard_tenant or a sibling after CREATE TABLE", name, forced, policies)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if tables < 30 {
		t.Errorf("only %d tables seen", tables)
	}
}

// TestNoRoleOfOursIsMighty holds the two roles to what the policies assume.
func TestNoRoleOfOursIsMighty(t *testing.T) {
	t.Parallel()
	owner := testdb.Owner(t, testdb.New(t))
	for _, role := range []string{"hashyard_app", "hashyard_system"} {
		var super, bypass, inherits, owns bool
		err := owner.QueryRow(t.Context(), `
			SELECT rolsuper, rolbypassrls, rolinherit, EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
			FROM pg_roles r WHERE rolname = $1`, role).Scan(&super, &bypass, &inherits, &owns)
		if err != nil {
			t.Fatal(err)
		}
		if super || bypass || inherits || owns {
			t.Errorf("%s: superuser %v, bypasses policies %v, inherits %v, owns tables %v", role, super, bypass, inherits, owns)
		}
	}
}

// TestAnAreasNewFileComesLate: a database that stands at another area's higher
// number still gets the new file of a lower range.
func TestAnAreasNewFileComesLate(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	owner := testdb.Owner(t, db)
	_, err := owner.Exec(t.Context(), `
		ALTER TABLE trade_units DROP COLUMN condition;
		ALTER TABLE settlements DROP COLUMN trouble;
		DELETE FROM goose_db_version WHERE version_id = 502`)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), migrations.Config{OwnerURL: owner.Config().ConnString()}); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), "SELECT condition FROM trade_units"); err != nil {
		t.Error(err)
	}
}

func TestSeveralStartersMigrateOnce(t *testing.T) {
	t.Parallel()
	url := testdb.OwnerURL(testdb.Database(t)) // migrated already: all must find nothing to do
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := migrations.Up(t.Context(), migrations.Config{OwnerURL: url}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
