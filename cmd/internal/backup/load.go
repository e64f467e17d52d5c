package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
)

// loader fills an empty database from an archive.
type loader struct {
	conn *pgx.Conn
	url  string
	head Head
}

// openLoader connects and makes sure that nobody else works on the database.
func openLoader(ctx context.Context, url string, head Head) (*loader, error) {
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	l := &loader{conn: conn, url: url, head: head}
	if err := l.alone(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *loader) close() { closeConn(l.conn) }

// alone refuses a database in use, and holds a lock against a second restore.
// What a killed program leaves there goes by itself: it is waited for.
func (l *loader) alone(ctx context.Context) error {
	var free bool
	var others int
	for deadline := time.Now().Add(3 * time.Second); ; {
		err := l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('hashyard restore', 0)), (SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')`).Scan(&free, &others)
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		if free && others == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	if !free {
		return hashyard.Conflict.Errorf("another restore into this database is under way")
	}
	return hashyard.Conflict.Errorf("%d other connections use this database: stop the yard (and every other program) first", others)
}

// state is what a database holds before a restore.
type state int

const (
	blank state = iota // nothing, or our tables without anything done in them
	ready              // this very archive
)

// look refuses a database that a restore would harm.
func (l *loader) look(ctx context.Context) (state, error) {
	names, err := tableNames(ctx, l.conn)
	if err != nil {
		return blank, err
	}
	if len(names) == 0 {
		return blank, nil
	}
	if !slices.Contains(names, marker) {
		return blank, hashyard.Conflict.Errorf("the database holds %d tables of somebody else: name an empty one", len(names))
	}
	var comment string
	if err := l.conn.QueryRow(ctx, "SELECT coalesce(obj_description('public."+marker+"'::regclass), '')").Scan(&comment); err != nil {
		return blank, fmt.Errorf("restore: %w", err)
	}
	if comment == l.note() {
		return ready, nil
	}
	for _, t := range []string{"orgs", "users", "units", "orders", "ledger_entries", "outbox", "audit"} {
		if !slices.Contains(names, t) {
			continue
		}
		var used bool
		// As the owner; forced policies would hide rows from one that is no superuser.
		if err := l.unforced(ctx, t, &used); err != nil {
			return blank, err
		}
		if used {
			return blank, hashyard.Conflict.Errorf("the database holds rows already (table %s): a restore goes into an empty one, made with CREATE DATABASE", t)
		}
	}
	return blank, nil
}

// unforced asks whether a table has a row, past forced policies.
func (l *loader) unforced(ctx context.Context, table string, used *bool) error {
	tx, err := l.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // the alteration is only for the look
	if _, err := tx.Exec(ctx, "ALTER TABLE "+quote(table)+" NO FORCE ROW LEVEL SECURITY"); err != nil {
		return hashyard.Denied.Errorf("this role does not own table %s: restore as the owner of the tables: %w", table, err)
	}
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+quote(table)+")").Scan(used); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// note marks a restored database; look finds it again.
func (l *loader) note() string {
	return fmt.Sprintf("restored from backup %s of %s", l.head.ID, l.head.TakenAt.Format("2006-01-02 15:04:05 UTC"))
}

// shape gives the blank database exactly the archive's migrations.
func (l *loader) shape(ctx context.Context) error {
	names, err := tableNames(ctx, l.conn)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		// One statement, one transaction: ours and unused, as look has found.
		if _, err := l.conn.Exec(ctx, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
			return fmt.Errorf("restore: clear the unused tables: %w", err)
		}
	}
	if err := migrations.Exactly(ctx, l.url, l.head.Migrations); err != nil {
		return err
	}
	have, err := shapes(ctx, l.conn)
	if err != nil {
		return err
	}
	if why := unlike(l.head.Tables, have); why != "" {
		return hashyard.Conflict.Errorf("the archive's tables are not those its migrations make (%s): it was made by another program than hashyard %s", why, l.head.Program)
	}
	return nil
}

// unlike says how two sets of tables differ, or nothing.
func unlike(want, have []Table) string {
	by := map[string]Table{}
	for _, t := range have {
		by[t.Name] = t
	}
	for _, w := range want {
		h, ok := by[w.Name]
		if !ok {
			return "no table " + w.Name
		}
		if !slices.Equal(w.Columns, h.Columns) {
			return "columns of " + w.Name
		}
		delete(by, w.Name)
	}
	for n := range by {
		return "table " + n + " is not in it"
	}
	return ""
}

// begin opens the transaction that everything arrives in.
func (l *loader) begin(ctx context.Context) error {
	names := make([]string, len(l.head.Tables))
	sql := []string{"BEGIN"}
	for i, t := range l.head.Tables {
		names[i] = quote(t.Name)
		// Triggers have done their work before the backup; forced policies would
		// bind an owner that is no superuser.
		sql = append(sql, "ALTER TABLE "+names[i]+" DISABLE TRIGGER USER", "ALTER TABLE "+names[i]+" NO FORCE ROW LEVEL SECURITY")
	}
	sql = append(sql, "TRUNCATE "+strings.Join(names, ", "), "SET CONSTRAINTS ALL DEFERRED")
	if _, err := l.conn.Exec(ctx, strings.Join(sql, "; ")); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// table loads one table's rows.
func (l *loader) table(ctx context.Context, name string, body io.Reader) error {
	i := slices.IndexFunc(l.head.Tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return hashyard.Invalid.Errorf("the archive holds rows of a table %.80q that its head does not name", name)
	}
	if _, err := l.conn.PgConn().CopyFrom(ctx, body, "COPY "+l.head.Tables[i].target()+" FROM STDIN"); err != nil {
		return fmt.Errorf("rows of %s: %w", name, err)
	}
	return nil
}

// finish compares what arrived with the manifest and commits.
func (l *loader) finish(ctx context.Context, m Manifest) error {
	for _, s := range m.Sequences {
		if _, err := l.conn.Exec(ctx, "SELECT setval($1::text::regclass, $2, $3)", quote(s.Name), s.Last, s.Called); err != nil {
			return fmt.Errorf("sequence %s: %w", s.Name, err)
		}
	}
	for _, t := range l.head.Tables {
		if err := l.compare(ctx, t, m); err != nil {
			return err
		}
	}
	sql := []string{"SET CONSTRAINTS ALL IMMEDIATE"} // foreign keys, now
	for _, t := range l.head.Tables {
		sql = append(sql, "ALTER TABLE "+quote(t.Name)+" ENABLE TRIGGER USER", "ALTER TABLE "+quote(t.Name)+" FORCE ROW LEVEL SECURITY")
	}
	sql = append(sql, "COMMENT ON TABLE public."+marker+" IS "+literal(l.note()), "COMMIT")
	if _, err := l.conn.Exec(ctx, strings.Join(sql, "; ")); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// compare reads a table back: the same bytes must come out that went in.
func (l *loader) compare(ctx context.Context, t Table, m Manifest) error {
	i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Name == tablePrefix+t.Name })
	if i < 0 {
		return damaged(hashyard.Invalid.Errorf("rows of table %s are missing", t.Name))
	}
	sum := sha256.New()
	tag, err := l.conn.PgConn().CopyTo(ctx, sum, "COPY "+t.target()+" TO STDOUT")
	if err != nil {
		return fmt.Errorf("read %s back: %w", t.Name, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != m.Parts[i].SHA256 || tag.RowsAffected() != m.Parts[i].Rows {
		return hashyard.Conflict.Errorf("table %s has %d rows with hash %.12s… after loading, the archive %d with %.12s…: nothing was kept",
			t.Name, tag.RowsAffected(), got, m.Parts[i].Rows, m.Parts[i].SHA256)
	}
	return nil
}

// freeze stops payouts, once for this restore.
func (l *loader) freeze(ctx context.Context) error {
	why := l.note() + ": payouts signed since then are unknown here"
	tx, err := l.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("freeze payouts: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, "SET LOCAL ROLE hashyard_system"); err != nil {
		return fmt.Errorf("freeze payouts: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO payout_freezes (id, frozen, reason, by_name, at)
		SELECT $1, true, $2, 'restore', now() WHERE NOT EXISTS (SELECT FROM payout_freezes WHERE reason = $2)`, hashyard.NewID(), why); err != nil {
		return fmt.Errorf("freeze payouts: %w", err)
	}
	return tx.Commit(ctx)
}
