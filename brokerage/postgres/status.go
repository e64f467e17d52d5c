package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

// PayoutStates counts the payouts of each state that has any.
func (s *Treasury) PayoutStates(ctx context.Context) (map[treasury.State]int64, error) {
	out := map[treasury.State]int64{}
	err := s.db.AsSystem(ctx, "treasury.status", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT state, count(*) FROM payouts GROUP BY state")
		if err != nil {
			return err
		}
		var state treasury.State
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { out[state] = n; return nil })
		return err
	})
	return out, pg.Fail(err, "payouts by state")
}

// TradeStates counts the trades of each state that has any, and the cents that
// came in for them and have not gone out again.
func (s *Store) TradeStates(ctx context.Context) (trades map[string]int64, held map[string]hashyard.Cents, err error) {
	trades, held = map[string]int64{}, map[string]hashyard.Cents{}
	err = s.db.AsSystem(ctx, "trades.status", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT state, count(*), sum(received_cents - paid_cents - kept_cents - refunded_cents)::bigint FROM trades GROUP BY state`)
		if err != nil {
			return err
		}
		var state string
		var n, cents int64
		_, err = pgx.ForEachRow(rows, []any{&state, &n, &cents}, func() error {
			trades[state], held[state] = n, hashyard.Cents(cents)
			return nil
		})
		return err
	})
	return trades, held, pg.Fail(err, "trades by state")
}
