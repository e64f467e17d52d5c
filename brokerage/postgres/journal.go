package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/market"
	"hashyard/migrations/pg"
)

// TakeOver implements market.Journal.
func (s *Store) TakeOver(ctx context.Context) (epoch int64, err error) {
	err = s.db.AsSystem(ctx, "market.takeover", func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, "UPDATE market_writer SET epoch = epoch + 1 RETURNING epoch").Scan(&epoch)
	})
	hashyard.Hit(hashyard.AtTakeOver)
	return epoch, pg.Fail(err, "take over the market")
}

// Load implements market.Journal.
func (s *Store) Load(ctx context.Context, instrument hashyard.ID) (out []market.Book, err error) {
	err = s.db.AsSystem(ctx, "market.load", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanBook, "SELECT "+instrumentColumns+`, coalesce(b.seq, 0), b.hash, coalesce(b.last_mc, 0),
				coalesce(b.halted, false), coalesce(b.clock_ms, 0)
			FROM instruments i LEFT JOIN market_books b ON b.instrument_id = i.id
			WHERE $1::uuid IS NULL OR i.id = $1 ORDER BY i.id FOR SHARE OF i`, instrument)
		if err != nil {
			return err
		}
		at := make(map[hashyard.ID]int, len(out))
		for i, b := range out {
			at[b.Instrument.ID] = i
		}
		resting, err := list(ctx, tx, scanOrder, "SELECT "+orderColumns+` FROM orders o
			WHERE o.state = 'open' AND ($1::uuid IS NULL OR o.instrument_id = $1) ORDER BY o.instrument_id, o.seq`, instrument)
		for _, o := range resting {
			b := &out[at[o.Instrument]]
			b.Resting = append(b.Resting, o)
		}
		return err
	})
	return out, pg.Fail(err, "load books")
}

func scanBook(row pgx.CollectableRow) (b market.Book, err error) {
	i := &b.Instrument
	var hash []byte
	err = row.Scan(&i.ID, &i.Name, &i.Model, &i.Region, &i.Incoterm, &i.Currency, &i.NominalGHs, &b.Seq, &hash, &b.Last, &b.Halted, &b.Clock)
	copy(b.Hash[:], hash)
	return b, err
}

// Prior implements market.Journal: the journal knows what was carried out;
// an order that is not placing any more was carried out or given up.
func (s *Store) Prior(ctx context.Context, commands []hashyard.ID) (map[hashyard.ID]brokerage.Order, error) {
	out := map[hashyard.ID]brokerage.Order{}
	err := s.db.AsSystem(ctx, "market.prior", func(ctx context.Context, tx *pg.Tx) error {
		clear(out)
		rows, err := tx.Conn().Query(ctx, "SELECT "+orderColumns+`, coalesce(j.command_id, o.command_id)
			FROM orders o LEFT JOIN market_journal j ON j.order_id = o.id AND j.command_id = ANY ($1)
			WHERE o.id IN (SELECT order_id FROM market_journal WHERE command_id = ANY ($1)
			               UNION SELECT id FROM orders WHERE command_id = ANY ($1) AND state <> 'placing')`, pg.UUIDs(commands))
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
			var command hashyard.ID
			o, err := scanOrder(tail{row, &command})
			out[command] = o
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
		turns, err := list(ctx, tx, pgx.RowTo[hashyard.ID],
			"SELECT command_id FROM market_journal WHERE command_id = ANY ($1) AND order_id IS NULL", pg.UUIDs(commands))
		for _, id := range turns {
			out[id] = brokerage.Order{}
		}
		return err
	})
	return out, pg.Fail(err, "look up %d commands", len(commands))
}

// tail lets a scanner of some columns read a row that has more behind them.
type tail struct {
	pgx.CollectableRow
	more any
}

func (t tail) Scan(dest ...any) error { return t.CollectableRow.Scan(append(dest, t.more)...) }

// Commit implements market.Journal.
func (s *Store) Commit(ctx context.Context, b market.Batch) error {
	err := s.db.AsSystem(ctx, "market.writer", func(ctx context.Context, tx *pg.Tx) error {
		if err := fence(ctx, tx, b.Epoch); err != nil {
			return err
		}
		if err := writeBatch(ctx, tx, b); err != nil {
			return err
		}
		if err := tx.Emit(ctx, b.Events...); err != nil {
			return err
		}
		hashyard.Hit(hashyard.AtMarketCommit)
		return nil
	})
	return pg.Fail(err, "commit %d commands", len(b.Rows))
}

// fence fails when a newer writer took over, and keeps one from doing so
// until this transaction ends.
func fence(ctx context.Context, tx *pg.Tx, epoch int64) error {
	var now int64
	if err := tx.Conn().QueryRow(ctx, "SELECT epoch FROM market_writer FOR SHARE").Scan(&now); err != nil {
		return fmt.Errorf("fencing epoch: %w", err)
	}
	if now != epoch {
		return fmt.Errorf("writer of epoch %d, now %d: %w", epoch, now, market.ErrFenced)
	}
	return nil
}

// writeBatch sends the plain rows in one round trip.
func writeBatch(ctx context.Context, tx *pg.Tx, b market.Batch) (err error) {
	var send pgx.Batch
	for _, o := range b.Orders {
		send.Queue(moveOrderSQL, moveOrderArgs(o.Before, o.After)...)
	}
	for _, k := range b.Books {
		bids, asks, err := levels(k)
		if err != nil {
			return err
		}
		send.Queue(`
			INSERT INTO market_books AS m (instrument_id, seq, hash, bids, asks, last_mc, at, halted, clock_ms)
			SELECT $1, $3, $4, $5, $6, $7, $8, $9, $10 WHERE $2::bigint = 0 OR EXISTS (SELECT FROM market_books WHERE instrument_id = $1)
			ON CONFLICT (instrument_id) DO UPDATE SET (seq, hash, bids, asks, last_mc, at, halted, clock_ms) =
				(EXCLUDED.seq, EXCLUDED.hash, EXCLUDED.bids, EXCLUDED.asks, EXCLUDED.last_mc, EXCLUDED.at, EXCLUDED.halted, EXCLUDED.clock_ms)
			WHERE m.seq = $2`, k.Instrument, k.From, k.To, k.Hash[:], bids, asks, k.Last, b.At, k.Halted, k.Clock)
	}
	for _, r := range b.Rows {
		cmd, err := json.Marshal(r.Order)
		if err != nil {
			return err
		}
		evs, err := json.Marshal(r.Events)
		if err != nil {
			return err
		}
		send.Queue(`
			INSERT INTO market_journal (instrument_id, seq, epoch, command_id, kind, order_id, command, events, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, r.Instrument, r.Seq, b.Epoch, r.Command, r.Kind, r.Order.ID, cmd, evs, b.At)
	}
	for _, d := range b.Trades {
		if err := queueTrade(&send, d); err != nil {
			return err
		}
	}
	for _, f := range b.Fills {
		send.Queue("INSERT INTO market_fills (trade_id, instrument_id, seq, at, price_mc, units, taker) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			f.Trade, f.Instrument, f.Seq, f.At, f.Price, f.Units, f.Taker.String())
	}
	res := tx.Conn().SendBatch(ctx, &send)
	defer func() { err = errors.Join(err, res.Close()) }()
	for _, o := range b.Orders {
		tag, err := res.Exec()
		if err != nil {
			return fmt.Errorf("order %s: %w", o.After.ID, err)
		}
		if err := moved(tag.RowsAffected(), o.Before); err != nil {
			return err
		}
	}
	for _, k := range b.Books {
		tag, err := res.Exec()
		if err != nil {
			return fmt.Errorf("book %s: %w", k.Instrument, err)
		}
		if tag.RowsAffected() != 1 {
			return hashyard.Conflict.Errorf("book %s is not at %d any more", k.Instrument, k.From)
		}
	}
	return nil // Close reads the rest and reports the first failure
}

func levels(k market.BookStep) (bids, asks []byte, err error) {
	if bids, err = json.Marshal(k.Bids); err != nil {
		return nil, nil, err
	}
	asks, err = json.Marshal(k.Asks)
	return bids, asks, err
}
