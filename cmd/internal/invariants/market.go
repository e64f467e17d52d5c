package invariants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/book"
	brokeragemarket "hashyard/brokerage/market"
)

func market() []Invariant {
	return []Invariant{
		{
			Name: "order.filled-is-bought-is-sold", Says: "an order's filled quantity is what its trades have, never more than it asked",
			SQL: `SELECT o.id || ' ' || o.side || ': filled ' || o.filled || ' of ' || o.units || ', in trades ' || count(u.unit_id)
				FROM orders o LEFT JOIN trades t ON o.id IN (t.bid_order_id, t.ask_order_id) LEFT JOIN trade_units u ON u.trade_id = t.id
				GROUP BY o.id HAVING o.filled <> count(u.unit_id) OR o.filled > o.units`,
		},
		{
			Name: "order.tape-is-trades", Says: "the tape has each trade once, with its quantity and price",
			SQL: `SELECT coalesce(t.id, f.trade_id) || ': tape ' || coalesce(f.units::text, '-') FROM trades t FULL JOIN market_fills f ON f.trade_id = t.id
				WHERE f.units IS DISTINCT FROM (SELECT count(*) FROM trade_units u WHERE u.trade_id = t.id) OR f.price_mc IS DISTINCT FROM t.price_mc`,
		},
		{
			Name: "order.units-sold-are-listed", Says: "a trade sells machines that its ask listed",
			SQL: `SELECT t.id || ' sells ' || u.unit_id FROM trades t JOIN trade_units u ON u.trade_id = t.id JOIN orders o ON o.id = t.ask_order_id
				WHERE u.unit_id <> ALL (o.unit_ids)`,
		},
		{
			Name: "order.one-trade-one-event", Says: "every trade was told once",
			SQL: `SELECT t.id || ': ' || count(e.id) || ' events' FROM trades t LEFT JOIN outbox e ON e.kind = 'trade.matched' AND e.ref_id = t.id
				GROUP BY t.id HAVING count(e.id) <> 1`,
		},
		{
			Name: "book.replay-is-open-orders", Says: "the journal carried out again gives the resting orders and the stored hash, without a gap",
			check: replayIsBook,
		},
	}
}

// replayIsBook carries every book's journal out anew.
func replayIsBook(ctx context.Context, v view) (bad []string, err error) {
	rows, err := v.tx.Query(ctx, "SELECT i.id, i.name, coalesce(b.seq, 0), b.hash FROM instruments i LEFT JOIN market_books b ON b.instrument_id = i.id ORDER BY i.name")
	if err != nil {
		return nil, err
	}
	type kept struct {
		id   hashyard.ID
		name string
		seq  int64
		hash []byte
	}
	books, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k kept, err error) {
		err = row.Scan(&k.id, &k.name, &k.seq, &k.hash)
		return k, err
	})
	if err != nil {
		return nil, err
	}
	for _, k := range books {
		replayed, seq, err := replay(ctx, v, k.id)
		if err != nil {
			return nil, fmt.Errorf("book %s: %w", k.name, err)
		}
		resting, err := resting(ctx, v, k.id)
		if err != nil {
			return nil, fmt.Errorf("book %s: %w", k.name, err)
		}
		hash := replayed.Hash()
		if seq != k.seq || k.seq > 0 && string(hash[:]) != string(k.hash) {
			bad = append(bad, fmt.Sprintf("book %s: the journal ends at %d with %x, kept is %d with %x", k.name, seq, hash[:4], k.seq, k.hash))
		}
		if resting.Hash() != hash {
			bad = append(bad, fmt.Sprintf("book %s: its open orders are not what the journal leaves", k.name))
		}
	}
	return bad, nil
}

func replay(ctx context.Context, v view, instrument hashyard.ID) (b *book.Book, seq int64, err error) {
	rows, err := v.tx.Query(ctx, "SELECT seq, kind, command FROM market_journal WHERE instrument_id = $1 ORDER BY seq", instrument)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	b = book.New()
	for rows.Next() {
		var r brokeragemarket.Row
		var command []byte
		if err := rows.Scan(&r.Seq, &r.Kind, &command); err != nil {
			return nil, seq, err
		}
		if err := json.Unmarshal(command, &r.Order); err != nil {
			return nil, seq, fmt.Errorf("command %d: %w", r.Seq, err)
		}
		if seq++; r.Seq != seq {
			return nil, seq, fmt.Errorf("the journal has %d after %d", r.Seq, seq-1)
		}
		r.Replay(b)
	}
	return b, seq, rows.Err()
}

// resting is the book that the open orders make.
func resting(ctx context.Context, v view, instrument hashyard.ID) (*book.Book, error) {
	rows, err := v.tx.Query(ctx, `SELECT id, org_id, side, tif, stp, price_mc, units - filled, seq, post_only, aon, min_units, lot, expires_at,
		coalesce((SELECT halted FROM market_books WHERE instrument_id = $1), false),
		coalesce((SELECT clock_ms FROM market_books WHERE instrument_id = $1), 0) FROM orders WHERE instrument_id = $1 AND state = 'open' ORDER BY seq`, instrument)
	if err != nil {
		return nil, err
	}
	var state book.State
	var o book.Order
	var side, tif, stp string
	var expires *time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&o.ID, &o.Org, &side, &tif, &stp, &o.Price, &o.Units, &o.Seq, &o.PostOnly, &o.AON, &o.Min, &o.Lot, &expires,
		&state.Halted, &state.Now,
	}, func() error {
		if o.Expires = 0; expires != nil {
			o.Expires = expires.UnixMilli()
		}
		state.Orders = append(state.Orders, o)
		last := &state.Orders[len(state.Orders)-1]
		return errors.Join(last.Side.UnmarshalText([]byte(side)), last.TIF.UnmarshalText([]byte(tif)), last.STP.UnmarshalText([]byte(stp)))
	})
	if err != nil {
		return nil, err
	}
	return book.Restore(state)
}
