package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
	"hashyard/migrations/testdb"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
)

// yard writes on while it is backed up: every transaction leaves one ledger
// entry, one audit row and one event under the same id, and every share of its
// log is counted in the checkpoint some time after it is durable.
type yard struct {
	conn   *pgx.Conn
	org    hashyard.ID
	house  hashyard.ID
	shares *sharelog.Log
	done   atomic.Int64 // transactions answered as committed
}

func openYard(t *testing.T, url, dir string) *yard {
	t.Helper()
	y := &yard{conn: open(t, url)}
	ctx := t.Context()
	if err := y.conn.QueryRow(ctx, "SELECT id FROM public.orgs WHERE slug = 'buyer'").Scan(&y.org); err != nil {
		t.Fatal(err)
	}
	if err := y.conn.QueryRow(ctx, "SELECT id FROM public.orgs WHERE house").Scan(&y.house); err != nil {
		t.Fatal(err)
	}
	var err error
	if y.shares, err = sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(dir, "shares")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { y.shares.Close() })
	stream, _ := y.shares.Position()
	if _, err := y.conn.Exec(ctx, "UPDATE public.pool_checkpoints SET stream = $1, seq = 0 WHERE name = 'shares'", stream); err != nil {
		t.Fatal(err)
	}
	return y
}

// step is one transaction and one share.
func (y *yard) step(ctx context.Context) error {
	if err := y.shares.Append(ctx, share.Record{At: time.Now().UTC().Truncate(time.Millisecond), Difficulty: 1 << 32}); err != nil {
		return err
	}
	_, seq := y.shares.Position()
	id := hashyard.NewID()
	tx, err := y.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO public.ledger_entries VALUES ($1, $2, $3, now(), 'drill', 'drill', $1, $4, 2)`, []any{id, "drill-" + id.String(), make([]byte, 32), []hashyard.ID{y.org}}},
		{`INSERT INTO public.ledger_postings VALUES ($1, 1, $2, 'BTC', 'earnings', -3), ($1, 2, $3, 'BTC', 'fpps_expense', 3)`, []any{id, y.org, y.house}},
		{`INSERT INTO public.audit (id, org_id, actor, command, ref_kind, ref_id, after) VALUES ($1, $2, '{}', 'drill', 'drill', $1, $3)`, []any{id, y.org, "{\"text\": \"tab\\t quote \\\" 矿 \\\\N\"}"}},
		{`INSERT INTO public.outbox (id, kind, ref_kind, at, payload, not_before) VALUES ($1, 'drill', 'drill', now(), '{}', 'infinity')`, []any{id}},
		{`UPDATE public.pool_checkpoints SET seq = $1 WHERE name = 'shares'`, []any{int64(seq)}},
	} {
		if _, err := tx.Exec(ctx, q.sql, q.args...); err != nil {
			return err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	y.done.Add(1)
	return nil
}

// run steps until ctx ends.
func (y *yard) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := y.step(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// TestRestoreDrill: a yard is backed up while it works, twice; each archive
// comes back as one moment of it, with nothing missing that was acknowledged
// before; at rest, it comes back row for row, also when that is asked for twice.
func TestRestoreDrill(t *testing.T) {
	t.Parallel()
	url, dir := filled(t), t.TempDir()
	y := openYard(t, url, dir)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- y.run(ctx) }()
	for round := range 2 {
		for target := y.done.Load() + 20; y.done.Load() < target; {
			select {
			case err := <-ended:
				t.Fatalf("the yard stopped working: %v", err)
			case <-time.After(time.Millisecond): // it must be at work, and has no bell
			}
		}
		before := y.done.Load()
		out := filepath.Join(t.TempDir(), "live.backup")
		sum, err := Make(t.Context(), Config{OwnerURL: url, Out: out, Sets: []Set{{Name: "serve", Dir: dir, Check: Shares}}, Program: "test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: %d rows, %d bytes of %d parts, %d transactions before", round, sum.Rows(), sum.Bytes(), len(sum.Parts), before)
		comesBack(t, out, before)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := y.shares.Close(); err != nil {
		t.Fatal(err)
	}
	closeConn(y.conn)
	out := filepath.Join(t.TempDir(), "rest.backup")
	if _, err := Make(t.Context(), Config{OwnerURL: url, Out: out}); err != nil {
		t.Fatal(err)
	}
	again := testdb.OwnerURL(testdb.Empty(t))
	for range 2 { // the second finds nothing to do
		if _, err := Restore(t.Context(), RestoreConfig{Archive: out, OwnerURL: again, Check: sound}); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "at rest", url, again)
}

// comesBack restores an archive made at work and looks at it from all sides.
func comesBack(t *testing.T, out string, before int64) {
	t.Helper()
	url, dir := testdb.OwnerURL(testdb.Empty(t)), filepath.Join(t.TempDir(), "serve")
	if _, err := Restore(t.Context(), RestoreConfig{
		Archive: out, OwnerURL: url, Targets: []Target{{Set: "serve", Root: dir, Sub: "."}}, Check: sound,
	}); err != nil {
		t.Fatal(err)
	}
	conn := open(t, url)
	var entries, audits, events, whole int64
	err := conn.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM public.ledger_entries WHERE ref_kind = 'drill'), (SELECT count(*) FROM public.audit WHERE command = 'drill'),
		(SELECT count(*) FROM public.outbox WHERE kind = 'drill'),
		(SELECT count(*) FROM public.ledger_entries e JOIN public.audit a USING (id) JOIN public.outbox o USING (id) WHERE e.ref_kind = 'drill')`).Scan(&entries, &audits, &events, &whole)
	if err != nil {
		t.Fatal(err)
	}
	if entries != whole || audits != whole || events != whole || whole < before {
		t.Errorf("%d entries, %d audit rows, %d events, %d of all three: want equal and at least %d", entries, audits, events, whole, before)
	}
	snap, err := openSnapshot(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.close()
	seen, err := snap.seen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := Shares(t.Context(), dir, seen); err != nil {
		t.Errorf("the restored share log: %v", err)
	}
}

// TestAKeptWorldIsUpgraded: a database as a released program left it, with a
// machine's whole way in it, comes up to date with every row and protected
// like a new one.
func TestAKeptWorldIsUpgraded(t *testing.T) {
	t.Parallel()
	for _, name := range kept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			sum, _, err := Verify(archive(name), keptKeys(t), 0)
			if err != nil {
				t.Fatal(err)
			}
			old := testdb.OwnerURL(testdb.Empty(t))
			if _, err := Restore(ctx, RestoreConfig{Archive: archive(name), Keys: keptKeys(t), OwnerURL: old, Leave: rowsOnly, Check: sound}); err != nil {
				t.Fatal(err)
			}
			conn := open(t, old)
			applied, err := migrations.Applied(ctx, conn)
			if err != nil {
				t.Fatal(err)
			}
			known, err := migrations.Known()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(applied, known) {
				t.Errorf("applied %v, want %v", applied, known)
			}
			for _, p := range sum.Parts {
				if p.Rows > 0 {
					var n int64
					table := filepath.Base(p.Name)
					if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+quote(table)).Scan(&n); err != nil || n < p.Rows {
						t.Errorf("table %s: %d rows of %d, %v", table, n, p.Rows, err)
					}
				}
			}
			if d := cmp.Diff(defences(t, newest(t)), defences(t, old)); d != "" {
				t.Errorf("an upgraded database is not protected like a new one (-new +upgraded):\n%s", d)
			}
		})
	}
}

// TestARestoredYardPaysNobody until somebody has looked; also when the restore
// was cut short after the rows were there.
func TestARestoredYardPaysNobody(t *testing.T) {
	t.Parallel()
	url := testdb.OwnerURL(testdb.Empty(t))
	for range 2 {
		if _, err := Restore(t.Context(), RestoreConfig{Archive: archive(kept[0]), Keys: keptKeys(t), OwnerURL: url, Leave: rowsOnly, Freeze: true}); err != nil {
			t.Fatal(err)
		}
	}
	conn := open(t, url)
	var freezes int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM payout_freezes WHERE frozen").Scan(&freezes); err != nil || freezes != 1 {
		t.Fatalf("%d freezes, %v", freezes, err)
	}
}

// TestUpIsInterrupted: whatever moment the migrations are cut short at, the
// next start finishes them, also when four start at once.
func TestUpIsInterrupted(t *testing.T) {
	t.Parallel()
	sum, _, err := Verify(archive(kept[0]), keptKeys(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	known, err := migrations.Known()
	if err != nil {
		t.Fatal(err)
	}
	want := defences(t, newest(t))
	for cut := range 3 {
		url := testdb.OwnerURL(testdb.Empty(t))
		if err := migrations.Exactly(t.Context(), url, sum.Head.Migrations[:min(cut*4, len(sum.Head.Migrations))]); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(cut*cut+1)*4*time.Millisecond)
		err := migrations.Up(ctx, migrations.Config{OwnerURL: url}) // cut somewhere, or just done
		cancel()
		errs := make(chan error, 4)
		for range 4 {
			go func() { errs <- migrations.Up(t.Context(), migrations.Config{OwnerURL: url}) }()
		}
		for range 4 {
			if uerr := <-errs; uerr != nil {
				t.Fatalf("cut %d (%v): %v", cut, err, uerr)
			}
		}
		conn := open(t, url)
		if applied, err := migrations.Applied(t.Context(), conn); err != nil || !slices.Equal(applied, known) {
			t.Errorf("cut %d: applied %v, %v", cut, applied, err)
		}
		var twice int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM (SELECT FROM public.goose_db_version GROUP BY version_id HAVING count(*) > 1) x").Scan(&twice); err != nil || twice > 0 {
			t.Errorf("cut %d: %d migrations applied twice, %v", cut, twice, err)
		}
		if d := cmp.Diff(want, defences(t, url)); d != "" {
			t.Errorf("cut %d (-whole +cut):\n%s", cut, d)
		}
	}
}

// TestAKilledRestoreLeavesNothingHalf: killed at any moment, a restore has
// either put every row there or none that counts, and its next run finishes.
func TestAKilledRestoreLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(url, dir string, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit) // the end of which is SIGKILL
		defer cancel()
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), childEnv+"="+url, "HASHYARD_TEST_DIR="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return err
	}
	whole := testdb.OwnerURL(testdb.Empty(t))
	began := time.Now()
	if err := run(whole, filepath.Join(t.TempDir(), "serve"), time.Minute); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	want := contents(t, whole)
	url, dir := testdb.OwnerURL(testdb.Empty(t)), filepath.Join(t.TempDir(), "serve")
	killed, halves := 0, 0
	for i := range 6 {
		err := run(url, dir, took*time.Duration(i+1)/5)
		if err != nil && !killedBy(err) {
			t.Fatal(err)
		}
		if err != nil {
			killed++
		}
		if there(t, url) {
			if d := cmp.Diff(want["ledger_entries"], contents(t, url)["ledger_entries"]); d != "" {
				t.Fatalf("killed after %v: half a database:\n%s", took*time.Duration(i+1)/5, d)
			}
		} else {
			halves++
		}
		if _, err := os.Stat(dir); err == nil && !there(t, url) {
			t.Fatal("the folder is in place before its database")
		}
	}
	if err := run(url, dir, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := run(url, dir, time.Minute); err != nil { // done: nothing more
		t.Fatal(err)
	}
	same(t, "after the kills", whole, url)
	if _, err := os.Stat(filepath.Join(dir, "shares")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(staging(dir)); !os.IsNotExist(err) {
		t.Errorf("something was left beside the folder: %v", err)
	}
	t.Logf("%d killed of 6 within %v, %d of them before the rows were there", killed, took, halves)
	if killed == 0 {
		t.Error("no run was killed")
	}
}

func killedBy(err error) bool {
	exit := (*exec.ExitError)(nil)
	return errors.As(err, &exit) && exit.ExitCode() == -1
}

// there reports whether an organisation is in the database; without one nothing is.
func there(t *testing.T, url string) bool {
	t.Helper()
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer closeConn(conn)
	var table bool
	if err := conn.QueryRow(t.Context(), "SELECT to_regclass('public.ledger_entries') IS NOT NULL").Scan(&table); err != nil || !table {
		return false
	}
	var rows bool
	if err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM public.ledger_entries) OR EXISTS (SELECT FROM public.orgs)").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}
