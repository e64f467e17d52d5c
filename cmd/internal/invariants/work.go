package invariants

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
)

func work() []Invariant {
	return []Invariant{
		{
			Name: "work.all-is-booked", Says: "no accepted work is without an account or a rate",
			SQL: `SELECT 'account ' || coalesce(account_id::text, '-') || ' worker ' || coalesce(worker_id::text, '-') || ': ' || work FROM pool_unbooked WHERE shares > 0`,
		},
		{
			Name: "work.nothing-is-missing", Says: "no message of an edge's share log was left out",
			SQL: `SELECT name || ': ' || missing || ' messages' FROM pool_checkpoints WHERE missing <> 0`,
		},
		{
			Name: "work.settled-is-credited", Says: "the statements of a settled period have all of its booked work, and no more, but what came late",
			SQL: `SELECT 'worker ' || worker || ' rate ' || epoch || ': booked ' || booked || ', on statements ' || stated FROM (
					SELECT worker, epoch, sum(booked) AS booked, sum(stated) AS stated FROM (
						SELECT w.worker_id AS worker, w.epoch_id AS epoch, w.work AS booked, 0::numeric AS stated FROM pool_work w
						UNION ALL SELECT worker_id, epoch_id, 0, work FROM pool_statement_lines) x
					GROUP BY worker, epoch) y JOIN pool_epochs e ON e.id = y.epoch
				WHERE stated > booked OR (booked > stated AND EXISTS (SELECT FROM pool_periods p WHERE p.period_start = e.period_start AND p.period_end = e.period_end)
					AND NOT EXISTS (SELECT FROM pool_late_epochs l WHERE l.epoch_id = y.epoch))`,
		},
		{
			Name: "work.one-live-worker", Says: "a machine earns for one worker at a time",
			SQL: `SELECT unit_id || ': ' || count(*) FROM pool_workers WHERE unit_id IS NOT NULL AND retired_at IS NULL GROUP BY unit_id HAVING count(*) > 1`,
		},
		{
			Name: "work.one-open-proof", Says: "a machine is under one proof at a time",
			SQL: `SELECT unit_id || ': ' || count(*) FROM pool_proofs WHERE ended_at IS NULL GROUP BY unit_id HAVING count(*) > 1`,
		},
		{
			Name: "work.statement-is-its-lines", Says: "a statement's work is its lines', and its event was told once",
			SQL: `SELECT s.id || ': ' || s.work || ', lines ' || coalesce((SELECT sum(work) FROM pool_statement_lines l WHERE l.statement_id = s.id), 0)
					|| ', events ' || (SELECT count(*) FROM outbox o WHERE o.kind = 'earnings.settled' AND o.ref_id = s.id) FROM pool_statements s
				WHERE s.work <> coalesce((SELECT sum(work) FROM pool_statement_lines l WHERE l.statement_id = s.id), 0)
				   OR (SELECT count(*) FROM outbox o WHERE o.kind = 'earnings.settled' AND o.ref_id = s.id) <> 1`,
		},
		{
			Name: "work.statement-is-work-times-rate", Says: "each period recomputed from work and rates pays the same, residue included",
			check: recomputePeriods,
		},
	}
}

// recomputePeriods prices the newest periods anew, with the same arithmetic
// from the kept inputs. The older ones cannot change any more.
func recomputePeriods(ctx context.Context, v view) (bad []string, err error) {
	rows, err := v.tx.Query(ctx, "SELECT period_start, period_end, total_sats, residue_sats FROM pool_periods ORDER BY period_start DESC LIMIT 200")
	if err != nil {
		return nil, err
	}
	type period struct {
		start, end     time.Time
		total, residue hashyard.Sats
	}
	periods, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p period, err error) {
		err = row.Scan(&p.start, &p.end, &p.total, &p.residue)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range periods {
		lines, err := lines(ctx, v, p.start, p.end)
		if err != nil {
			return nil, err
		}
		want, err := pool.SettlePeriod(pool.PeriodKey{Start: p.start, End: p.end}, p.end, lines)
		if err != nil {
			return nil, err
		}
		if want.Total != p.total || want.Residue != p.residue {
			bad = append(bad, fmt.Sprintf("period of %s: total %d residue %d, recomputed %d and %d", p.start.UTC().Format(time.RFC3339), p.total, p.residue, want.Total, want.Residue))
		}
		for _, st := range want.Statements {
			var gross, fee, net hashyard.Sats
			err := v.tx.QueryRow(ctx, "SELECT gross_sats, fee_sats, net_sats FROM pool_statements WHERE account_id = $1 AND period_start = $2 AND period_end = $3",
				st.Account, p.start, p.end).Scan(&gross, &fee, &net)
			if err != nil {
				return nil, fmt.Errorf("statement of account %s: %w", st.Account, err)
			}
			if gross != st.Gross || fee != st.Fee || net != st.Net {
				bad = append(bad, fmt.Sprintf("account %s, period of %s: %d less %d is %d, recomputed %d, %d, %d", st.Account, p.start.UTC().Format(time.RFC3339), gross, fee, net, st.Gross, st.Fee, st.Net))
			}
		}
	}
	return bad, nil
}

// lines are those of a period's statements, with their rates.
func lines(ctx context.Context, v view, start, end time.Time) ([]pool.Line, error) {
	rows, err := v.tx.Query(ctx, `
		SELECT s.account_id, s.org_id, l.worker_id, l.work::text, l.shares, e.id, e.nbits, e.subsidy_sats,
			coalesce(r.fee_sum_sats, e.fee_sum_sats), coalesce(r.fee_count, e.fee_count), coalesce(r.fee_ppm, e.fee_ppm), coalesce(r.subsidy_sum_sats, 0)
		FROM pool_statements s JOIN pool_statement_lines l ON l.statement_id = s.id JOIN pool_epochs e ON e.id = l.epoch_id
		LEFT JOIN pool_statement_rates r ON r.statement_id = l.statement_id AND r.epoch_id = l.epoch_id
		WHERE s.period_start = $1 AND s.period_end = $2`, start, end)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l pool.Line, err error) {
		var nbits int64
		var r fpps.Rate
		err = row.Scan(&l.Account, &l.Org, &l.Worker, &l.Work, &l.Shares, &l.Epoch.ID, &nbits, &r.Subsidy, &r.FeeSum, &r.FeeN, &r.FeePPM, &r.SubsidySum)
		r.NBits = uint32(nbits)
		l.Epoch.Rate = r
		return l, err
	})
}

// Work sums a worker's booked work, for harnesses that know what was
// acknowledged.
func Work(ctx context.Context, conn *pgx.Conn, worker hashyard.ID) (*big.Int, int64, error) {
	var text string
	var shares int64
	err := conn.QueryRow(ctx, "SELECT coalesce(sum(work), 0)::text, coalesce(sum(shares), 0)::bigint FROM pool_work WHERE worker_id = $1", worker).Scan(&text, &shares)
	n, _ := new(big.Int).SetString(text, 10)
	return n, shares, err
}
