package migrations

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Known are the numbers of all migrations of this program, in order.
func Known() ([]int64, error) {
	names, err := fs.Glob(files, "sql/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var vs []int64
	for _, n := range names {
		v, err := goose.NumericComponent(n)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", n, err)
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// Applied are the numbers of the migrations a database has seen, in order;
// none if it has not even the table that lists them.
func Applied(ctx context.Context, conn *pgx.Conn) ([]int64, error) {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('public.goose_db_version') IS NOT NULL").Scan(&there); err != nil || !there {
		return nil, err
	}
	rows, err := conn.Query(ctx, "SELECT DISTINCT version_id FROM public.goose_db_version WHERE is_applied AND version_id > 0 ORDER BY 1")
	if err != nil {
		return nil, fmt.Errorf("applied migrations: %w", err)
	}
	vs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("applied migrations: %w", err)
	}
	return vs, nil
}

// Exactly applies the given migrations and no other: the shape a database had
// when a backup of it was made.
func Exactly(ctx context.Context, ownerURL string, versions []int64) error {
	p, db, err := provider(ownerURL)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, v := range slices.Sorted(slices.Values(versions)) {
		if _, err := p.ApplyVersion(ctx, v, true); err != nil && !errors.Is(err, goose.ErrAlreadyApplied) {
			return fmt.Errorf("migration %d: %w", v, err)
		}
	}
	return nil
}
