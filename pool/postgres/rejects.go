package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/share"
)

// putRejects adds to the counts of refused submits; those of accounts that
// nobody knows are left out.
func putRejects(ctx context.Context, tx *pg.Tx, rows []pool.Reject) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]hashyard.ID, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.Account)
	}
	orgs, err := accountOrgs(ctx, tx, ids)
	if err != nil {
		return err
	}
	var org, account, worker, unit, cause []string
	var at []time.Time
	var upto, n []int64
	for _, r := range rows {
		o, ok := orgs[r.Account]
		if !ok {
			continue
		}
		u := ""
		if !r.Unit.IsZero() {
			u = r.Unit.String()
		}
		org, account, worker, unit = append(org, o.String()), append(account, r.Account.String()), append(worker, r.Worker.String()), append(unit, u)
		cause, at, upto, n = append(cause, r.Cause.String()), append(at, r.Hour), append(upto, r.Upto.Milliseconds()), append(n, r.Count)
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO pool_rejects AS r (org_id, account_id, worker_id, unit_id, cause, at, upto_ms, n)
		SELECT org::uuid, account::uuid, worker::uuid, nullif(unit, '')::uuid, cause, at, upto, n
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[], $8::bigint[])
			AS t (org, account, worker, unit, cause, at, upto, n)
		ON CONFLICT (worker_id, at, cause, upto_ms) DO UPDATE SET n = r.n + EXCLUDED.n`, org, account, worker, unit, cause, at, upto, n)
	if err != nil {
		return fmt.Errorf("count refused submits: %w", err)
	}
	return nil
}

// Rejects sums refused submits by cause; see pool.Reader.
func (s *Store) Rejects(ctx context.Context, actor hashyard.Actor, q pool.RejectQuery) (out []pool.Reject, err error) {
	byName := map[string]share.Cause{}
	for _, c := range share.Causes() {
		byName[c.String()] = c
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT cause, upto_ms, sum(n)::bigint FROM pool_rejects
			WHERE at >= $1 AND ($2::uuid IS NULL OR worker_id = $2) AND ($3::uuid IS NULL OR unit_id = $3)
			GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`, q.Since.UTC().Truncate(time.Hour), orNone(q.Worker), orNone(q.Unit))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r pool.Reject, err error) {
			var cause string
			var upto int64
			err = row.Scan(&cause, &upto, &r.Count)
			r.Unit, r.Cause, r.Upto = q.Unit, byName[cause], time.Duration(upto)*time.Millisecond
			return r, err
		})
		return err
	})
	return out, pg.Fail(err, "refused submits")
}

func orNone(id hashyard.ID) *hashyard.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}
