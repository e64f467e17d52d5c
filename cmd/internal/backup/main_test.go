package backup

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"hashyard/migrations"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	testdb.Main(m)
}

// kept are archives of local worlds in which a machine went the whole way, as
// released programs made them: one a released schema.
var kept = []string{"world-0600.backup"}

func archive(name string) string { return filepath.Join("testdata", name) }

// keptKeys open them. They are keys of worlds that are gone, on a chain that
// is gone.
func keptKeys(t testing.TB) []age.Identity {
	t.Helper()
	ids, err := Identities(archive("world.key"))
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// rowsOnly leaves every folder of a world out.
var rowsOnly = []string{"serve", "chain", "world"}

// filled is a database with everything a world holds, at the newest schema.
func filled(t testing.TB) string {
	t.Helper()
	url := testdb.OwnerURL(testdb.Empty(t))
	if _, err := Restore(t.Context(), RestoreConfig{Archive: archive(kept[len(kept)-1]), Keys: keptKeys(t), OwnerURL: url, Leave: rowsOnly}); err != nil {
		t.Fatal(err)
	}
	return url
}

// contents are every table's rows as one hash and a count, and the sequences.
func contents(t testing.TB, url string) map[string]string {
	t.Helper()
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer closeConn(conn) // a restore wants the database for itself
	names, err := tableNames(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range names {
		var rows int
		var sum string
		if err := conn.QueryRow(t.Context(), "SELECT count(*), coalesce(md5(string_agg(x::text, E'\\n' ORDER BY x::text COLLATE \"C\")), '') FROM "+quote(n)+" x").Scan(&rows, &sum); err != nil {
			t.Fatal(err)
		}
		out[n] = fmt.Sprintf("%d rows %s", rows, sum)
	}
	seqs, err := sequences(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range seqs {
		out["sequence "+s.Name] = fmt.Sprint(s.Last, s.Called)
	}
	return out
}

// defences are what protects rows besides their values: a restore must leave
// all of it as the migrations made it.
func defences(t testing.TB, url string) []string {
	t.Helper()
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer closeConn(conn)
	rows, err := conn.Query(t.Context(), `
		SELECT 'table '||relname||' rls '||relrowsecurity||' forced '||relforcerowsecurity||' grants '||coalesce(relacl::text, '')
		FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
		UNION ALL SELECT 'trigger '||tgname||' on '||tgrelid::regclass||' '||tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'policy '||policyname||' on '||tablename||' '||coalesce(qual, '')||' '||coalesce(with_check, '') FROM pg_policies
		UNION ALL SELECT 'constraint '||conname||' '||convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeConn(conn) })
	return conn
}

// same fails where two databases differ.
func same(t *testing.T, what, a, b string) {
	t.Helper()
	if d := cmp.Diff(contents(t, a), contents(t, b)); d != "" {
		t.Errorf("%s: rows differ (-first +second):\n%s", what, d)
	}
	if d := cmp.Diff(defences(t, a), defences(t, b)); d != "" {
		t.Errorf("%s: protection differs (-first +second):\n%s", what, d)
	}
}

// sound checks what must hold in any database of ours.
func sound(ctx context.Context, url string) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	for what, q := range map[string]string{
		"ledger entries that do not sum to zero": `SELECT count(*) FROM (SELECT FROM public.ledger_postings GROUP BY entry_id, currency HAVING sum(amount) <> 0) x`,
		"the trial balance":                      `SELECT coalesce(sum(abs(s)), 0)::bigint FROM (SELECT sum(balance) s FROM public.ledger_accounts GROUP BY currency) x`,
		"balances that differ from the postings": `SELECT count(*) FROM public.ledger_accounts a WHERE balance <> (SELECT coalesce(sum(amount), 0)
			FROM public.ledger_postings p WHERE (p.org_id, p.currency, p.purpose) = (a.org_id, a.currency, a.purpose))`,
		"units without their last custody row": `SELECT count(*) FROM public.units u WHERE NOT EXISTS (SELECT FROM public.custody c WHERE c.unit_id = u.id AND c.seq = u.custody_seq)`,
	} {
		var n int64
		if err := conn.QueryRow(ctx, q).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n != 0 {
			return fmt.Errorf("%s: %d", what, n)
		}
	}
	return nil
}

// childEnv makes this test binary a program that restores, to be killed.
const childEnv = "HASHYARD_TEST_RESTORE"

func child() int {
	ids, err := Identities(archive("world.key"))
	if err == nil {
		_, err = Restore(context.Background(), RestoreConfig{
			Archive: archive(kept[0]), Keys: ids, OwnerURL: os.Getenv(childEnv), Leave: []string{"chain", "world"},
			Targets: []Target{{Set: "serve", Root: os.Getenv("HASHYARD_TEST_DIR"), Sub: "."}},
			Log:     slog.New(slog.DiscardHandler),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newest is a database made by the migrations alone.
func newest(t testing.TB) string {
	t.Helper()
	url := testdb.OwnerURL(testdb.Empty(t))
	if err := migrations.Up(t.Context(), migrations.Config{OwnerURL: url}); err != nil {
		t.Fatal(err)
	}
	return url
}
