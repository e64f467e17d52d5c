// Package pg owns the connection pool and the only two ways into a
// transaction: InOrg for a tenant, AsSystem for the house itself. It also owns
// the outbox (Emit, Dispatcher), the audit trail and leadership.
//
// A DB may be used from any goroutine; a Tx belongs to the function it was
// given to. No service or network call belongs inside a transaction.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"hashyard"
)

// Config says how to reach the database.
type Config struct {
	// URL logs in as the application role, which is neither superuser, nor
	// owner of a table, nor exempt from row-level security.
	URL string
	// MaxConns is the pool's size; zero means 20.
	MaxConns int
	Log      *slog.Logger
	// Tracer follows transactions and events; nil is nobody.
	Tracer Tracer
}

// DB is the database as the application sees it.
type DB struct {
	pool *pgxpool.Pool
	std  *sql.DB // the same pool, for gorm
	gorm *gorm.DB
	conf *pgx.ConnConfig // for connections of their own: LISTEN, leadership
	wake *waker
	log  *slog.Logger

	tracer Tracer // nil: nothing is traced
}

// Open connects, and refuses a role that row-level security would not bind.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("database url: %w", err)
	}
	pc.MaxConns = int32(max(cfg.MaxConns, 20))
	pc.ConnConfig.RuntimeParams["application_name"] = "hashyard"
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := refusePower(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	std := stdlib.OpenDBFromPool(pool)
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: std}), &gorm.Config{
		SkipDefaultTransaction: true, // every use is inside ours
		TranslateError:         false,
		Logger:                 logger.Discard,
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("gorm: %w", err)
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &DB{pool: pool, std: std, gorm: g, conf: pc.ConnConfig, wake: newWaker(), log: log, tracer: cfg.Tracer}, nil
}

// refusePower fails for a role that could read past the policies.
func refusePower(ctx context.Context, pool *pgxpool.Pool) error {
	var name string
	var super, bypass, owner bool
	err := pool.QueryRow(ctx, `
		SELECT rolname, rolsuper, rolbypassrls,
		       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity)
		FROM pg_roles r WHERE rolname = current_user`).Scan(&name, &super, &bypass, &owner)
	if err != nil {
		return hashyard.Unavailable.Errorf("database does not answer: %w", err)
	}
	if super || bypass || owner {
		return hashyard.Invalid.Errorf("database role %q is superuser, table owner or exempt from row-level security; log in as hashyard_app", name)
	}
	return nil
}

// Close ends all connections of the pool.
func (db *DB) Close() {
	db.std.Close()
	db.pool.Close()
}

// Ping answers whether the database can be reached.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

// Tx is one transaction.
type Tx struct {
	db    *DB
	conn  *pgx.Conn
	gorm  *gorm.DB
	actor hashyard.Actor
	org   hashyard.ID
	sent  bool // an event was appended
}

// Conn is the transaction's connection for raw SQL.
func (tx *Tx) Conn() *pgx.Conn { return tx.conn }

// Gorm is the same transaction for plain rows.
func (tx *Tx) Gorm() *gorm.DB { return tx.gorm }

// Org is the transaction's organisation; zero in one of the house's own.
func (tx *Tx) Org() hashyard.ID { return tx.org }

// Actor is who the transaction acts for.
func (tx *Tx) Actor() hashyard.Actor { return tx.actor }

// InOrg runs fn in a transaction that sees the rows of org only.
// fn may run again after a serialization failure.
func (db *DB) InOrg(ctx context.Context, actor hashyard.Actor, org hashyard.ID, fn func(ctx context.Context, tx *Tx) error) error {
	if org.IsZero() {
		return hashyard.Denied.Errorf("no organisation given")
	}
	ctx, end := db.step(ctx, "transaction tenant")
	err := db.transact(ctx, &Tx{actor: actor, org: org}, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SELECT set_config('app.org', $1, true)", org.String())
		return err
	}, fn)
	end(err)
	return err
}

// AsSystem runs fn in a transaction that sees every organisation's rows. The
// reason goes into the audit trail; the callers are listed in a test.
func (db *DB) AsSystem(ctx context.Context, reason string, fn func(ctx context.Context, tx *Tx) error) error {
	ctx, end := db.step(ctx, "transaction "+reason)
	err := db.transact(ctx, &Tx{actor: hashyard.SystemActor(reason)}, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET LOCAL ROLE hashyard_system")
		return err
	}, fn)
	end(err)
	return err
}

// AsSystemFor is AsSystem on behalf of a person, whom the audit trail names
// beside the reason.
func (db *DB) AsSystemFor(ctx context.Context, actor hashyard.Actor, reason string, fn func(ctx context.Context, tx *Tx) error) error {
	actor.System = reason
	return db.transact(ctx, &Tx{actor: actor}, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET LOCAL ROLE hashyard_system")
		return err
	}, fn)
}

// tries bounds how often a transaction is run again after a serialization
// failure or a deadlock.
const tries = 4

func (db *DB) transact(ctx context.Context, tx *Tx, enter func(*pgx.Conn) error, fn func(context.Context, *Tx) error) error {
	tx.db = db
	for n := 1; ; n++ {
		err := db.once(ctx, tx, enter, fn)
		if err == nil || n == tries || !retryable(err) {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, tx *Tx, enter func(*pgx.Conn) error, fn func(context.Context, *Tx) error) error {
	conn, err := db.std.Conn(ctx)
	if err != nil {
		return hashyard.Unavailable.Errorf("database connection: %w", err)
	}
	defer conn.Close()
	if err := conn.Raw(func(dc any) error {
		tx.conn = dc.(*stdlib.Conn).Conn()
		return nil
	}); err != nil {
		return fmt.Errorf("database connection: %w", err)
	}
	ptx, err := tx.conn.Begin(ctx)
	if err != nil {
		return hashyard.Unavailable.Errorf("begin: %w", err)
	}
	defer func() {
		// After a commit this is a no-op; after a panic or an error, with ctx
		// perhaps ended, the connection must not go back in a transaction.
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := ptx.Rollback(c); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			tx.conn.Close(c)
		}
	}()
	if err := enter(tx.conn); err != nil {
		return fmt.Errorf("enter transaction: %w", err)
	}
	tx.sent = false
	tx.gorm = db.gorm.Session(&gorm.Session{NewDB: true, Context: ctx, SkipDefaultTransaction: true})
	tx.gorm.Statement.ConnPool = conn
	if err := fn(ctx, tx); err != nil {
		return err
	}
	hashyard.Hit(hashyard.AtTxCommit)
	if err := ptx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	hashyard.Hit(hashyard.AtTxCommitted)
	if tx.sent {
		db.wake.wake()
	}
	return nil
}
