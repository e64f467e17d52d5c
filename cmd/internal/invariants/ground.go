package invariants

func ground() []Invariant {
	return []Invariant{
		{
			Name: "event.nothing-is-stuck", Says: "no event is due for long and not delivered",
			SQL: `SELECT kind || ' ' || id || ' of ' || at || ', ' || attempts || ' attempts: ' || left(last_error, 200) FROM outbox
				WHERE done_at IS NULL AND greatest(not_before, at) < now() - current_setting('hashyard.late')::interval`,
		},
		{
			Name: "event.handled-is-an-event", Says: "what handlers took effect on was an event",
			SQL: `SELECT h.handler || ' on ' || h.event_id FROM handled h WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.id = h.event_id)`,
		},
		{
			Name: "event.handled-once", Says: "a handler took effect once for each event",
			SQL: `SELECT handler || ' on ' || event_id || ': ' || count(*) FROM handled GROUP BY event_id, handler HAVING count(*) > 1`,
		},
		{
			Name: "audit.append-only", Says: "no role of the application may change or remove what is history",
			SQL: `SELECT r.rolname || ' may ' || p || ' ' || t FROM (VALUES ('hashyard_app'), ('hashyard_system')) AS r (rolname),
					unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p,
					unnest(ARRAY['audit', 'custody', 'unit_events', 'shipment_scans', 'redirect_steps', 'pool_epochs', 'pool_periods', 'pool_statements',
						'pool_statement_lines', 'market_journal', 'market_fills', 'rail_events', 'ledger_entries', 'ledger_postings']) t
				WHERE has_table_privilege(r.rolname, t, p)`,
		},
		{
			Name: "tenant.rows-are-guarded", Says: "row-level security is forced on every table but the migrations' own",
			SQL: `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
				WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname NOT LIKE 'goose%'`,
		},
	}
}
