package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/pg"
)

// Depth implements brokerage.OrderStore.
func (s *Store) Depth(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID) (d brokerage.Depth, err error) {
	d.Instrument = instrument
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		err := tx.Conn().QueryRow(ctx, "SELECT seq, bids, asks, last_mc, at, halted FROM market_books WHERE instrument_id = $1", instrument).
			Scan(&d.Seq, &d.Bids, &d.Asks, &d.Last, &d.At, &d.Halted)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // nobody has placed an order yet
		}
		return err
	})
	d.At = d.At.UTC()
	return d, pg.Fail(err, "book of %s", instrument)
}

func scanTape(row pgx.CollectableRow) (l brokerage.TapeLine, err error) {
	var taker string
	if err = row.Scan(&l.Trade, &l.At, &l.Price, &l.Units, &taker); err != nil {
		return l, err
	}
	l.At = l.At.UTC()
	return l, l.Taker.UnmarshalText([]byte(taker))
}

// Tape implements brokerage.OrderStore.
func (s *Store) Tape(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, cursor string, limit int) (out []brokerage.TapeLine, next string, err error) {
	before, err := pg.CursorID(cursor)
	if err != nil {
		return nil, "", fmt.Errorf("tape: %w", err)
	}
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanTape, `
			SELECT trade_id, at, price_mc, units, taker FROM market_fills
			WHERE instrument_id = $1 AND ($2::uuid IS NULL OR trade_id < $2)
			ORDER BY trade_id DESC LIMIT $3`, instrument, before, limit+1)
		return err
	})
	out, next = cut(out, limit, func(l brokerage.TapeLine) hashyard.ID { return l.Trade })
	return out, next, pg.Fail(err, "tape of %s", instrument)
}

func scanCandle(row pgx.CollectableRow) (c brokerage.Candle, err error) {
	err = row.Scan(&c.At, &c.Open, &c.High, &c.Low, &c.Close, &c.Units)
	c.At = c.At.UTC()
	return c, err
}

// Candles implements brokerage.OrderStore: the newest limit steps since then.
func (s *Store) Candles(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, step time.Duration, since time.Time, limit int) (out []brokerage.Candle, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanCandle, `
			SELECT * FROM (
				SELECT date_bin($2::interval, at, 'epoch') AS bin,
				       (array_agg(price_mc ORDER BY trade_id))[1], max(price_mc), min(price_mc),
				       (array_agg(price_mc ORDER BY trade_id DESC))[1], sum(units)::bigint
				FROM market_fills WHERE instrument_id = $1 AND at >= $3
				GROUP BY bin ORDER BY bin DESC LIMIT $4) newest
			ORDER BY bin`, instrument, step.String(), since, limit)
		return err
	})
	return out, pg.Fail(err, "candles of %s", instrument)
}
