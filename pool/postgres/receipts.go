package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/statement"
)

// minuteRows are the minutes of statement lines l: of the period's own work all
// that was booked before it was settled, of late work what this statement has.
const minuteRows = `
	SELECT m.statement_id, m.worker_id, m.epoch_id, m.minute, m.work::text, m.shares FROM (
		SELECT l.statement_id, l.worker_id, l.epoch_id, w.minute, w.work - coalesce(late.work, 0) AS work, w.shares - coalesce(late.shares, 0) AS shares
		FROM l JOIN pool_work w ON w.worker_id = l.worker_id AND w.epoch_id = l.epoch_id
			LEFT JOIN LATERAL (SELECT sum(x.work) AS work, sum(x.shares)::bigint AS shares FROM pool_late_work x
				WHERE x.worker_id = w.worker_id AND x.epoch_id = w.epoch_id AND x.minute = w.minute) late ON true
		WHERE l.own
		UNION ALL
		SELECT l.statement_id, l.worker_id, l.epoch_id, x.minute, x.work, x.shares
		FROM l JOIN pool_late_work x ON x.worker_id = l.worker_id AND x.epoch_id = l.epoch_id AND x.statement_id = l.statement_id
		WHERE NOT l.own) m
	WHERE m.shares > 0 ORDER BY m.statement_id, m.worker_id, m.minute, m.epoch_id`

// linesOf begins a query of minuteRows; own says that the line's rate is of the
// statement's own period.
const linesOf = `WITH l AS (SELECT l.statement_id, l.worker_id, l.epoch_id, e.period_start = s.period_start AND e.period_end = s.period_end AS own
	FROM pool_statement_lines l JOIN pool_statements s ON s.id = l.statement_id JOIN pool_epochs e ON e.id = l.epoch_id WHERE `

// lateWork keeps apart what a batch books into periods that are settled.
func lateWork(ctx context.Context, tx *pg.Tx, args []any) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO pool_late_work AS w (org_id, worker_id, epoch_id, minute, work, shares)
		SELECT org::uuid, worker::uuid, epoch::uuid, minute, work::numeric, shares
		FROM `+booked+` JOIN pool_epochs e ON e.id = t.epoch::uuid JOIN pool_periods p USING (period_start, period_end) WHERE shares > 0
		ON CONFLICT (worker_id, epoch_id, minute) WHERE statement_id IS NULL
		DO UPDATE SET work = w.work + EXCLUDED.work, shares = w.shares + EXCLUDED.shares`, args...)
	if err != nil {
		return fmt.Errorf("keep late work apart: %w", err)
	}
	return nil
}

// putReceipts gives open late work to the period's statements and keeps the
// root over every worker's minutes. Minutes go by, a worker at a time.
func putReceipts(ctx context.Context, tx *pg.Tx, p pool.PeriodKey) error {
	const period = "s.period_start = $1 AND s.period_end = $2) "
	_, err := tx.Conn().Exec(ctx, linesOf+period+`
		UPDATE pool_late_work x SET statement_id = l.statement_id FROM l
		WHERE x.statement_id IS NULL AND NOT l.own AND x.worker_id = l.worker_id AND x.epoch_id = l.epoch_id`, p.Start, p.End)
	if err != nil {
		return fmt.Errorf("late work of statements: %w", err)
	}
	rows, err := tx.Conn().Query(ctx, linesOf+period+minuteRows, p.Start, p.End)
	if err != nil {
		return fmt.Errorf("minutes of statements: %w", err)
	}
	var at, of hashyard.ID
	var tree statement.Tree
	var statements, workers []string
	var leaves []int64
	var roots [][]byte
	end := func() {
		if tree.Len() == 0 {
			return
		}
		root := tree.Root()
		statements, workers, leaves, roots = append(statements, of.String()), append(workers, at.String()), append(leaves, tree.Len()), append(roots, root[:])
		tree = statement.Tree{}
	}
	var m statement.Minute
	var id, worker hashyard.ID
	_, err = pgx.ForEachRow(rows, []any{&id, &worker, &m.Rate, &m.At, &m.Work, &m.Shares}, func() error {
		if id != of || worker != at {
			end()
			of, at = id, worker
		}
		tree.Add(m.Leaf(worker))
		return nil
	})
	if err != nil {
		return fmt.Errorf("minutes of statements: %w", err)
	}
	end()
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO pool_receipts (statement_id, org_id, worker_id, leaves, root)
		SELECT s.id, s.org_id, v.worker::uuid, v.leaves, v.root FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS v (statement, worker, leaves, root)
		JOIN pool_statements s ON s.id = v.statement::uuid`, statements, workers, leaves, roots)
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	return nil
}

// Receipts are a statement's, by worker.
func (s *Store) Receipts(ctx context.Context, id hashyard.ID) (out map[hashyard.ID]statement.Receipt, err error) {
	err = s.db.AsSystem(ctx, "pool.seal", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT worker_id, leaves, root FROM pool_receipts WHERE statement_id = $1", id)
		if err != nil {
			return err
		}
		out = map[hashyard.ID]statement.Receipt{}
		var worker hashyard.ID
		var n int64
		var root []byte
		_, err = pgx.ForEachRow(rows, []any{&worker, &n, &root}, func() error {
			out[worker] = statement.Receipt{Minutes: n, Root: hex.EncodeToString(root)}
			return nil
		})
		return err
	})
	return out, pg.Fail(err, "receipts of statement %s", id)
}

// ReceiptMinutes are the leaves under one, in order.
func (s *Store) ReceiptMinutes(ctx context.Context, id, worker hashyard.ID) (out []statement.Minute, err error) {
	err = s.db.AsSystem(ctx, "pool.seal", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, linesOf+"l.statement_id = $1 AND l.worker_id = $2) "+minuteRows, id, worker)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m statement.Minute, err error) {
			var of, who hashyard.ID
			err = row.Scan(&of, &who, &m.Rate, &m.At, &m.Work, &m.Shares)
			m.At = m.At.UTC()
			return m, err
		})
		return err
	})
	return out, pg.Fail(err, "minutes of statement %s", id)
}

// Unsealed are statements that are not signed yet.
func (s *Store) Unsealed(ctx context.Context, limit int) (out []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "pool.seal", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `SELECT id FROM pool_statements s
			WHERE NOT EXISTS (SELECT FROM pool_seals x WHERE x.statement_id = s.id) ORDER BY id LIMIT $1`, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		return err
	})
	return out, pg.Fail(err, "statements to sign")
}

// PutSeal keeps a signature, the first of its statement.
func (s *Store) PutSeal(ctx context.Context, x pool.Sealed) error {
	err := s.db.AsSystem(ctx, "pool.seal", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_seals (statement_id, org_id, body, public_key, signature, sealed_at)
			SELECT s.id, s.org_id, $2, $3, $4, $5 FROM pool_statements s WHERE s.id = $1 ON CONFLICT (statement_id) DO NOTHING`,
			x.Statement, x.Body, []byte(x.PublicKey), x.Signature, x.At)
		return err
	})
	return pg.Fail(err, "signature of statement %s", x.Statement)
}

// Seal is a statement's signature.
func (s *Store) Seal(ctx context.Context, id hashyard.ID) (x pool.Sealed, err error) {
	var at time.Time
	var key []byte
	err = s.one(ctx, "pool.seal", "SELECT statement_id, body, public_key, signature, sealed_at FROM pool_seals WHERE statement_id = $1",
		[]any{id}, &x.Statement, &x.Body, &key, &x.Signature, &at)
	x.PublicKey, x.At = key, at.UTC()
	return x, pg.Fail(err, "signature of statement %s", id)
}
