package telemetry

import (
	"context"

	"hashyard/migrations/pg"
)

// Database shows the connection pool and the outbox.
func Database(r *Registry, db *pg.DB) {
	r.area("database", []figure{
		{name: "hashyard_db_connections", help: "Connections of the pool.", labels: []string{"state"}},
		{name: "hashyard_db_connections_max", help: "Most connections the pool may open."},
		{name: "hashyard_db_waits_total", help: "Times somebody waited for a connection.", counter: true},
		{name: "hashyard_db_wait_seconds_total", help: "Time spent getting connections.", counter: true},
	}, func(_ context.Context, put put) error {
		s := db.PoolStats()
		put("hashyard_db_connections", float64(s.InUse), "in_use")
		put("hashyard_db_connections", float64(s.Idle), "idle")
		put("hashyard_db_connections_max", float64(s.Max))
		put("hashyard_db_waits_total", float64(s.Waits))
		put("hashyard_db_wait_seconds_total", s.Waited.Seconds())
		return nil
	})
	r.area("outbox", []figure{
		{name: "hashyard_outbox_events", help: "Events in the outbox: due, scheduled for later, failing at some handler.", labels: []string{"state"}},
		{name: "hashyard_outbox_oldest_seconds", help: "How long the oldest due event has been due."},
	}, func(ctx context.Context, put put) error {
		s, err := db.OutboxStats(ctx)
		if err != nil {
			return err
		}
		put("hashyard_outbox_events", float64(s.Due), "due")
		put("hashyard_outbox_events", float64(s.Scheduled), "scheduled")
		put("hashyard_outbox_events", float64(s.Failing), "failing")
		put("hashyard_outbox_oldest_seconds", s.Oldest.Seconds())
		return nil
	})
}

// Deliveries times the handlers of events.
func Deliveries(r *Registry) func(pg.Delivery) {
	took := r.histogram("hashyard_handler_seconds", "Time a handler took for an event.", slow, "handler")
	failed := r.counter("hashyard_handler_failures_total", "Attempts of a handler that failed; the event is tried again.", "handler")
	return func(d pg.Delivery) {
		took.WithLabelValues(d.Handler).Observe(d.Took.Seconds())
		if d.Failed {
			failed.WithLabelValues(d.Handler).Inc()
		}
	}
}
