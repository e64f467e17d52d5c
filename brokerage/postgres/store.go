// Package postgres keeps brokerage in Postgres: instruments, orders, the
// market's journal, trades with payments, proofs and settlements, and the
// ledger. Every method is one whole transaction. A trade's row is locked
// before anything that hangs on it, and ledger accounts are touched last, in
// one order.
package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/market"
	"hashyard/migrations/pg"
)

// Store implements the stores of brokerage and the journal of the market.
type Store struct{ db *pg.DB }

var (
	_ brokerage.OrderStore  = (*Store)(nil)
	_ brokerage.TradeStore  = (*Store)(nil)
	_ brokerage.LedgerStore = (*Store)(nil)
	_ market.Journal        = (*Store)(nil)
)

// New keeps brokerage in db.
func New(db *pg.DB) *Store { return &Store{db: db} }

// read runs fn where the actor may read: in its organisation, or everywhere
// for the house and for the system itself. Whether a house actor may was
// decided at the edge.
func (s *Store) read(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House || actor.System != "" {
		return s.db.AsSystem(ctx, "brokerage.read", fn)
	}
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

func ids(in [][16]byte) []hashyard.ID {
	if len(in) == 0 {
		return nil
	}
	out := make([]hashyard.ID, len(in))
	for i, id := range in {
		out[i] = id
	}
	return out
}

// cut drops the one item that was read beyond a page and names the cursor of
// the next.
func cut[T any](items []T, limit int, id func(T) hashyard.ID) ([]T, string) {
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], id(items[limit-1]).String()
}

// exactlyOne reads one row or fails.
func exactlyOne[T any](ctx context.Context, tx *pg.Tx, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := tx.Conn().Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	return pgx.CollectExactlyOneRow(rows, scan)
}

// list reads all rows.
func list[T any](ctx context.Context, tx *pg.Tx, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := tx.Conn().Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}
