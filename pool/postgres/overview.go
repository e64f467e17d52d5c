package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// Headcount counts the actor's workers.
func (s *Store) Headcount(ctx context.Context, actor hashyard.Actor, since time.Time) (all, working int64, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, `
			SELECT count(*), count(*) FILTER (WHERE EXISTS (
				SELECT FROM pool_work k WHERE k.worker_id = w.id AND k.minute >= $1 AND k.shares > 0))
			FROM pool_workers w WHERE w.retired_at IS NULL`, since).Scan(&all, &working)
	})
	return all, working, pg.Fail(err, "count workers")
}

// Refusals sums refused submits by code over whole hours.
func (s *Store) Refusals(ctx context.Context, actor hashyard.Actor, since time.Time) (out []pool.Refusal, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			WITH t AS (
				SELECT worker_id, sum(r20)::bigint r20, sum(r21)::bigint r21, sum(r22)::bigint r22,
					sum(r23)::bigint r23, sum(r24)::bigint r24, sum(r25)::bigint r25
				FROM pool_worker_hours WHERE at >= $1 GROUP BY 1),
			c AS (
				SELECT v.code, sum(v.n)::bigint AS n, count(*) AS workers, (array_agg(t.worker_id ORDER BY v.n DESC))[1] AS worst, max(v.n) AS most
				FROM t CROSS JOIN LATERAL (VALUES (20, r20), (21, r21), (22, r22), (23, r23), (24, r24), (25, r25)) v (code, n)
				WHERE v.n > 0 GROUP BY 1)
			SELECT c.code, c.n, c.workers, c.most, w.id, coalesce(a.name, ''), coalesce(w.name, ''), w.unit_id
			FROM c LEFT JOIN pool_workers w ON w.id = c.worst LEFT JOIN pool_accounts a ON a.id = w.account_id
			ORDER BY c.n DESC, c.code`, since)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r pool.Refusal, err error) {
			err = row.Scan(&r.Code, &r.Count, &r.Workers, &r.Most, &r.Worst.ID, &r.Worst.AccountName, &r.Worst.Name, &r.Worst.Unit)
			return r, err
		})
		return err
	})
	return out, pg.Fail(err, "refusals")
}

// PoolWork sums everybody's work by network difficulty.
func (s *Store) PoolWork(ctx context.Context, step time.Duration, since time.Time) ([]pool.WorkAt, error) {
	return s.poolWork(ctx, `SELECT e.nbits, sum(k.work)::text, min(k.at) FROM pool_totals k JOIN pool_epochs e ON e.id = k.epoch_id
		WHERE k.step = $1 AND k.at >= $2 GROUP BY 1`, step, since)
}

// PoolWorkSteps is the same by step, oldest first.
func (s *Store) PoolWorkSteps(ctx context.Context, step time.Duration, since time.Time) ([]pool.WorkAt, error) {
	return s.poolWork(ctx, `SELECT e.nbits, sum(k.work)::text, k.at FROM pool_totals k JOIN pool_epochs e ON e.id = k.epoch_id
		WHERE k.step = $1 AND k.at >= $2 GROUP BY 1, 3 ORDER BY 3`, step, since)
}

func (s *Store) poolWork(ctx context.Context, query string, step time.Duration, since time.Time) (out []pool.WorkAt, err error) {
	err = s.db.AsSystem(ctx, "pool.luck", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, query, int(step/time.Second), since)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (w pool.WorkAt, err error) {
			var bits int64
			err = row.Scan(&bits, &w.Work, &w.First)
			w.NBits, w.First = uint32(bits), w.First.UTC()
			return w, err
		})
		return err
	})
	return out, pg.Fail(err, "work of the pool")
}

// Epochs are the rates made since, after the one that held before.
func (s *Store) Epochs(ctx context.Context, since time.Time) (out []pool.Epoch, err error) {
	err = s.db.AsSystem(ctx, "pool.epoch", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+epochColumns+` FROM pool_epochs e
			WHERE e.created_at >= coalesce((SELECT max(created_at) FROM pool_epochs WHERE created_at < $1), $1)
			ORDER BY e.created_at, e.id`, since)
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
	return out, pg.Fail(err, "rates")
}

// EpochByID is one rate.
func (s *Store) EpochByID(ctx context.Context, id hashyard.ID) (pool.Epoch, error) {
	e, err := s.epoch(ctx, "WHERE id = $1", id)
	return e, pg.Fail(err, "epoch %s", id)
}

// BlocksSince are the solved blocks; what no node ever took is not one.
func (s *Store) BlocksSince(ctx context.Context, since time.Time) ([]pool.Block, error) {
	return s.solved(ctx, "AND b.found_at >= $1 ORDER BY b.found_at, b.hash", since)
}

// NewestBlocks are the newest of them.
func (s *Store) NewestBlocks(ctx context.Context, n int) ([]pool.Block, error) {
	return s.solved(ctx, "ORDER BY b.found_at DESC, b.hash LIMIT $1", n)
}

func (s *Store) solved(ctx context.Context, rest string, args ...any) (out []pool.Block, err error) {
	err = s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+" FROM pool_blocks b WHERE b.state <> 'rejected' "+rest, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanBlock)
		return err
	})
	for i := range out {
		b := &out[i]
		b.Account, b.Worker, b.Unit, b.Session = hashyard.ID{}, hashyard.ID{}, hashyard.ID{}, hashyard.ID{}
	}
	return out, pg.Fail(err, "solved blocks")
}
