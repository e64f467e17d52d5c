package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

const sums = `coalesce(sum(k.work), 0)::text, coalesce(sum(k.sum_squares), 0)::text, coalesce(sum(k.shares), 0)::bigint,
	coalesce(sum(k.r20), 0)::bigint, coalesce(sum(k.r21), 0)::bigint, coalesce(sum(k.r22), 0)::bigint,
	coalesce(sum(k.r23), 0)::bigint, coalesce(sum(k.r24), 0)::bigint, coalesce(sum(k.r25), 0)::bigint, max(k.last_at)`

// tallyRow scans sums.
type tallyRow struct {
	pool.Tally
	squares string
	last    *time.Time
}

func (r *tallyRow) into() []any {
	t := &r.Tally
	j := &t.Rejects
	return []any{&t.Work, &r.squares, &t.Shares, &j[0], &j[1], &j[2], &j[3], &j[4], &j[5], &r.last}
}

func (r *tallyRow) done() (t pool.Tally, err error) {
	t = r.Tally
	t.Last = orZero(r.last)
	t.Squares, err = bigInt(r.squares)
	return t, err
}

// WorkByEpoch sums booked work, newest epoch first.
func (s *Store) WorkByEpoch(ctx context.Context, actor hashyard.Actor, q pool.WorkQuery) (out []pool.EpochWork, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		if !q.Worker.IsZero() {
			var found bool // a worker without work is not an unknown worker
			if err := tx.Conn().QueryRow(ctx, "SELECT true FROM pool_workers WHERE id = $1", q.Worker).Scan(&found); err != nil {
				return err
			}
		}
		rows, err := tx.Conn().Query(ctx, "SELECT "+workerColumns+", "+epochColumns+`, t.*,
				EXISTS (SELECT FROM pool_periods p WHERE p.period_start = e.period_start AND p.period_end = e.period_end)
			FROM (SELECT k.worker_id, k.epoch_id, `+sums+` FROM pool_work k
				WHERE ($1::uuid IS NULL OR k.worker_id = $1) AND ($2::uuid IS NULL OR k.unit_id = $2) AND ($3::uuid IS NULL OR k.epoch_id = $3)
				GROUP BY 1, 2) t (worker_id, epoch_id, work, squares, shares, r20, r21, r22, r23, r24, r25, last_at)
			JOIN pool_workers w ON w.id = t.worker_id JOIN pool_accounts a ON a.id = w.account_id JOIN pool_epochs e ON e.id = t.epoch_id
			ORDER BY e.period_start DESC, e.id DESC, w.id LIMIT $4`, q.Worker, q.Unit, q.Epoch, limitOf(pool.Page{Limit: q.Limit}))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanEpochWork)
		return err
	})
	return out, pg.Fail(err, "booked work")
}

func scanEpochWork(row pgx.CollectableRow) (v pool.EpochWork, err error) {
	var retired *time.Time
	var worker, epoch hashyard.ID
	var e epochRow
	var t tallyRow
	into := append(workerInto(&v.Worker, &retired), e.into()...)
	into = append(append(append(into, &worker, &epoch), t.into()...), &v.Settled)
	if err = row.Scan(into...); err != nil {
		return v, err
	}
	v.Worker.Retired = orZero(retired)
	if v.Epoch, err = e.done(); err != nil {
		return v, err
	}
	v.Tally, err = t.done()
	return v, err
}

// UnitTallies sums booked work by unit.
func (s *Store) UnitTallies(ctx context.Context, actor hashyard.Actor, units []hashyard.ID, since time.Time) (out []pool.Booking, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT k.unit_id, min(k.minute), "+sums+` FROM pool_work k
			WHERE k.unit_id = ANY ($1) AND k.minute >= $2 GROUP BY 1`, pg.KnownUUIDs(units), since)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b pool.Booking, err error) {
			var t tallyRow
			if err = row.Scan(append([]any{&b.Unit, &b.Minute}, t.into()...)...); err != nil {
				return b, err
			}
			b.Minute = b.Minute.UTC()
			b.Tally, err = t.done()
			return b, err
		})
		return err
	})
	return out, pg.Fail(err, "booked work of %d units", len(units))
}

// Minutes is a unit's booked work by minute, oldest first.
func (s *Store) Minutes(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, since time.Time) ([]pool.Booking, error) {
	return s.bookings(ctx, actor, "SELECT k.minute, "+sums+` FROM pool_work k
		WHERE k.unit_id = $1 AND k.minute >= $2 GROUP BY 1 ORDER BY 1`, unit, since)
}

// WorkerMinutes is a worker's booked work by minute, oldest first.
func (s *Store) WorkerMinutes(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, since time.Time) ([]pool.Booking, error) {
	return s.bookings(ctx, actor, "SELECT k.minute, "+sums+` FROM pool_work k
		WHERE k.worker_id = $1 AND k.minute >= $2 GROUP BY 1 ORDER BY 1`, worker, since)
}

// Totals sums everything the actor may see, oldest first.
func (s *Store) Totals(ctx context.Context, actor hashyard.Actor, step time.Duration, since time.Time) ([]pool.Booking, error) {
	return s.bookings(ctx, actor, "SELECT k.at, "+sums+` FROM pool_totals k
		WHERE k.step = $1 AND k.at >= $2 GROUP BY 1 ORDER BY 1`, int(step/time.Second), since)
}

// bookings collects times with sums.
func (s *Store) bookings(ctx context.Context, actor hashyard.Actor, query string, args ...any) (out []pool.Booking, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, query, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b pool.Booking, err error) {
			var t tallyRow
			if err = row.Scan(append([]any{&b.Minute}, t.into()...)...); err != nil {
				return b, err
			}
			b.Minute = b.Minute.UTC()
			b.Tally, err = t.done()
			return b, err
		})
		return err
	})
	return out, pg.Fail(err, "sums of work")
}
