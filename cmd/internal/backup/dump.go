package backup

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
)

// marker is the table that says a database is ours, versions the one that
// lists its migrations; the latter is made by them, never copied.
const (
	marker   = "hashyard_marker"
	versions = "goose_db_version"
)

// settle makes what COPY writes independent of the server's and the role's
// settings, so that equal rows are equal bytes.
const settle = `
	SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
	SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmloption = 'content'; SET synchronize_seqscans = off;
	SET search_path = public; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'`

// connect opens a connection for copying.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	pc, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("database url: %w", err)
	}
	pc.RuntimeParams["application_name"] = "hashyard backup"
	conn, err := pgx.ConnectConfig(ctx, pc)
	if err != nil {
		return nil, hashyard.Unavailable.Errorf("database: %w", err)
	}
	if _, err := conn.Exec(ctx, settle); err != nil {
		closeConn(conn)
		return nil, fmt.Errorf("database: %w", err)
	}
	return conn, nil
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing of ours depends on it
}

// snapshot is one consistent view of a whole database.
type snapshot struct {
	conn   *pgx.Conn
	head   Head
	tables []Table // parents before the children that refer to them
}

// openSnapshot begins it and reads the shape of everything.
func openSnapshot(ctx context.Context, url string) (*snapshot, error) {
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	s := &snapshot{conn: conn}
	if err := s.begin(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) close() { closeConn(s.conn) }

func (s *snapshot) begin(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	names, err := tableNames(ctx, s.conn)
	if err != nil {
		return err
	}
	if !slices.Contains(names, marker) {
		return hashyard.Conflict.Errorf("this database is not hashyard's: it has no table %s", marker)
	}
	for i, n := range names {
		names[i] = quote(n)
	}
	// Nobody may alter or drop a table while it is read.
	if _, err := s.conn.Exec(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN ACCESS SHARE MODE"); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.head = Head{Format: format, ID: hashyard.NewID().String()}
	if err := s.conn.QueryRow(ctx, "SELECT now(), current_setting('server_version_num')::int").Scan(&s.head.TakenAt, &s.head.Postgres); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.head.TakenAt = s.head.TakenAt.UTC()
	if s.head.Migrations, err = migrations.Applied(ctx, s.conn); err != nil {
		return err
	}
	if s.tables, err = shapes(ctx, s.conn); err != nil {
		return err
	}
	s.head.Tables = s.tables
	return s.seeEverything(ctx)
}

// seeEverything takes a role that no policy hides a row from, or fails: a
// backup that silently lacks rows is worse than none.
func (s *snapshot) seeEverything(ctx context.Context) error {
	var mighty, member bool
	err := s.conn.QueryRow(ctx, `SELECT rolsuper OR rolbypassrls,
		EXISTS (SELECT FROM pg_roles WHERE rolname = 'hashyard_system') AND pg_has_role(current_user, 'hashyard_system', 'MEMBER')
		FROM pg_roles WHERE rolname = current_user`).Scan(&mighty, &member)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if mighty {
		// An error, should it not be so mighty after all.
		_, err = s.conn.Exec(ctx, "SET LOCAL row_security = off")
		return err
	}
	if !member {
		return hashyard.Denied.Errorf("this database role does not see every row: let it use hashyard_system (GRANT hashyard_system TO …), or use a superuser")
	}
	var hidden []string
	err = s.conn.QueryRow(ctx, `SELECT coalesce(array_agg(c.relname::text), '{}') FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity AND NOT EXISTS (
			SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname AND p.permissive = 'PERMISSIVE'
			AND p.cmd IN ('ALL', 'SELECT') AND p.qual = 'true' AND p.roles && '{hashyard_system,public}'::name[])`).Scan(&hidden)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if len(hidden) > 0 {
		return hashyard.Denied.Errorf("role hashyard_system does not see every row of %s: use a superuser", strings.Join(hidden, ", "))
	}
	_, err = s.conn.Exec(ctx, "SET LOCAL ROLE hashyard_system")
	return err
}

// write copies every table, and then says where the sequences stand: they run
// ahead of any snapshot, never behind.
func (s *snapshot) write(ctx context.Context, a *writer) error {
	for _, t := range s.tables {
		err := a.part(tablePrefix+t.Name, 0, func(w io.Writer) (int64, error) {
			tag, err := s.conn.PgConn().CopyTo(ctx, w, "COPY "+t.target()+" TO STDOUT")
			return tag.RowsAffected(), err
		})
		if err != nil {
			return err
		}
	}
	if _, err := s.conn.Exec(ctx, "RESET ROLE"); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	var err error
	a.manifest.Sequences, err = sequences(ctx, s.conn)
	return err
}

// target is the table as COPY names it.
func (t Table) target() string {
	cols := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = pgx.Identifier{c.Name}.Sanitize()
	}
	return quote(t.Name) + " (" + strings.Join(cols, ", ") + ")"
}

func quote(table string) string { return pgx.Identifier{"public", table}.Sanitize() }

// literal writes a text where SQL takes no parameter.
func literal(text string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(text, "\x00", ""), "'", "''") + "'"
}

// tableNames are the tables that hold rows of their own.
func tableNames(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT relname::text FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> $1 ORDER BY relname`, versions)
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	return names, nil
}

// shapes are the tables with their columns, parents first.
func shapes(ctx context.Context, conn *pgx.Conn) ([]Table, error) {
	names, err := tableNames(ctx, conn)
	if err != nil {
		return nil, err
	}
	columns := map[string][]Column{}
	rows, err := conn.Query(ctx, `SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		ORDER BY c.relname, a.attname`)
	if err != nil {
		return nil, fmt.Errorf("columns: %w", err)
	}
	var table string
	var c Column
	if _, err := pgx.ForEachRow(rows, []any{&table, &c.Name, &c.Type}, func() error {
		columns[table] = append(columns[table], c)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("columns: %w", err)
	}
	parents, err := references(ctx, conn)
	if err != nil {
		return nil, err
	}
	order, err := parentsFirst(names, parents)
	if err != nil {
		return nil, err
	}
	ts := make([]Table, len(order))
	for i, n := range order {
		ts[i] = Table{Name: n, Columns: columns[n]}
	}
	return ts, nil
}

// references says which tables a table's foreign keys look at.
func references(ctx context.Context, conn *pgx.Conn) (map[string][]string, error) {
	rows, err := conn.Query(ctx, `SELECT a.relname::text, b.relname::text FROM pg_constraint k
		JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
		WHERE k.contype = 'f' AND NOT k.condeferrable AND a.relnamespace = 'public'::regnamespace AND a.oid <> b.oid`)
	if err != nil {
		return nil, fmt.Errorf("foreign keys: %w", err)
	}
	parents := map[string][]string{}
	var child, parent string
	_, err = pgx.ForEachRow(rows, []any{&child, &parent}, func() error {
		parents[child] = append(parents[child], parent)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("foreign keys: %w", err)
	}
	return parents, nil
}

// parentsFirst sorts names so that whoever is referred to comes first.
func parentsFirst(names []string, parents map[string][]string) ([]string, error) {
	var order []string
	done := map[string]bool{}
	for len(order) < len(names) {
		before := len(order)
		for _, n := range names {
			waits := slices.ContainsFunc(parents[n], func(p string) bool { return !done[p] })
			if !done[n] && !waits {
				order, done[n] = append(order, n), true
			}
		}
		if len(order) == before {
			return nil, hashyard.Conflict.Errorf("tables refer to each other in a circle and cannot be copied one after the other: make one of their foreign keys deferrable")
		}
	}
	return order, nil
}

// sequences reads where each one stands.
func sequences(ctx context.Context, conn *pgx.Conn) ([]Sequence, error) {
	rows, err := conn.Query(ctx, `SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.refobjid = to_regclass('public.'||$1)) ORDER BY 1`, versions)
	if err != nil {
		return nil, fmt.Errorf("sequences: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("sequences: %w", err)
	}
	var ss []Sequence
	for _, n := range names {
		s := Sequence{Name: n}
		if err := conn.QueryRow(ctx, "SELECT last_value, is_called FROM "+quote(n)).Scan(&s.Last, &s.Called); err != nil {
			return nil, fmt.Errorf("sequence %s: %w", n, err)
		}
		ss = append(ss, s)
	}
	return ss, nil
}
