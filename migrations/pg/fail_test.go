package pg_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

// TestFailKeepsNamesBack: the text for callers names no constraint or table,
// the log's does, and the driver's error is still found.
func TestFailKeepsNamesBack(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	_, err := testdb.Owner(t, db).Exec(t.Context(), `
		CREATE TABLE things (id uuid PRIMARY KEY, org_id uuid NOT NULL, n int CONSTRAINT secret_check CHECK (n > 0), u int CONSTRAINT secret_unique UNIQUE);
		SELECT hashyard_tenant('things')`)
	if err != nil {
		t.Fatal(err)
	}
	org := hashyard.NewID()
	put := func(n, u any) error {
		return db.InOrg(t.Context(), hashyard.Actor{Org: org}, org, func(ctx context.Context, tx *pg.Tx) error {
			_, err := tx.Conn().Exec(ctx, "INSERT INTO things VALUES ($1, $2, $3::text::int, $4)", hashyard.NewID(), org, n, u)
			return pg.Fail(err, "thing %d", 7)
		})
	}
	if err := put("1", 1); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		err   error
		kind  hashyard.Kind
		text  string
		words string
	}{
		{"duplicate", put("1", 1), hashyard.Conflict, "thing 7: already exists", "secret_unique"},
		{"check", put("-1", 2), hashyard.Invalid, "thing 7: a value that cannot be stored", "secret_check"},
		{"no number", put("x", 3), hashyard.Invalid, "thing 7: a value that cannot be stored", "22P02"},
	} {
		var pe *pgconn.PgError
		if !errors.Is(tt.err, tt.kind) || tt.err.Error() != tt.text || !errors.As(tt.err, &pe) {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
		if words := pg.Words(errors.Join(errors.New("x"), tt.err)); !strings.Contains(words, tt.words) || !strings.Contains(words, tt.text) {
			t.Errorf("%s: the log says %s", tt.name, words)
		}
	}
	if words := pg.Words(errors.New("plain")); words != "plain" {
		t.Errorf("words of a plain error: %s", words)
	}
}
