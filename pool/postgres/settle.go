package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// Unsettled are the ended periods without a settlement, oldest first.
func (s *Store) Unsettled(ctx context.Context, t time.Time) (out []pool.PeriodKey, err error) {
	err = s.db.AsSystem(ctx, "pool.settle", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT DISTINCT period_start, period_end FROM pool_epochs e
			WHERE period_end <= $1 AND NOT EXISTS (
				SELECT FROM pool_periods p WHERE p.period_start = e.period_start AND p.period_end = e.period_end)
			ORDER BY 1, 2 LIMIT 100`, t)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p pool.PeriodKey, err error) {
			err = row.Scan(&p.Start, &p.End)
			p.Start, p.End = p.Start.UTC(), p.End.UTC()
			return p, err
		})
		return err
	})
	return out, pg.Fail(err, "unsettled periods")
}

// Settle closes a period, once; see pool.Store.
func (s *Store) Settle(ctx context.Context, p pool.PeriodKey, b pool.Barrier, at time.Time, rule func([]pool.Line) (pool.Settlement, error)) (settled bool, err error) {
	err = s.db.AsSystem(ctx, "pool.settle", func(ctx context.Context, tx *pg.Tx) error {
		settled = false
		// The lock keeps batches out until this transaction ends.
		stream, seq, err := checkpoint(ctx, tx, true)
		if err != nil {
			return err
		}
		if !b.Reached(stream, seq) {
			return pool.NotYet()
		}
		var done bool
		err = tx.Conn().QueryRow(ctx, "SELECT EXISTS (SELECT FROM pool_periods WHERE period_start = $1 AND period_end = $2)", p.Start, p.End).Scan(&done)
		if err != nil || done {
			return err
		}
		lines, err := unsettledLines(ctx, tx, p)
		if err != nil {
			return err
		}
		result, err := rule(lines)
		if err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO pool_periods (period_start, period_end, settled_at, stream, seq, total_sats, residue_sats)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, p.Start, p.End, at, stream, int64(seq), result.Total, result.Residue)
		if err != nil {
			return err
		}
		if err := putStatements(ctx, tx, result.Statements); err != nil {
			return err
		}
		if err := putReceipts(ctx, tx, p); err != nil {
			return err
		}
		if _, err := tx.Conn().Exec(ctx, "DELETE FROM pool_late_epochs"); err != nil {
			return err
		}
		hashyard.Hit(hashyard.AtPeriodPriced)
		settled = true
		return tx.Emit(ctx, result.Events...)
	})
	return settled && err == nil, pg.Fail(err, "settle period")
}

// unsettledLines is the booked work of the period's epochs, and of late ones,
// less what statements have already.
func unsettledLines(ctx context.Context, tx *pg.Tx, p pool.PeriodKey) ([]pool.Line, error) {
	rows, err := tx.Conn().Query(ctx, `
		WITH due AS (
			SELECT id FROM pool_epochs WHERE period_start = $1 AND period_end = $2
			UNION SELECT epoch_id FROM pool_late_epochs),
		booked AS (
			SELECT account_id, org_id, worker_id, unit_id, epoch_id, sum(work) AS work, sum(shares)::bigint AS shares
			FROM pool_work WHERE epoch_id IN (SELECT id FROM due) GROUP BY 1, 2, 3, 4, 5),
		stated AS (
			SELECT worker_id, epoch_id, sum(work) AS work, sum(shares)::bigint AS shares
			FROM pool_statement_lines WHERE epoch_id IN (SELECT id FROM due) GROUP BY 1, 2)
		SELECT b.account_id, b.org_id, b.worker_id, b.unit_id, (b.work - coalesce(d.work, 0))::text,
			b.shares - coalesce(d.shares, 0), `+epochColumns+`
		FROM booked b JOIN pool_epochs e ON e.id = b.epoch_id
		LEFT JOIN stated d ON d.worker_id = b.worker_id AND d.epoch_id = b.epoch_id
		WHERE b.work > coalesce(d.work, 0)`, p.Start, p.End)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l pool.Line, err error) {
		var e epochRow
		err = row.Scan(append([]any{&l.Account, &l.Org, &l.Worker, &l.Unit, &l.Work, &l.Shares}, e.into()...)...)
		if err != nil {
			return l, err
		}
		l.Epoch, err = e.done()
		return l, err
	})
}

func putStatements(ctx context.Context, tx *pg.Tx, sts []pool.Statement) error {
	var batch pgx.Batch
	for _, st := range sts {
		batch.Queue(`
			INSERT INTO pool_statements (id, org_id, account_id, period_start, period_end, work, shares,
				gross_sats, fee_sats, net_sats, residue_sats, gross_exact, net_exact, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			st.ID, st.Org, st.Account, st.Start, st.End, st.Work, st.Shares,
			st.Gross, st.Fee, st.Net, st.Residue, st.GrossExact, st.NetExact, st.Created)
		for _, l := range st.Lines {
			batch.Queue(`
				INSERT INTO pool_statement_lines (statement_id, org_id, worker_id, unit_id, epoch_id, work, shares)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`, st.ID, st.Org, l.Worker, l.Unit, l.Epoch.ID, l.Work, l.Shares)
		}
	}
	for _, st := range sts {
		for _, e := range st.Epochs() {
			batch.Queue(`
				INSERT INTO pool_statement_rates (statement_id, org_id, epoch_id, fee_method, fee_sum_sats, fee_count, subsidy_sum_sats, fee_tip_hash, fee_ppm)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				st.ID, st.Org, e.ID, e.FeeMethod, e.FeeSum, e.FeeN, e.SubsidySum, e.FeeTip[:], e.FeePPM)
		}
	}
	if err := tx.Conn().SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("statements: %w", err)
	}
	return nil
}

// DueEpochs are the period's, and those of late work.
func (s *Store) DueEpochs(ctx context.Context, p pool.PeriodKey) (out []pool.Epoch, err error) {
	err = s.db.AsSystem(ctx, "pool.settle", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+epochColumns+` FROM pool_epochs e
			WHERE period_start = $1 AND period_end = $2 OR id IN (SELECT epoch_id FROM pool_late_epochs)`, p.Start, p.End)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (pool.Epoch, error) {
			var r epochRow
			if err := row.Scan(r.into()...); err != nil {
				return pool.Epoch{}, err
			}
			return r.done()
		})
		return err
	})
	return out, pg.Fail(err, "epochs to settle")
}

const statementColumns = `s.id, s.org_id, s.account_id, s.period_start, s.period_end, s.work::text, s.shares,
	s.gross_sats, s.fee_sats, s.net_sats, s.residue_sats, s.gross_exact, s.net_exact, s.created_at`

func statementInto(st *pool.Statement) []any {
	return []any{
		&st.ID, &st.Org, &st.Account, &st.Start, &st.End, &st.Work, &st.Shares,
		&st.Gross, &st.Fee, &st.Net, &st.Residue, &st.GrossExact, &st.NetExact, &st.Created,
	}
}

func utc(st *pool.Statement) {
	st.Start, st.End, st.Created = st.Start.UTC(), st.End.UTC(), st.Created.UTC()
}

// Statements lists them, newest first.
func (s *Store) Statements(ctx context.Context, actor hashyard.Actor, q pool.Page) (out []pool.Statement, next string, err error) {
	after, limit, err := pageByID(q)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+statementColumns+` FROM pool_statements s
			WHERE $1::uuid IS NULL OR s.id < $1 ORDER BY s.id DESC LIMIT $2`, after, limit+1)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (st pool.Statement, err error) {
			err = row.Scan(statementInto(&st)...)
			utc(&st)
			return st, err
		})
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID.String()
	}
	return out, next, pg.Fail(err, "list statements")
}

// Statement is one with its lines.
func (s *Store) Statement(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (st pool.Statement, lines []pool.EpochLine, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		err := tx.Conn().QueryRow(ctx, "SELECT "+statementColumns+" FROM pool_statements s WHERE s.id = $1", id).Scan(statementInto(&st)...)
		if err != nil {
			return err
		}
		utc(&st)
		rows, err := tx.Conn().Query(ctx, `
			SELECT l.org_id, l.worker_id, l.unit_id, l.work::text, l.shares, a.name || '.' || w.name, `+paidColumns+`
			FROM pool_statement_lines l JOIN pool_epochs e ON e.id = l.epoch_id
			LEFT JOIN pool_statement_rates r ON r.statement_id = l.statement_id AND r.epoch_id = l.epoch_id
			JOIN pool_workers w ON w.id = l.worker_id JOIN pool_accounts a ON a.id = w.account_id
			WHERE l.statement_id = $1 ORDER BY e.period_start, e.id, l.worker_id`, id)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l pool.EpochLine, err error) {
			var e epochRow
			l.Account = st.Account
			err = row.Scan(append([]any{&l.Org, &l.Worker, &l.Unit, &l.Work, &l.Shares, &l.User}, e.into()...)...)
			if err != nil {
				return l, err
			}
			l.Epoch, err = e.done()
			return l, err
		})
		return err
	})
	return st, lines, pg.Fail(err, "statement %s", id)
}

// UnitLines is what a unit did for statements, newest first.
func (s *Store) UnitLines(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) (out []pool.UnitLine, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+statementColumns+`, l.worker_id, l.unit_id, l.work::text, l.shares, `+paidColumns+`
			FROM pool_statement_lines l JOIN pool_statements s ON s.id = l.statement_id JOIN pool_epochs e ON e.id = l.epoch_id
			LEFT JOIN pool_statement_rates r ON r.statement_id = l.statement_id AND r.epoch_id = l.epoch_id
			WHERE l.unit_id = $1 ORDER BY s.id DESC, e.id LIMIT 2000`, unit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l pool.UnitLine, err error) {
			var e epochRow
			into := append(statementInto(&l.Statement), &l.Worker, &l.Unit, &l.Work, &l.Shares)
			// Line and Statement both have Work and Shares: the pointers above are the line's.
			into[len(into)-2], into[len(into)-1] = &l.Line.Work, &l.Line.Shares
			if err = row.Scan(append(into, e.into()...)...); err != nil {
				return l, err
			}
			utc(&l.Statement)
			l.Account, l.Org = l.Statement.Account, l.Statement.Org
			l.Epoch, err = e.done()
			return l, err
		})
		return err
	})
	return out, pg.Fail(err, "statements of unit %s", unit)
}
