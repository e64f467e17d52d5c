package invariants

func machines() []Invariant {
	return []Invariant{
		{
			Name: "unit.one-per-serial", Says: "a serial is one machine",
			SQL: `SELECT serial || ': ' || count(*) || ' units' FROM units GROUP BY serial HAVING count(*) > 1`,
		},
		{
			Name: "unit.sold-once", Says: "a machine is in one trade at a time that is not over",
			SQL: `SELECT u.unit_id || ' is in ' || string_agg(t.id || ' ' || t.state, ', ') FROM trade_units u JOIN trades t ON t.id = u.trade_id
				WHERE t.state NOT IN ('released', 'cancelled') GROUP BY u.unit_id HAVING count(*) > 1`,
		},
		{
			Name: "unit.custody-is-a-chain", Says: "each hand-over starts where the last one ended",
			SQL: `SELECT c.unit_id || ' hand-over ' || c.seq FROM custody c LEFT JOIN custody p ON p.unit_id = c.unit_id AND p.seq = c.seq - 1
				WHERE c.seq > 1 AND (p.seq IS NULL OR (p.to_org, p.to_carrier) IS DISTINCT FROM (c.from_org, c.from_carrier))`,
		},
		{
			Name: "unit.custodian-is-the-last-hand-over", Says: "who has a machine is who was handed it last",
			SQL: `SELECT u.serial || ': ' || coalesce(u.custodian_org::text, u.carrier) || ' at ' || u.custody_seq FROM units u
				LEFT JOIN custody c ON c.unit_id = u.id AND c.seq = u.custody_seq
				WHERE c.seq IS NULL OR (c.to_org, c.to_carrier) IS DISTINCT FROM (u.custodian_org, u.carrier)
				   OR EXISTS (SELECT FROM custody n WHERE n.unit_id = u.id AND n.seq > u.custody_seq)`,
		},
		{
			Name: "unit.one-reservation", Says: "a machine is held by at most one order, and both know it",
			SQL: `SELECT u.serial || ': order ' || coalesce(u.order_id::text, '-') || ', reservations ' || coalesce(string_agg(r.order_id::text, ', '), '-')
				FROM units u LEFT JOIN reservations r ON r.unit_id = u.id AND r.released_at IS NULL
				GROUP BY u.id HAVING count(r.id) > 1 OR max(r.order_id::text) IS DISTINCT FROM u.order_id::text`,
		},
		{
			Name: "unit.reserved-for-a-live-order", Says: "no machine stays held by an order that was refused or taken back, once its event is done",
			SQL: `SELECT u.serial || ' is ' || u.state || ' for order ' || o.id || ', ' || o.state FROM units u JOIN orders o ON o.id = u.order_id
				JOIN outbox e ON e.kind = 'order.closed' AND e.ref_id = o.id AND e.done_at IS NOT NULL
				WHERE u.state = 'listed' AND o.state IN ('rejected', 'cancelled') AND NOT EXISTS (
					SELECT FROM trade_units t JOIN trades d ON d.id = t.trade_id WHERE t.unit_id = u.id AND d.ask_order_id = o.id)`,
		},
		{
			Name: "unit.owner-after-release", Says: "when a trade is released and told, the buyer owns its machines, unless sold on",
			SQL: `SELECT u.serial || ' is owned by ' || u.owner_org || ', bought by ' || t.buyer_org FROM trades t
				JOIN trade_units x ON x.trade_id = t.id JOIN units u ON u.id = x.unit_id
				JOIN outbox e ON e.kind = 'held.released' AND e.done_at IS NOT NULL AND e.payload ->> 'trade' = t.id::text
				WHERE t.state = 'released' AND u.owner_org <> t.buyer_org
				  AND NOT EXISTS (SELECT FROM trade_units y JOIN trades z ON z.id = y.trade_id WHERE y.unit_id = u.id AND z.id > t.id)`,
		},
		{
			Name: "shipment.one-open-line", Says: "a machine is in one shipment at a time that is not over",
			SQL: `SELECT l.unit_id || ' is in ' || count(*) || ' shipments' FROM shipment_lines l JOIN shipments s ON s.id = l.shipment_id
				WHERE s.state NOT IN ('received', 'cancelled', 'returned') GROUP BY l.unit_id HAVING count(*) > 1`,
		},
		{
			Name: "shipment.scan-counts-once", Says: "one scan of a kind counts for a line, and the line says the same",
			SQL: `SELECT s.shipment_id || ' ' || s.serial || ' ' || s.kind || ': ' || count(*) || ' counted' FROM shipment_scans s
				WHERE s.outcome = 'counted' GROUP BY s.shipment_id, s.unit_id, s.serial, s.kind HAVING count(*) > 1
				UNION ALL
				SELECT l.shipment_id || ' ' || l.serial || ' is marked and was not scanned' FROM shipment_lines l
				WHERE (l.packed_at IS NOT NULL) <> EXISTS (SELECT FROM shipment_scans s WHERE s.shipment_id = l.shipment_id AND s.unit_id = l.unit_id AND s.kind = 'pack' AND s.outcome = 'counted')
				   OR (l.received_at IS NOT NULL) <> EXISTS (SELECT FROM shipment_scans s WHERE s.shipment_id = l.shipment_id AND s.unit_id = l.unit_id AND s.kind = 'receive' AND s.outcome = 'counted')`,
		},
		{
			Name: "redirect.one-open", Says: "a machine has one redirect of an organisation under way, with its command",
			SQL: `SELECT unit_id || ': ' || count(*) FROM redirects WHERE state NOT IN ('read_back_equal', 'hashing', 'failed') GROUP BY org_id, unit_id HAVING count(*) > 1
				UNION ALL
				SELECT r.id || ' is ' || r.state || ' without a command' FROM redirects r WHERE r.state NOT IN ('read_back_equal', 'hashing', 'failed')
				AND NOT EXISTS (SELECT FROM agent_commands c WHERE c.redirect_id = r.id AND c.state <> 'done')`,
		},
		{
			Name: "redirect.proven-before-said", Says: "what is called redirected was read back equal",
			SQL: `SELECT r.id || ' is ' || r.state FROM redirects r WHERE r.state IN ('read_back_equal', 'hashing')
				AND (jsonb_array_length(r.differences) > 0 OR r.read_back IS NULL OR r.slots = 0
				     OR NOT EXISTS (SELECT FROM redirect_steps s WHERE s.redirect_id = r.id AND s.state = 'read_back_equal'))`,
		},
	}
}
