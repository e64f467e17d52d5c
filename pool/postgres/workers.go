package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// workerFrom are workers with their accounts and how they stand.
const workerFrom = ` FROM pool_workers w JOIN pool_accounts a ON a.id = w.account_id LEFT JOIN pool_worker_now n ON n.worker_id = w.id `

// stateOf is what lists call a worker's state.
const stateOf = `CASE WHEN w.retired_at IS NOT NULL THEN 'retired' ELSE coalesce(n.state, 'new') END`

// workerWindows read what the workers of p did since $1, in the last hour since
// $2 and in the last day since $3. Days are read from whole hours, so that a
// page of workers costs some thousand rows.
const workerWindows = `SELECT ` + workerColumns + `, coalesce(n.state, ''), n.since, coalesce(n.reference_hs, 0), coalesce(n.reference, ''),
		t.*, h.*, greatest(d.first, f.minute), d.work, d.squares, d.shares, d.r20, d.r21, d.r22, d.r23, d.r24, d.r25, d.last_at,
		greatest(n.last_share_at, (SELECT last_at FROM pool_work l WHERE l.worker_id = w.id AND l.shares > 0 ORDER BY l.minute DESC LIMIT 1)), p.cursor
	FROM p JOIN pool_workers w ON w.id = p.id JOIN pool_accounts a ON a.id = w.account_id LEFT JOIN pool_worker_now n ON n.worker_id = w.id
	CROSS JOIN LATERAL (SELECT min(k.minute), ` + sums + ` FROM pool_work k WHERE k.worker_id = w.id AND k.minute >= $1) t
	CROSS JOIN LATERAL (SELECT min(k.minute), ` + sums + ` FROM pool_work k WHERE k.worker_id = w.id AND k.minute >= $2) h
	CROSS JOIN LATERAL (SELECT min(k.at) AS first, ` + sums + ` FROM pool_worker_hours k WHERE k.worker_id = w.id AND k.at >= $3)
		d (first, work, squares, shares, r20, r21, r22, r23, r24, r25, last_at)
	LEFT JOIN LATERAL (SELECT k.minute FROM pool_work k WHERE k.worker_id = w.id AND k.minute >= $3 ORDER BY k.minute LIMIT 1) f ON true `

// windowsOf are the beginnings of a worker's windows.
func windowsOf(now time.Time) []any {
	return []any{now.Add(-5 * time.Minute).Truncate(time.Minute), now.Add(-time.Hour).Truncate(time.Minute), now.Add(-24 * time.Hour).Truncate(time.Hour)}
}

// listed is a worker in a list with where it is in it.
type listed struct {
	pool.WorkerView
	cursor string
}

func scanWorker(row pgx.CollectableRow) (v listed, err error) {
	var retired, since, five, hour, day, last *time.Time
	var t, h, d tallyRow
	into := append(workerInto(&v.Worker, &retired), &v.State, &since, &v.Reference.Rate, &v.Reference.Kind, &five)
	into = append(append(into, t.into()...), &hour)
	into = append(append(into, h.into()...), &day)
	into = append(append(into, d.into()...), &last, &v.cursor)
	if err = row.Scan(into...); err != nil {
		return v, err
	}
	v.Retired, v.LastShare, v.Created, v.Since = orZero(retired), orZero(last), v.Created.UTC(), orZero(since)
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

// sortKey is an expression to sort by and the type of its text in a cursor.
type sortKey struct{ expr, kind string }

func sortKeys() map[pool.WorkerSort]sortKey {
	return map[pool.WorkerSort]sortKey{
		pool.CreatedFirst: {"''", "text"},
		pool.ByName:       {"(a.name || '.' || w.name) COLLATE \"C\"", "text"},
		pool.ByFive:       {"coalesce(n.hs_5m, 0)", "float8"},
		pool.ByHour:       {"coalesce(n.hs_1h, 0)", "float8"},
		pool.ByDay:        {"coalesce(n.hs_24h, 0)", "float8"},
		pool.ByLastShare:  {"coalesce(n.last_share_at, '0001-01-01Z')", "timestamptz"},
		pool.ByRejects:    {"coalesce(n.rejects_24h::float8 / nullif(n.rejects_24h + n.shares_24h, 0), 0)", "float8"},
		pool.ByState:      {stateOf, "text"},
	}
}

// Workers lists workers: which ones is decided by the rows of how they stand,
// what they did is read for those of the page.
func (s *Store) Workers(ctx context.Context, actor hashyard.Actor, now time.Time, q pool.WorkerQuery) (out []pool.WorkerView, next string, err error) {
	if q.Sort == "" {
		q.Sort = pool.CreatedFirst
	}
	key, ok := sortKeys()[q.Sort]
	if !ok {
		return nil, "", hashyard.Invalid.Errorf("workers cannot be sorted by %.20q", string(q.Sort))
	}
	after, from, err := workerCursor(q)
	if err != nil {
		return nil, "", err
	}
	limit, way, than := limitOf(q.Page), "", ">"
	if q.Descending {
		way, than = " DESC", "<"
	}
	states := []string{}
	for _, st := range q.States {
		states = append(states, string(st))
	}
	args := append(windowsOf(now), states, strings.ToLower(q.Text), q.Unit, q.Account, after, from, limit+1)
	page := `WITH p AS MATERIALIZED (SELECT w.id, (` + key.expr + `)::text AS cursor, row_number() OVER (ORDER BY ` + key.expr + way + `, w.id` + way + `) AS place` + workerFrom + `
		WHERE (cardinality($4::text[]) = 0 OR ` + stateOf + ` = ANY ($4))
			AND ($5 = '' OR position($5 IN a.name || '.' || w.name) > 0)
			AND ($6::uuid IS NULL OR w.unit_id = $6) AND ($7::uuid IS NULL OR w.account_id = $7)
			AND ($9::uuid IS NULL OR (` + key.expr + `, w.id) ` + than + ` ($8::text::` + key.kind + `, $9))
		ORDER BY place LIMIT $10) `
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, page+workerWindows+"ORDER BY p.place", args...)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, scanWorker)
		if len(found) > limit {
			found = found[:limit]
			next = string(q.Sort) + ":" + found[limit-1].ID.String() + ":" + strconv.Quote(found[limit-1].cursor)
		}
		out = nil
		for _, v := range found {
			out = append(out, v.WorkerView)
		}
		return err
	})
	return out, next, pg.Fail(err, "list workers")
}

// workerCursor reads "<sort>:<id>:<quoted key>". Where no list ended yet, the
// id is zero and the key is not looked at.
func workerCursor(q pool.WorkerQuery) (after string, from hashyard.ID, err error) {
	bad := hashyard.Invalid.Errorf("cursor %.80q is not one of this list", q.Cursor)
	if q.Cursor == "" {
		return "0", from, nil
	}
	sort, rest, _ := strings.Cut(q.Cursor, ":")
	id, quoted, ok := strings.Cut(rest, ":")
	if !ok || sort != string(q.Sort) {
		return "", from, bad
	}
	if from, err = hashyard.ParseID(id); err != nil || from.IsZero() {
		return "", from, bad
	}
	if after, err = strconv.Unquote(quoted); err != nil {
		return "", from, bad
	}
	switch sortKeys()[q.Sort].kind {
	case "float8":
		if _, err := strconv.ParseFloat(after, 64); err != nil {
			return "", from, bad
		}
	case "timestamptz":
		if _, err := time.Parse("2006-01-02 15:04:05.999999Z07", after); err != nil {
			return "", from, bad
		}
	}
	return after, from, nil
}

// Worker is one of them.
func (s *Store) Worker(ctx context.Context, actor hashyard.Actor, id hashyard.ID, now time.Time) (v pool.WorkerView, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "WITH p AS (SELECT $4::uuid AS id, '' AS cursor) "+workerWindows, append(windowsOf(now), id)...)
		if err != nil {
			return err
		}
		l, err := pgx.CollectExactlyOneRow(rows, scanWorker)
		v = l.WorkerView
		return err
	})
	return v, pg.Fail(err, "worker %s", id)
}

// WorkerCounts counts by state.
func (s *Store) WorkerCounts(ctx context.Context, actor hashyard.Actor) (out map[pool.WorkerState]int64, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+stateOf+", count(*)"+workerFrom+"GROUP BY 1")
		if err != nil {
			return err
		}
		out = map[pool.WorkerState]int64{}
		var state pool.WorkerState
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
			out[state] = n
			return nil
		})
		return err
	})
	return out, pg.Fail(err, "count workers")
}
