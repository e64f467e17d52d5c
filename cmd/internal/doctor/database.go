package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard/brokerage/stripe/fake"
	"hashyard/cmd/internal/backup"
	"hashyard/cmd/internal/invariants"
	"hashyard/migrations"
	"hashyard/pool/node"
)

// connect opens a connection and says what is wrong when it cannot.
func connect(ctx context.Context, url string, p *part) *pgx.Conn {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	pc, err := pgx.ParseConfig(url)
	if err != nil {
		p.bad("set HASHYARD_DATABASE_URL like postgres://hashyard_app:…@host:5432/hashyard", "the database's address cannot be read")
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, pc)
	if err != nil {
		p.bad("start Postgres, or put the address, the role or its password right", "the database at %s:%d does not let %s in: %v", pc.Host, pc.Port, pc.User, errors.Unwrap(err))
		return nil
	}
	return conn
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // only looked at
}

// database looks at the server, the role and the schema.
func database(ctx context.Context, cfg Config, p *part) {
	if cfg.DatabaseURL == "" {
		p.left("the database (HASHYARD_DATABASE_URL)")
		return
	}
	conn := connect(ctx, cfg.DatabaseURL, p)
	if conn == nil {
		return
	}
	defer closeConn(conn)
	server(ctx, conn, p)
	role(ctx, conn, p)
	schema(ctx, conn, cfg, p)
}

func server(ctx context.Context, conn *pgx.Conn, p *part) {
	var version, most, used int
	var at time.Time
	sent := time.Now()
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('max_connections')::int,
		(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), clock_timestamp()`).Scan(&version, &most, &used, &at)
	if err != nil {
		p.bad("look into the database's log", "the database does not answer: %v", err)
		return
	}
	if version < 15_00_00 {
		p.bad("use Postgres 15 to 18", "this is Postgres %d", version/10000)
	} else {
		p.good("Postgres %d.%d, %d of %d connections in use", version/10000, version%10000, used, most)
	}
	if most-used < 50 && used > most/2 {
		p.warn("raise max_connections, or end what holds them", "only %d connections are left; serve uses up to 45", most-used)
	}
	if skew := at.Sub(sent.Add(time.Since(sent) / 2)).Round(time.Millisecond); skew.Abs() > 2*time.Second {
		p.bad("run an NTP client on both machines", "the database's clock is %v off ours", skew)
	}
}

// role must be one that the policies bind.
func role(ctx context.Context, conn *pgx.Conn, p *part) {
	var name string
	var super, bypass, owner, member bool
	err := conn.QueryRow(ctx, `SELECT rolname, rolsuper, rolbypassrls,
		EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity),
		EXISTS (SELECT FROM pg_roles WHERE rolname = 'hashyard_system') AND pg_has_role(current_user, 'hashyard_system', 'MEMBER')
		FROM pg_roles r WHERE rolname = current_user`).Scan(&name, &super, &bypass, &owner, &member)
	switch {
	case err != nil:
		p.bad("look into the database's log", "the role cannot be read: %v", err)
	case super, bypass, owner:
		p.bad("log in as hashyard_app; serve refuses any other", "role %s would read past the row-level security (superuser %t, exempt %t, owner of tables %t)", name, super, bypass, owner)
	case !member:
		p.bad("run `hashyard migrate` as the owner of the tables, or GRANT hashyard_system TO "+name, "role %s may not do the house's own work", name)
	default:
		p.good("role %s is bound by row-level security", name)
	}
}

// schema must be the one this program brings.
func schema(ctx context.Context, conn *pgx.Conn, cfg Config, p *part) {
	var ours bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('public.hashyard_marker') IS NOT NULL").Scan(&ours); err != nil || !ours {
		p.bad("run `hashyard migrate` on an empty database", "the database is not hashyard's: it has no marker (%v)", err)
		return
	}
	var note string
	if err := conn.QueryRow(ctx, "SELECT coalesce(obj_description('public.hashyard_marker'::regclass), '')").Scan(&note); err == nil && note != "" {
		p.warn("payouts that were signed after that moment are not in it: compare the signer's journal and the chain before paying", "this database was %s", note)
	}
	if cfg.OwnerURL != "" {
		owner := connect(ctx, cfg.OwnerURL, p)
		if owner == nil {
			return
		}
		defer closeConn(owner)
		conn = owner
	}
	applied, err := migrations.Applied(ctx, conn)
	if err != nil {
		p.left("which migrations the database has seen (HASHYARD_DATABASE_OWNER_URL tells)")
		return
	}
	known, err := migrations.Known()
	if err != nil {
		p.bad("", "our own migrations: %v", err)
		return
	}
	missing := slices.DeleteFunc(slices.Clone(known), func(v int64) bool { return slices.Contains(applied, v) })
	more := slices.DeleteFunc(slices.Clone(applied), func(v int64) bool { return slices.Contains(known, v) })
	switch {
	case len(missing) > 0:
		p.bad("run `hashyard migrate`", "the database lacks migrations %v", missing)
	case len(more) > 0:
		p.warn("use the newer program, or be sure that this one still fits", "a newer program has migrated this database (%v)", more)
	default:
		p.good("all %d migrations are there", len(known))
	}
}

// books checks what must always hold.
func books(ctx context.Context, cfg Config, p *part) {
	if cfg.DatabaseURL == "" {
		p.left("the invariants")
		return
	}
	conn := connect(ctx, cfg.DatabaseURL, p)
	if conn == nil {
		p.out = nil // the database's own check has said so
		p.left("the invariants: there is no database")
		return
	}
	defer closeConn(conn)
	src := invariants.Sources{DB: conn}
	if cfg.Stopped {
		src.Late = 50 * 365 * 24 * time.Hour // while nothing runs, everything waits
	}
	if cfg.LocalChain && !cfg.Stopped {
		if c, err := node.New(node.Config{URL: cfg.ChainURL, User: cfg.ChainUser, Password: cfg.ChainPassword}); err == nil {
			defer c.Close()
			src.Chain = c
		}
		src.Double = double(cfg.StripeURL)
	}
	found, err := invariants.Check(ctx, src)
	if err != nil {
		p.bad("bring the database up to date (`hashyard migrate`), and look again", "the invariants cannot be checked: %v", err)
		return
	}
	for _, f := range found {
		p.bad("stop payouts (stop the signer), keep a backup, and find out before going on", "%s", f)
	}
	if len(found) == 0 {
		p.good("%d invariants hold", len(invariants.List()))
	}
}

func double(url string) func(context.Context) (fake.Snapshot, error) {
	return func(ctx context.Context) (s fake.Snapshot, err error) {
		return s, getJSON(ctx, url+"/_double/state", nil, &s)
	}
}

// most is how large a share log is copied for a look.
const most = 256 << 20

// shares reads a copy of the share log from where the database stands.
func shares(ctx context.Context, cfg Config, p *part) {
	if cfg.ServeDir == "" || cfg.DatabaseURL == "" {
		p.left("the share log (HASHYARD_SERVE_DIR, HASHYARD_DATABASE_URL)")
		return
	}
	dir := filepath.Join(cfg.ServeDir, "shares")
	if _, err := os.Stat(dir); err != nil {
		p.warn("the first start of serve makes it", "there is no share log in %s", cfg.ServeDir)
		return
	}
	conn := connect(ctx, cfg.DatabaseURL, p)
	if conn == nil {
		p.out = nil
		p.left("the share log: there is no database to compare it with")
		return
	}
	defer closeConn(conn)
	var seen backup.Seen
	var seq int64
	tx, err := conn.Begin(ctx)
	if err == nil {
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		_, err = tx.Exec(ctx, "SET LOCAL ROLE hashyard_system")
	}
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT stream, seq FROM pool_checkpoints WHERE name = 'shares'").Scan(&seen.Stream, &seq)
	}
	if err != nil {
		p.bad("bring the database up to date (`hashyard migrate`)", "how far shares were counted cannot be read: %v", err)
		return
	}
	seen.Shares = uint64(seq)
	last, bytes, err := backup.ShareLog(ctx, cfg.ServeDir, cfg.Temp, most, &seen)
	switch {
	case errors.Is(err, backup.ErrLarge):
		p.left("the share log's messages: it is larger than is copied for a look")
	case err != nil:
		p.bad("keep the folder as it is and restore it from a backup, with the database of the same backup", "the share log cannot be read on from what was counted: %v", err)
	case last-seen.Shares > 10_000:
		p.warn("see in serve's log why they wait", "%d messages of shares wait to be counted (%d of %d)", last-seen.Shares, seen.Shares, last)
	default:
		p.good("%d messages, %d counted, %.1f MB", last, seen.Shares, float64(bytes)/1e6)
	}
}
