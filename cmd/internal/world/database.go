package world

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
	"hashyard/migrations/cluster"
)

// database is where the world's truth lies: a private Postgres, or the one
// that DATABASE_URL names.
type database struct {
	cluster *cluster.Cluster // nil for somebody else's
	owner   string           // address that logs in as the owner of the tables
	app     string           // address for `serve`
}

// openDatabase starts or reaches the database and brings it up to date.
func openDatabase(ctx context.Context, cfg Config, password string) (*database, error) {
	if given := os.Getenv("DATABASE_URL"); given != "" {
		return foreignDatabase(ctx, cfg, given, password)
	}
	c, err := cluster.Start(ctx, cluster.Config{Dir: filepath.Join(cfg.Dir, "pg"), Search: cfg.Search, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	d := &database{cluster: c, owner: c.URL("hashyard"), app: c.RoleURL("hashyard_app", password, "hashyard")}
	err = d.create(ctx)
	if err == nil {
		err = migrations.Up(ctx, migrations.Config{OwnerURL: d.owner, AppPassword: password, Log: cfg.Log})
	}
	if err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return d, nil
}

// create makes the world's database in its own cluster.
func (d *database) create(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.cluster.URL("postgres"))
	if err != nil {
		return fmt.Errorf("world database: %w", err)
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'hashyard')").Scan(&there); err != nil {
		return fmt.Errorf("world database: %w", err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE hashyard"); err != nil {
		return fmt.Errorf("world database: %w", err)
	}
	return nil
}

// foreignDatabase uses a database of the user's, if it is empty or ours.
func foreignDatabase(ctx context.Context, cfg Config, owner, password string) (*database, error) {
	u, err := url.Parse(owner)
	if err != nil || u.Host == "" {
		return nil, hashyard.Invalid.Errorf("DATABASE_URL is not like postgres://user:password@host:5432/name")
	}
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		return nil, hashyard.Unavailable.Errorf("the database of DATABASE_URL at %s does not answer; start it, or unset DATABASE_URL to use a private one: %w", u.Host, err)
	}
	defer conn.Close(ctx)
	var tables int
	var ours bool
	err = conn.QueryRow(ctx, `SELECT count(*), coalesce(bool_or(tablename = 'hashyard_marker'), false)
		FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables, &ours)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	if tables > 0 && !ours {
		return nil, hashyard.Conflict.Errorf("the database of DATABASE_URL holds %d tables of somebody else: name an empty one", tables)
	}
	if err := migrations.Up(ctx, migrations.Config{OwnerURL: owner, AppPassword: password, Log: cfg.Log}); err != nil {
		return nil, err
	}
	app, err := appURL(owner, password)
	return &database{owner: owner, app: app}, err
}

// appURL is the application's address of the database that owner reaches.
func appURL(owner, password string) (string, error) {
	u, err := url.Parse(owner)
	if err != nil {
		return "", hashyard.Invalid.Errorf("the database's address cannot be read")
	}
	u.User = url.UserPassword("hashyard_app", password)
	return u.String(), nil
}

// keep starts a private Postgres again when it ends before its time.
func (d *database) keep(ctx context.Context, changed func()) {
	if d.cluster != nil {
		d.cluster.Keep(ctx, changed)
	}
}

func (d *database) stop(ctx context.Context) error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop(ctx)
}
