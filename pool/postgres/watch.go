package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

const windowColumns = " (worker_id, first, work, squares, shares, r20, r21, r22, r23, r24, r25, last_at) AS "

// Watched reads all workers that may mine: three scans of what is new, joined.
// A day's first moment is a whole hour, up to one too early: that makes a
// worker's own day look slower, never the worker.
func (s *Store) Watched(ctx context.Context, now time.Time) (out []pool.Watched, err error) {
	err = s.db.AsSystem(ctx, "pool.watch", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			WITH t`+windowColumns+`(SELECT k.worker_id, min(k.minute), `+sums+` FROM pool_work k WHERE k.minute >= $1 GROUP BY 1),
				h`+windowColumns+`(SELECT k.worker_id, min(k.minute), `+sums+` FROM pool_work k WHERE k.minute >= $2 GROUP BY 1),
				d`+windowColumns+`(SELECT k.worker_id, min(k.at), `+sums+` FROM pool_worker_hours k WHERE k.at >= $3 GROUP BY 1)
			SELECT `+workerColumns+`, coalesce(n.state, ''), n.since, coalesce(n.wants, ''), n.wants_since, `+sumsOrNone("t")+`, `+sumsOrNone("h")+`, `+sumsOrNone("d")+`,
				greatest(n.last_share_at, t.last_at, h.last_at, d.last_at, CASE WHEN n.worker_id IS NULL THEN
					(SELECT last_at FROM pool_work l WHERE l.worker_id = w.id AND l.shares > 0 ORDER BY l.minute DESC LIMIT 1) END)
			`+workerFrom+`LEFT JOIN t ON t.worker_id = w.id LEFT JOIN h ON h.worker_id = w.id LEFT JOIN d ON d.worker_id = w.id
			WHERE w.retired_at IS NULL ORDER BY w.id`, windowsOf(now)...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanWatched)
		return err
	})
	return out, pg.Fail(err, "workers to watch")
}

// sumsOrNone are the sums of a joined window, which may be missing.
func sumsOrNone(t string) string {
	out := t + ".first, coalesce(" + t + ".work, '0'), coalesce(" + t + ".squares, '0')"
	for _, c := range []string{"shares", "r20", "r21", "r22", "r23", "r24", "r25"} {
		out += ", coalesce(" + t + "." + c + ", 0)"
	}
	return out + ", " + t + ".last_at"
}

func scanWatched(row pgx.CollectableRow) (v pool.Watched, err error) {
	var retired, since, wants, five, hour, day, last *time.Time
	var t, h, d tallyRow
	into := append(workerInto(&v.Worker, &retired), &v.State, &since, &v.Wants, &wants, &five)
	into = append(append(into, t.into()...), &hour)
	into = append(append(into, h.into()...), &day)
	if err = row.Scan(append(append(into, d.into()...), &last)...); err != nil {
		return v, err
	}
	v.Since, v.WantsSince, v.LastShare = orZero(since), orZero(wants), orZero(last)
	v.Five.First, v.Hour.First, v.Day.First = orZero(five), orZero(hour), orZero(day)
	if v.Five.Tally, err = t.done(); err != nil {
		return v, err
	}
	if v.Hour.Tally, err = h.done(); err != nil {
		return v, err
	}
	v.Day.Tally, err = d.done()
	return v, err
}

// PutLooked writes all rows in one statement; one that somebody else changed
// meanwhile stays as it is, and its event is not told.
func (s *Store) PutLooked(ctx context.Context, looked []pool.Looked, now time.Time) error {
	if len(looked) == 0 {
		return nil
	}
	c := lookedSideways(looked)
	err := s.db.AsSystem(ctx, "pool.watch", func(ctx context.Context, tx *pg.Tx) error {
		// One writer at a time: what is compared below then holds until the end.
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('pool.watch'))"); err != nil {
			return err
		}
		rows, err := tx.Conn().Query(ctx, `
			WITH v AS MATERIALIZED (SELECT v.*, v.worker::uuid AS id FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::float8[], $8::float8[], $9::float8[],
				$10::bigint[], $11::bigint[], $12::float8[], $13::text[], $14::text[], $15::timestamptz[])
				AS v (worker, state, since, wants, wants_since, last, five, hour, day, shares, rejects, ref, kind, was, was_since)),
			mine AS (SELECT v.id FROM v LEFT JOIN pool_worker_now n ON n.worker_id = v.id
				WHERE n.worker_id IS NULL OR (n.state = v.was AND n.since = v.was_since))
			INSERT INTO pool_worker_now AS n (worker_id, org_id, state, since, wants, wants_since, last_share_at,
				hs_5m, hs_1h, hs_24h, shares_24h, rejects_24h, reference_hs, reference, refreshed_at)
			SELECT v.id, w.org_id, v.state, v.since, v.wants, v.wants_since, v.last, v.five, v.hour, v.day, v.shares, v.rejects, v.ref, v.kind, $16
			FROM v JOIN mine USING (id) JOIN pool_workers w USING (id) ORDER BY 1
			ON CONFLICT (worker_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since, wants = EXCLUDED.wants, wants_since = EXCLUDED.wants_since,
				last_share_at = greatest(n.last_share_at, EXCLUDED.last_share_at), hs_5m = EXCLUDED.hs_5m, hs_1h = EXCLUDED.hs_1h, hs_24h = EXCLUDED.hs_24h,
				shares_24h = EXCLUDED.shares_24h, rejects_24h = EXCLUDED.rejects_24h, reference_hs = EXCLUDED.reference_hs, reference = EXCLUDED.reference,
				refreshed_at = EXCLUDED.refreshed_at
			RETURNING worker_id`, append(c.args(), now)...)
		if err != nil {
			return err
		}
		kept, err := pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		if err != nil {
			return err
		}
		mine := make(map[hashyard.ID]bool, len(kept))
		for _, id := range kept {
			mine[id] = true
		}
		var evs []hashyard.Event
		for _, l := range looked {
			if l.Event != nil && mine[l.ID] {
				evs = append(evs, *l.Event)
			}
		}
		return tx.Emit(ctx, evs...)
	})
	return pg.Fail(err, "keep how %d workers stand", len(looked))
}

// lookedColumns are the rows turned sideways, one array a column.
type lookedColumns struct {
	worker, state, wants, kind, was   []string
	since, wantsSince, last, wasSince []*time.Time
	five, hour, day, ref              []float64
	shares, rejects                   []int64
}

func lookedSideways(looked []pool.Looked) lookedColumns {
	var c lookedColumns
	for _, l := range looked {
		c.worker = append(c.worker, l.ID.String())
		c.state, c.since = append(c.state, string(l.State)), append(c.since, orNull(l.Since))
		c.wants, c.wantsSince = append(c.wants, string(l.Wants)), append(c.wantsSince, orNull(l.WantsSince))
		c.was, c.wasSince = append(c.was, string(l.Was.State)), append(c.wasSince, orNull(l.Was.Since))
		c.last = append(c.last, orNull(l.LastShare))
		c.five, c.hour, c.day = append(c.five, float64(l.Five.Rate.Estimate)), append(c.hour, float64(l.Hour.Rate.Estimate)), append(c.day, float64(l.Day.Rate.Estimate))
		c.shares, c.rejects = append(c.shares, l.Day.Shares), append(c.rejects, l.Day.Rejected())
		c.ref, c.kind = append(c.ref, float64(l.Reference.Rate)), append(c.kind, l.Reference.Kind)
	}
	return c
}

func (c lookedColumns) args() []any {
	return []any{
		c.worker, c.state, c.since, c.wants, c.wantsSince, c.last, c.five, c.hour, c.day,
		c.shares, c.rejects, c.ref, c.kind, c.was, c.wasSince,
	}
}
