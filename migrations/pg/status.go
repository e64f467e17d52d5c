package pg

import (
	"context"
	"time"

	"hashyard"
)

// PoolStats is the state of the connection pool.
type PoolStats struct {
	InUse, Idle, Max int32
	Waits            int64         // how often somebody waited for a connection
	Waited           time.Duration // in all
}

// PoolStats reads it; it asks no database.
func (db *DB) PoolStats() PoolStats {
	s := db.pool.Stat()
	return PoolStats{
		InUse: s.AcquiredConns(), Idle: s.IdleConns(), Max: s.MaxConns(),
		Waits: s.EmptyAcquireCount(), Waited: s.AcquireDuration(),
	}
}

// Writable stores something, durably: a standby, a database that only reads and
// a full disk refuse it.
func (db *DB) Writable(ctx context.Context) error {
	err := db.AsSystem(ctx, "health", func(ctx context.Context, tx *Tx) error {
		_, err := tx.conn.Exec(ctx, "INSERT INTO heartbeat VALUES (true, now()) ON CONFLICT (one) DO UPDATE SET at = now()")
		return err
	})
	return Fail(err, "write to the database")
}

// Applied are the versions of the migrations that this database has.
func (db *DB) Applied(ctx context.Context) (map[int64]bool, error) {
	rows, err := db.pool.Query(ctx, "SELECT version_id FROM goose_db_version WHERE is_applied")
	if err != nil {
		return nil, Fail(err, "read the migrations")
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, Fail(err, "read the migrations")
		}
		out[v] = true
	}
	return out, Fail(rows.Err(), "read the migrations")
}

// Led reports whether some process leads under this name, see Lead.
func (db *DB) Led(ctx context.Context, name string) (led bool, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_locks
			WHERE locktype = 'advisory' AND granted AND objsubid = 1
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
				AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0))`, name).Scan(&led)
	return led, Fail(err, "who leads %s", name)
}

// OutboxStats is what waits in the outbox.
type OutboxStats struct {
	Due       int64         // to be delivered now
	Scheduled int64         // later
	Failing   int64         // tried before, in vain
	Oldest    time.Duration // how long the oldest due event has been due
}

// OutboxStats counts it.
func (db *DB) OutboxStats(ctx context.Context) (s OutboxStats, err error) {
	var oldest float64
	err = db.AsSystem(ctx, "outbox.stats", func(ctx context.Context, tx *Tx) error {
		return tx.conn.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE not_before <= now()), count(*) FILTER (WHERE not_before > now()),
				count(*) FILTER (WHERE last_error <> ''),
				coalesce(extract(epoch FROM now() - min(greatest(at, CASE WHEN isfinite(not_before) THEN not_before ELSE at END))
					FILTER (WHERE not_before <= now() AND last_error = '')), 0)
			FROM outbox WHERE done_at IS NULL`).Scan(&s.Due, &s.Scheduled, &s.Failing, &oldest)
	})
	s.Oldest = time.Duration(max(oldest, 0) * float64(time.Second))
	return s, Fail(err, "outbox")
}

// Delivery is one attempt of one handler on one event.
type Delivery struct {
	Handler string
	Kind    hashyard.EventKind
	Took    time.Duration
	Failed  bool
}
