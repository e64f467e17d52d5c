// Package migrations owns the shape of the database: SQL files, embedded,
// applied in order and only forwards. Several processes may call Up at once;
// a session lock lets one work and the others wait.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sql/*.sql
var files embed.FS

// Config says which database to bring up to date.
type Config struct {
	// OwnerURL logs in as the role that owns the tables; it must be able to
	// create roles, or the two application roles must exist.
	OwnerURL string
	// AppPassword, if set, becomes the password of the role hashyard_app.
	AppPassword string
	Log         *slog.Logger
}

// Up applies what is missing.
func Up(ctx context.Context, cfg Config) error {
	p, db, err := provider(cfg.OwnerURL)
	if err != nil {
		return err
	}
	defer db.Close()
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if cfg.Log != nil && len(done) > 0 {
		cfg.Log.InfoContext(ctx, "database migrated", "applied", len(done))
	}
	if cfg.AppPassword == "" {
		return nil
	}
	return setPassword(ctx, db, cfg.AppPassword)
}

// Missing are the versions that this program brings and applied lacks. A
// database may have more: a newer program made it.
func Missing(applied map[int64]bool) ([]int64, error) {
	known, err := Known()
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, v := range known {
		if !applied[v] {
			out = append(out, v)
		}
	}
	return out, nil
}

// provider reads the embedded files; the caller closes the database handle.
func provider(ownerURL string) (*goose.Provider, *sql.DB, error) {
	pc, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return nil, nil, fmt.Errorf("migrate: database url: %w", err)
	}
	// Asked for every second, for five minutes: starters wait for the one that works.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, nil, fmt.Errorf("migrate: session lock: %w", err)
	}
	sub, err := fs.Sub(files, "sql")
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDB(*pc)
	// Each area numbers its own files in its own range, so a new file of one area
	// comes after older, higher numbers of another.
	p, err := goose.NewProvider(goose.DialectPostgres, db, sub, goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	return p, db, nil
}

func setPassword(ctx context.Context, db *sql.DB, password string) error {
	var quoted string
	if err := db.QueryRowContext(ctx, "SELECT quote_literal($1)", password).Scan(&quoted); err != nil {
		return fmt.Errorf("migrate: application password: %w", err)
	}
	if _, err := db.ExecContext(ctx, "ALTER ROLE hashyard_app PASSWORD "+quoted); err != nil {
		return fmt.Errorf("migrate: application password: %w", err)
	}
	return nil
}
